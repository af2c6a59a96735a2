"""In whose company is a finding? Other services of its kind, in public figures, and who doubts it.

Both a turn and an answer set a finding beside its peers here, so that both say the same. Peers are
public, complete rows alone: what a private channel may see of itself never tells on others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import compress

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from auditbot.analyse import change, peers
from auditbot.analyse.peers import Counts, Floats, Place
from auditbot.catalogue import Catalogue, Metric
from auditbot.model import EarlyView, Finding, Peers, Period, Result, Service
from auditbot.store import load
from auditbot.store.dispute import open_disputes
from auditbot.store.load import Sight
from auditbot.viewer import Viewer

SIMILAR = 2.0  # at most so many times as many cases, or as few
ALONE = ("count", "level")  # counts grow with size, and a letter's next step is the letter above


@dataclass(frozen=True, slots=True)
class _Kind:
    """The figures of one kind in one period, and the same as arrays: peers are asked for every service."""

    results: tuple[Result, ...]  # in order of their services' ids
    place: Mapping[str, int]  # of each service among them
    size: Floats  # denominators, 0 where there is none
    numerators: Floats
    values: Floats  # as the figures have them, nan where one has none
    counted: NDArray[np.bool_]  # has a numerator and cases


@dataclass(frozen=True)
class Company:
    """The public figures that services are set beside, read once a metric and period."""

    conn: Connection
    catalogue: Catalogue
    sight: Sight
    services: Mapping[str, Service]
    refused: frozenset[tuple[int, str]]  # (release, service) with refused rows
    disputed: frozenset[tuple[str, str]]  # (service, metric) that the service says looks wrong
    _held: dict[tuple[str, Period], dict[str, Result]] = field(default_factory=dict)
    _kinds: dict[tuple[str, Period, str, bool], _Kind] = field(default_factory=dict)

    def figures(self, metric: str, period: Period) -> dict[str, Result]:
        """Every public figure of one period on a metric, by service."""
        key = metric, period
        if key not in self._held:
            found = load.at(self.conn, self.catalogue, self.sight, metric, period)
            self._held[key] = {
                s: r
                for s, r in found.items()
                if r.state == "ok" and (r.release, s) not in self.refused
            }
        return self._held[key]

    def of_kind(self, metric: Metric, service: Service, period: Period) -> tuple[Result, ...]:
        """The figures of a service's kind in a period, its own too, in order of their ids.

        Of one kind: in the same group of the publisher, and alike in having a figure on the
        measure that the catalogue names as telling kinds apart.
        """
        return self._kind(metric, service, period).results

    def others(self, metric: Metric, service: Service, own: Result) -> "_Others":
        """The figures of other services of the same kind, and whether they are of similar size too.

        Those of similar size where at least eight are, else all of the kind.
        """
        kind = self._kind(metric, service, own.period)
        size = own.denominator or 0.0
        others = np.ones(len(kind.results), bool)
        if (place := kind.place.get(service.id)) is not None:
            others[place] = False
        similar = others & (kind.size >= size / SIMILAR) & (kind.size <= size * SIMILAR)
        similar &= kind.size != 0
        alike = int(np.count_nonzero(similar)) >= peers.FEWEST_PEERS
        return _Others(kind, similar if alike else others, alike)

    def _kind(self, metric: Metric, service: Service, period: Period) -> _Kind:
        apart = self.figures(metric.kind_of, period) if metric.kind_of else {}
        own = service.id in apart
        key = metric.id, period, service.peer_group, own
        if key not in self._kinds:
            self._kinds[key] = _kind(
                tuple(
                    r
                    for s, r in sorted(self.figures(metric.id, period).items())
                    if s in self.services
                    and self.services[s].peer_group == service.peer_group
                    and (s in apart) == own
                )
            )
        return self._kinds[key]


@dataclass(frozen=True, slots=True)
class _Others:
    """Those of a kind that one service is set beside."""

    kind: _Kind
    chosen: NDArray[np.bool_]
    alike: bool  # of similar size

    def __len__(self) -> int:
        return int(np.count_nonzero(self.chosen))

    def __iter__(self) -> Iterator[Result]:
        return compress(self.kind.results, self.chosen)


def _kind(results: tuple[Result, ...]) -> _Kind:
    found = [counts(r) for r in results]
    return _Kind(
        results,
        {r.service: i for i, r in enumerate(results)},
        np.array([r.denominator or 0.0 for r in results], float),
        np.array([c[0] if c else 0.0 for c in found], float),
        np.array([r.value for r in results], float),
        np.array([c is not None for c in found], bool),
    )


def company(
    conn: Connection,
    catalogue: Catalogue,
    now: datetime,
    private_services: frozenset[str],
    services: Mapping[str, Service] | None = None,
) -> Company:
    """The public figures as of an instant; `services` by id, where they are known already."""
    sight = load.sight(conn, Viewer("guest", now, private_services=private_services))
    refused = frozenset(load.refused_services(conn))
    known = load.services(conn, sight) if services is None else services
    disputed = frozenset(open_disputes(conn, now))
    return Company(conn, catalogue, sight, known, refused, disputed)


def in_company(company: Company, found: Finding) -> Finding:
    """The finding as others see it: beside its peers, where there are eight or more, and disputed.

    One that is early gets its early view here, for it rests on how much its peers change.
    """
    metric = company.catalogue.metrics[found.metric]
    if (found.service.id, found.metric) in company.disputed:
        found = replace(found, cautions=("disputed", *found.cautions))
    if found.latest.state != "ok" or metric.kind in ALONE or metric.direction == "neutral":
        return found
    others = company.others(metric, found.service, found.latest)
    early = None
    if found.verdict.strength == "too_early" and found.comparable is not None:
        early = _early(company, metric, found.comparable, found.latest, others)
    return replace(found, peers=_steps(metric, found.latest, others), early=early)


def place(company: Company, found: Finding) -> Place | None:
    """The service's own place among its peers with its interval; None for fewer than 8 others."""
    metric = company.catalogue.metrics[found.metric]
    if found.latest.state != "ok" or metric.kind != "proportion" or metric.direction == "neutral":
        return None
    others = company.others(metric, found.service, found.latest)
    counted = [c for r in (*others, found.latest) if (c := counts(r))]
    if len(counted) <= max(len(others), peers.FEWEST_PEERS):
        return None
    numerators, denominators = zip(*counted, strict=True)
    placed = peers.places(numerators, denominators, _better(metric))
    return placed[-1] if placed else None


