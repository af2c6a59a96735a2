"""What is on the desk while a question is answered: the store as this viewer sees it, and the words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from auditbot.ask.vocabulary import Vocabulary
from auditbot.catalogue import Audit, Catalogue, Metric
from auditbot.company import Company, company
from auditbot.model import Message, Period, Question, Release, Result, Roles, Series, Service
from auditbot.say.words import Words
from auditbot.store import load
from auditbot.store.load import Sight
from auditbot.viewer import Viewer


@dataclass(frozen=True)
class Desk:
    """Everything an answer may be made from."""

    conn: Connection
    catalogue: Catalogue
    words: Words
    viewer: Viewer
    vocabulary: Vocabulary
    releases: Mapping[int, Release]
    today: date
    profile: str = "ptd"
    bound: tuple[str, ...] = ()
    audits: tuple[str, ...] = ()  # those the channel keeps to; empty: all
    roles: Mapping[str, Roles] = field(default_factory=dict)
    fictional: bool = False
    _series: dict[tuple[str, tuple[str, ...] | None], dict[str, Series]] = field(
        default_factory=dict
    )

    @cached_property
    def company(self) -> Company:
        """The public figures that services are set beside."""
        return company(
            self.conn,
            self.catalogue,
            self.viewer.now,
            self.viewer.private_services,
            self.vocabulary.services,
        )

    @cached_property
    def sight(self) -> Sight:
        """What this viewer may know of, read once for all that is asked."""
        return load.sight(self.conn, self.viewer)

    def series(self, metric: str, services: Collection[str] | None) -> dict[str, Series]:
        """The figures of some services on a metric, protected for this viewer; read once."""
        return self.series_of([metric], services)[metric]

    def series_of(
        self, metrics: Collection[str], services: Collection[str] | None
    ) -> dict[str, dict[str, Series]]:
        """The same for many metrics, in one statement for those not read yet."""
        whose = None if services is None else tuple(sorted(services))
        new = [m for m in metrics if (m, whose) not in self._series]
        if new:
            found = load.series_of(self.conn, self.catalogue, self.sight, new, services)
            self._series.update({(m, whose): found.get(m, {}) for m in new})
        return {m: self._series[m, whose] for m in metrics}

    def metric(self, id: str) -> Metric:
        """The catalogue's entry of a metric."""
        return self.catalogue.metrics[id]

    def audit(self, metric: str) -> Audit:
        """The audit of a metric."""
        return self.catalogue.audits[self.catalogue.metrics[metric].audit]

    def service(self, id: str) -> Service:
        """A service by id; one that is unknown has its id for a name."""
        return self.vocabulary.services.get(id) or Service(id, id)

    def audits_of(self, services: Collection[str]) -> list[str]:
        """The audits these services have results in, of those the channel keeps to."""
        held = {a for s in services for a in self.vocabulary.audits(s)}
        return [a for a in self.catalogue.audits if a in held and self.keeps_to(a)]

    def audits_here(self) -> list[str]:
        """The audits of the channel's services, else of all that is loaded."""
        loaded = {r.audit for r in self.releases.values()}
        return self.audits_of(self.bound) or [
            a for a in self.catalogue.audits if a in loaded and self.keeps_to(a)
        ]

    def keeps_to(self, audit: str) -> bool:
        """Is it one of the channel's audits? Only asked where the question names none."""
        return not self.audits or audit in self.audits

    def say(self, template: str, block: str, facts: Mapping[str, Any]) -> str:
        """One block in words."""
        return self.words.render(template, block, facts)


@dataclass(frozen=True)
class Part:
    """The answer to one question: its message and the fields of `auditbot ask --json`."""

    message: Message
    question: Question
    state: str = "answered"
    kind: str = ""
    result: Result | None = None  # the figure told
    period: Period | None = None
    comparator: str | None = None
    options: tuple[tuple[str, Question], ...] = ()
    services: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()  # releases
    asked: Period | None = None  # the time asked for, where the figure told is of another
