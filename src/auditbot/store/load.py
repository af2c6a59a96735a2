"""Which figures may this viewer see? The only SELECTs of results; there is no default viewer.

Releases and services that a viewer may not see do not exist for it: neither their figures nor the
names and periods that only they mention. Cells are protected as they leave.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Row, Table, bindparam, func, select

from auditbot.catalogue import Catalogue
from auditbot.model import Period, Release, Result, Series, Service, State
from auditbot.store import tables
from auditbot.viewer import Viewer, protect, sees_release, sees_service

FETCHED = 10_000  # rows at a time

_STATE_OF: Mapping[int, State] = {code: name for name, code in tables.STATES.items()}  # type: ignore[misc]
_FIGURES = tuple(
    tables.result.c[name]
    for name in ("state", "numerator", "denominator", "value", "level", "completeness")
)
_new = object.__new__
# One setter for each field of a Result: see `_figure`.
_SETTERS: tuple[Any, ...] = tuple(vars(Result)[f.name].__set__ for f in fields(Result))
_set_service, _set_metric, _set_period, _set_state, _set_value, *_rest = _SETTERS
_set_level, _set_numerator, _set_denominator, _set_completeness, _set_release = _rest


@dataclass(frozen=True)
class Sight:
    """A viewer with what it may know of, read once for many questions in one connection.

    Wherever figures are asked for, it stands for its viewer, and never for another. It holds while
    its connection reads: of what is loaded later it sees nothing.
    """

    viewer: Viewer
    order: Mapping[int, int]  # the visible releases, and where each stands: the highest wins
    names: Mapping[int, str]  # key -> id of the visible services
    periods: Mapping[int, Period]  # by key, in time order


def sight(conn: Connection, viewer: Viewer) -> Sight:
    """What a viewer may know of now."""
    return Sight(viewer, _order(conn, viewer), _service_names(conn, viewer), _periods(conn, viewer))


def rank(published: date | None, received_at: datetime, release: int) -> tuple[date, int]:
    """What decides between two figures of one cell: the greater wins.

    A file that bears no date counts as published on the day it was received.
    """
    return (published or received_at.date(), release)


def releases(conn: Connection, viewer: Viewer) -> dict[int, Release]:
    """The releases that this viewer may know of, by id."""
    return {
        row.id: Release(
            id=row.id,
            source=row.source,
            audit=row.audit,
            name=row.name,
            sha256=row.sha256,
            received=row.received_at,
            publication=row.publication,
            publish_at=row.publish_at,
            published=row.published,
            complete=row.state == "complete",
        )
        for row in _visible(conn, viewer)
    }


def services(
    conn: Connection, viewer: Viewer | Sight, wanted: Collection[str] | None = None
) -> dict[str, Service]:
    """The services that this viewer may know of, by id, unreviewed ones too; `wanted` narrows it.

    Names are those of visible releases, the name of the newest period first; of two names in one
    period that of the later release. Trust, region and peer group are the newest that a release
    states.
    """
    order = _order(conn, viewer)
    if not order:
        return {}
    g, s, p = tables.sighting, tables.service, tables.period
    described = (g.c.name, g.c.parent, g.c.region, g.c.peer_group)
    query = (
        select(s.c.id, s.c.reviewed, *described, func.max(p.c.end).label("last"))
        .join_from(g, s, s.c.key == g.c.service)
        .join(p, p.c.key == g.c.period)
        .where(g.c.release.in_(_literal("releases", order)))
        .group_by(s.c.id, s.c.reviewed, *described)
    )
    if wanted is not None:
        keys = _service_names(conn, viewer, wanted)
        query = query.where(g.c.service.in_(_literal("services", keys)))
    by_service: dict[str, list[Any]] = {}
    looking = _viewer(viewer)
    for row in conn.execute(query):
        if sees_service(looking, row.id):
            by_service.setdefault(row.id, []).append(row)
    doubtful = {i for i, rows in by_service.items() if len({r.last for r in rows}) < len(rows)}
    later = _latest_naming(conn, order, doubtful) if doubtful else {}
    return {
        i: _service(
            sorted(rows, key=lambda r: (r.last, later.get(r[0:1] + r[2:7], -1)), reverse=True)
        )
        for i, rows in by_service.items()
    }


def series(
    conn: Connection,
    catalogue: Catalogue,
    viewer: Viewer | Sight,
    metric: str,
    services: Collection[str] | None = None,
) -> dict[str, Series]:
    """The figures on one metric, by service: one result a period, in time order, protected.

    Of several revisions of a figure, the newest that this viewer may see; what it took the place of
    is in `replaced`. One that shows no difference (a 3 that became a 4 stays hidden) is none, and the
    earlier release stands. `services` narrows it to those ids. Empty for a metric that is not in the
    catalogue: nobody could say how to protect it.
    """
    return series_of(conn, catalogue, viewer, (metric,), services).get(metric, {})


def series_of(
    conn: Connection,
    catalogue: Catalogue,
    viewer: Viewer | Sight,
    metrics: Collection[str],
    services: Collection[str] | None = None,
) -> dict[str, dict[str, Series]]:
    """The same for many metrics in one statement: by metric, then by service.

    A metric with no figure that this viewer may see is left out.
    """
    return _read(conn, catalogue, viewer, metrics, services, None)


def at(
    conn: Connection, catalogue: Catalogue, viewer: Viewer | Sight, metric: str, period: Period
) -> dict[str, Result]:
    """The figures of one period on a metric, by service: protected, newest revision, states too."""
    if isinstance(viewer, Viewer):
        viewer = sight(conn, viewer)
    key = next((k for k, p in viewer.periods.items() if p == period), None)
    if key is None:
        return {}
    found = _read(conn, catalogue, viewer, (metric,), None, key).get(metric, {})
    return {service: s.results[0] for service, s in found.items()}


def _read(
    conn: Connection,
    catalogue: Catalogue,
    viewer: Viewer | Sight,
    metrics: Collection[str],
    services: Collection[str] | None,
    of_period: int | None,
) -> dict[str, dict[str, Series]]:
    """`of_period` narrows it to the period of this key."""
    keys = _metric_keys(conn, (m for m in metrics if m in catalogue.metrics))
    names = _service_names(conn, viewer, services)
    if not keys or not names:
        return {}
    order, looking = _order(conn, viewer), _viewer(viewer)
    periods = _periods(conn, viewer)
    place = {key: i for i, key in enumerate(periods)}
    r = tables.result
    query = select(r.c.metric, r.c.service, r.c.period, r.c.release, *_FIGURES).where(
        r.c.metric.in_(_literal("metrics", keys))
    )
    if services is not None:
        query = query.where(r.c.service.in_(_literal("services", names)))
    if of_period is not None:
        query = query.where(r.c.period == of_period)
    held: dict[tuple[int, int], dict[int, Any]] = {}
    further: dict[tuple[int, int, int], list[Any]] = {}  # revisions beside the one in `held`
    of = service = None
    for row in chain.from_iterable(conn.execute(query).partitions(FETCHED)):
        if row[3] not in order or row[1] not in names:
            continue
        if row[0] != of or row[1] != service:  # rows of one series mostly come together
            of, service = row[0], row[1]
            cells = held.setdefault((of, service), {})
        if cells.setdefault(row[2], row) is not row:
            further.setdefault((row[0], row[1], row[2]), []).append(row)
    found: dict[str, dict[str, Series]] = {}
    for (of, service), cells in held.items():
        metric, name = catalogue.metrics[keys[of]], names[service]
        as_is = metric.disclosure == "as_published"
        results: list[Result] = []
        replaced: list[Result] = []
        for period in sorted(cells, key=place.__getitem__):
            when, row = periods[period], cells[period]
            others = further.get((of, service, period)) if further else None
            if others is None:
                made = _figure(name, metric.id, when, row)
                results.append(made if as_is else protect(made, metric, looking))
                continue
            revisions = sorted((row, *others), key=lambda r: order[r[3]], reverse=True)
            shown = [protect(_figure(name, metric.id, when, r), metric, looking) for r in revisions]
            told, before = _told(shown)
            results.append(told)
            replaced += before
        found.setdefault(metric.id, {})[name] = Series(
            name, metric.id, tuple(results), tuple(replaced)
        )
    return found


def _told(revisions: Sequence[Result]) -> tuple[Result, Sequence[Result]]:
    """The newest of these (the first), under the release that first showed it as it is now, and
    what it took the place of: one result, or none where nothing else was ever shown.
    """
    told = revisions[0]
    for i, older in enumerate(revisions[1:], 1):
        if replace(older, release=told.release) != told:
            return told, revisions[i : i + 1]
        told = older
    return told, ()


def metrics_of(conn: Connection, viewer: Viewer | Sight, service: str) -> list[str]:
    """Ids of the metrics on which this viewer may see any result of a service, in order."""
    key = _key_of(conn, tables.service, service)
    if key is None or not sees_service(_viewer(viewer), service):
        return []
    m, r = tables.metric, tables.result
    held = (
        select(r.c.release)
        .where(
            r.c.metric == m.c.key,
            r.c.service == key,
            r.c.release.in_(_literal("releases", _order(conn, viewer))),
        )
        .exists()
    )
    return list(conn.scalars(select(m.c.id).where(held).order_by(m.c.id)))


def periods_of(conn: Connection, viewer: Viewer | Sight, metric: str) -> list[Period]:
    """The periods in which this viewer may see any result on a metric, in time order."""
    key = _key_of(conn, tables.metric, metric)
    if key is None:
        return []
    r = tables.result
    found = conn.scalars(
        select(r.c.period)
        .where(
            r.c.metric == key,
            r.c.service.in_(_literal("services", _service_names(conn, viewer))),
            r.c.release.in_(_literal("releases", _order(conn, viewer))),
        )
        .distinct()
    ).all()
    periods = _periods(conn, viewer)
    return sorted(periods[p] for p in found)


def refused_services(conn: Connection) -> set[tuple[int, str]]:
    """(release, service id) wherever cells of a service were refused.

    For holding digests and praise back; it names services whatever a viewer may see, so nothing of
    it is shown.
    """
    r = tables.refusal
    return {
        (release, service)
        for release, service in conn.execute(
            select(r.c.release, r.c.service).where(r.c.service.is_not(None)).distinct()
        )
    }


def latest_release_id(conn: Connection) -> int:
    """The id of the newest release, 0 when there is none: has anything come since?"""
    t = tables.release
    return conn.scalar(select(func.max(t.c.id)).where(t.c.state.in_(tables.LOADED))) or 0


def _visible(conn: Connection, viewer: Viewer, *columns: Column[Any]) -> list[Row[Any]]:
    t = tables.release
    wanted = columns or tuple(t.c)
    rows = conn.execute(select(*wanted).where(t.c.state.in_(tables.LOADED)).order_by(t.c.id))
    return [r for r in rows if sees_release(viewer, r.source, r.publication, r.publish_at)]


def _viewer(viewer: Viewer | Sight) -> Viewer:
    return viewer.viewer if isinstance(viewer, Sight) else viewer


def _order(conn: Connection, viewer: Viewer | Sight) -> Mapping[int, int]:
    """The visible releases, and where each stands: the figure of the highest wins."""
    if isinstance(viewer, Sight):
        return viewer.order
    c = tables.release.c
    rows = _visible(
        conn, viewer, c.id, c.source, c.publication, c.publish_at, c.published, c.received_at
    )
    ranks = sorted(rank(r.published, r.received_at, r.id) for r in rows)
    return {release: i for i, (_, release) in enumerate(ranks)}


def _service_names(
    conn: Connection, viewer: Viewer | Sight, wanted: Collection[str] | None = None
) -> Mapping[int, str]:
    """Key -> id of the services that this viewer may see."""
    if isinstance(viewer, Sight):
        seen = viewer.names
    else:
        s = tables.service
        rows = conn.execute(select(s.c.key, s.c.id))
        seen = {key: id for key, id in rows if sees_service(viewer, id)}
    if wanted is None:
        return seen
    among = frozenset(wanted)
    return {key: id for key, id in seen.items() if id in among}


def _periods(conn: Connection, viewer: Viewer | Sight) -> Mapping[int, Period]:
    """Every period by its key, in time order."""
    if isinstance(viewer, Sight):
        return viewer.periods
    p = tables.period
    rows = conn.execute(select(p.c.key, p.c.start, p.c.end).order_by(p.c.start, p.c.end))
    return {key: _period(start, end) for key, start, end in rows}


@lru_cache(maxsize=4096)  # one object for each, so that equal series of periods are soon told equal
def _period(start: date, end: date) -> Period:
    return Period(start, end)


def _latest_naming(
    conn: Connection, order: Mapping[int, int], doubtful: Collection[str]
) -> dict[Any, int]:
    """(id, name, parent, region, peer group, last day) -> the latest release that says so."""
    g, s, p = tables.sighting, tables.service, tables.period
    rows = conn.execute(
        select(s.c.id, g.c.name, g.c.parent, g.c.region, g.c.peer_group, p.c.end, g.c.release)
        .join_from(g, s, s.c.key == g.c.service)
        .join(p, p.c.key == g.c.period)
        .where(
            g.c.release.in_(_literal("releases", order)),
            s.c.id.in_(bindparam("ids", sorted(doubtful), expanding=True)),
        )
    )
    latest: dict[Any, int] = {}
    for row in rows:
        said = tuple(row[:6])
        latest[said] = max(latest.get(said, -1), order[row.release])
    return latest


def _service(rows: list[Row[Any]]) -> Service:
    """One service from what was said of it, newest first."""

    def said(field: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(v for r in rows if (v := getattr(r, field))))

    names, parents = said("name"), said("parent")
    return Service(
        id=rows[0].id,
        name=names[0] if names else rows[0].id,
        names=names,
        parent=parents[0] if parents else "",
        parents=parents,
        region=next(iter(said("region")), ""),
        peer_group=next(iter(said("peer_group")), ""),
        reviewed=rows[0].reviewed,
    )


def _figure(service: str, metric: str, period: Period, row: Any) -> Result:
    """A result as it is stored, not yet protected; `row` as `series_of` reads it.

    These are made by the million, so their fields are set straight: a frozen class's own way takes
    twice as long.
    """
    _, _, _, release, state, numerator, denominator, value, level, completeness = row
    made = _new(Result)
    _set_service(made, service)
    _set_metric(made, metric)
    _set_period(made, period)
    _set_state(made, _STATE_OF[state])
    _set_value(made, value)
    _set_level(made, level)
    _set_numerator(made, numerator)
    _set_denominator(made, denominator)
    _set_completeness(made, completeness)
    _set_release(made, release)
    return made


def _metric_keys(conn: Connection, ids: Iterable[str]) -> dict[int, str]:
    """Key -> id of the metrics of which anything was ever stored."""
    m = tables.metric
    wanted = frozenset(ids)
    if len(wanted) == 1:
        [id] = wanted
        key = _key_of(conn, m, id)
        return {} if key is None else {key: id}
    return {k: i for k, i in conn.execute(select(m.c.key, m.c.id)) if i in wanted}


def _key_of(conn: Connection, table: Table, id: str) -> int | None:
    """The key of one metric or service; None when nothing was ever stored under this id."""
    return conn.scalar(select(table.c.key).where(table.c.id == id))


def _literal(name: str, keys: Iterable[int]) -> BindParameter[Any]:
    """Keys for an IN, written into the statement: a database takes only so many parameters."""
    return bindparam(name, sorted(keys), expanding=True, literal_execute=True)