def _steps(metric: Metric, own: Result, others: _Others) -> Peers | None:
    if len(others) < peers.FEWEST_PEERS:
        return None
    kind, chosen = others.kind, others.chosen
    if metric.kind == "proportion" and counts(own) and kind.counted[chosen].all():
        found = peers.benchmark(kind.numerators[chosen], kind.size[chosen], _better(metric))
        assert found is not None
        return Peers(found.peers, others.alike, found.typical, found.top_quarter, found.achievable)
    values = kind.values[chosen]
    values = values[~np.isnan(values)]
    steps = peers.steps(values, _better(metric))
    return Peers(len(values), others.alike, *steps, None) if steps else None


def _early(
    company: Company, metric: Metric, before: Result, after: Result, others: _Others
) -> EarlyView | None:
    """The latest result and the comparable one, by the spread of such changes among peers."""
    then = company.figures(metric.id, before.period)
    pairs = [
        (a, b)
        for r in others
        if r.service in then and (a := counts(then[r.service])) and (b := counts(r))
    ]
    phi = peers.spread_of_changes([a for a, _ in pairs], [b for _, b in pairs])
    made = change.two_proportions(before, after, phi) if phi is not None else None
    if made is None or made.answer != "more_than_usual":
        return made
    better = (made.difference > 0) == (metric.direction == "higher")
    return replace(made, direction="improvement" if better else "concern")


def counts(r: Result) -> Counts | None:
    """Numerator and denominator of a result that has both."""
    if r.numerator is None or not r.denominator:
        return None
    return r.numerator, r.denominator


def _better(metric: Metric) -> peers.Better:
    return "lower" if metric.direction == "lower" else "higher"
