"""Which figures may this viewer see? The only SELECTs of results; there is no default viewer.

Releases and services that a viewer may not see do not exist for it: neither their figures nor the
names and periods that only they mention. Cells are protected as they leave.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Row, Select, bindparam, func, select

from auditbot.catalogue import Catalogue
from auditbot.model import Period, Release, Result, Series, Service, State
from auditbot.store import tables
from auditbot.store.cells import key_of
from auditbot.store.revision import rank
from auditbot.viewer import Viewer, protect, sees_release, sees_service

_STATE_OF: Mapping[int, State] = {code: name for name, code in tables.STATES.items()}  # type: ignore[misc]


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


def services(conn: Connection, viewer: Viewer) -> dict[str, Service]:
    """The services that this viewer may know of, by id, unreviewed ones too.

    Names are those of visible releases, the name of the newest period first; of two names in one
    period that of the later release. Trust, region and peer group are the newest that a release
    states.
    """
    order = _order(conn, viewer)
    if not order:
        return {}
    g, s, p = tables.sighting, tables.service, tables.period
    described = (g.c.name, g.c.parent, g.c.region, g.c.peer_group)
    found = conn.execute(
        select(s.c.id, s.c.reviewed, *described, func.max(p.c.end).label("last"))
        .join_from(g, s, s.c.key == g.c.service)
        .join(p, p.c.key == g.c.period)
        .where(g.c.release.in_(_literal("releases", order)))
        .group_by(s.c.id, s.c.reviewed, *described)
    ).all()
    by_service: dict[str, list[Any]] = {}
    for row in found:
        if sees_service(viewer, row.id):
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
    viewer: Viewer,
    metric: str,
    services: Collection[str] | None = None,
) -> dict[str, Series]:
    """The figures on one metric, by service: one result a period, in time order, protected.

    Of several revisions of a figure, the newest that this viewer may see; one that shows no
    difference (a 3 that became a 4 stays hidden) is none, and the earlier release stands. `services`
    narrows it to those ids. Empty for a metric that is not in the catalogue: nobody could say how to protect it.
    """
    entry = catalogue.metrics.get(metric)
    key = key_of(conn, tables.metric, metric)
    if entry is None or key is None:
        return {}
    names = _service_names(conn, viewer, services)
    order = _order(conn, viewer)
    periods, place = _periods(conn)
    r = tables.result
    query: Select[Any] = select(
        r.c.service,
        r.c.period,
        r.c.release,
        r.c.state,
        r.c.numerator,
        r.c.denominator,
        r.c.value,
        r.c.level,
        r.c.completeness,
    ).where(r.c.metric == key)
    if services is not None:
        query = query.where(r.c.service.in_(_literal("services", names)))
    as_is = entry.disclosure == "as_published"
    held: dict[tuple[int, int], list[tuple[int, Any]]] = {}
    for row in conn.execute(query):
        standing = order.get(row[2])
        if standing is None or row[0] not in names:
            continue
        revisions = held.setdefault((row[0], row[1]), [])
        if revisions and as_is:  # shown as it is: the newest is all there is to say
            revisions[0] = max(revisions[0], (standing, row), key=itemgetter(0))
        else:
            revisions.append((standing, row))
    by_service: dict[int, list[Result]] = {}
    for service, period in sorted(held, key=lambda cell: place[cell[1]]):
        figures = []
        for _, row in sorted(held[service, period], key=itemgetter(0), reverse=True):
            _, _, release, state, numerator, denominator, value, level, completeness = row
            figure = Result(
                names[service],
                metric,
                periods[period],
                _STATE_OF[state],
                value,
                level,
                numerator,
                denominator,
                completeness,
                release,
            )
            figures.append(figure if as_is else protect(figure, entry, viewer))
        by_service.setdefault(service, []).append(_first_told(figures))
    return {names[s]: Series(names[s], metric, tuple(rs)) for s, rs in by_service.items()}


def metrics_of(conn: Connection, viewer: Viewer, service: str) -> list[str]:
    """Ids of the metrics on which this viewer may see any result of a service, in order."""
    key = key_of(conn, tables.service, service)
    if key is None or not sees_service(viewer, service):
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


def periods_of(conn: Connection, viewer: Viewer, metric: str) -> list[Period]:
    """The periods in which this viewer may see any result on a metric, in time order."""
    key = key_of(conn, tables.metric, metric)
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
    periods, _ = _periods(conn)
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


def _order(conn: Connection, viewer: Viewer) -> dict[int, int]:
    """The visible releases, and where each stands: the figure of the highest wins."""
    c = tables.release.c
    rows = _visible(
        conn, viewer, c.id, c.source, c.publication, c.publish_at, c.published, c.received_at
    )
    ranks = sorted(rank(r.published, r.received_at, r.id) for r in rows)
    return {release: i for i, (_, release) in enumerate(ranks)}


def _first_told(revisions: Sequence[Result]) -> Result:
    """The newest of these (the first), under the release that first showed it as it is now."""
    told = revisions[0]
    for older in revisions[1:]:
        if replace(older, release=told.release) != told:
            break
        told = older
    return told


def _service_names(
    conn: Connection, viewer: Viewer, wanted: Collection[str] | None = None
) -> dict[int, str]:
    """Key -> id of the services that this viewer may see."""
    s = tables.service
    among = None if wanted is None else frozenset(wanted)
    return {
        key: id
        for key, id in conn.execute(select(s.c.key, s.c.id))
        if (among is None or id in among) and sees_service(viewer, id)
    }


def _periods(conn: Connection) -> tuple[dict[int, Period], dict[int, int]]:
    """Key -> period, and key -> place in time."""
    p = tables.period
    rows = conn.execute(select(p.c.key, p.c.start, p.c.end).order_by(p.c.start, p.c.end)).all()
    return {k: Period(s, e) for k, s, e in rows}, {r.key: i for i, r in enumerate(rows)}


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


def _literal(name: str, keys: Iterable[int]) -> BindParameter[Any]:
    """Keys for an IN, written into the statement: a database takes only so many parameters."""
    return bindparam(name, sorted(keys), expanding=True, literal_execute=True)
