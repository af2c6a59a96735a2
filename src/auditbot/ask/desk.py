"""What is on the desk while a question is answered: the store as this viewer sees it, and the words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from auditbot.ask.vocabulary import Vocabulary
from auditbot.catalogue import Audit, Catalogue, Metric
from auditbot.model import Message, Period, Question, Release, Result, Roles, Series, Service
from auditbot.say.words import Words
from auditbot.store import load
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
    roles: Mapping[str, Roles] = field(default_factory=dict)
    fictional: bool = False
    _series: dict[tuple[str, tuple[str, ...] | None], dict[str, Series]] = field(
        default_factory=dict
    )

    def series(self, metric: str, services: Collection[str] | None) -> dict[str, Series]:
        """The figures of some services on a metric, protected for this viewer; read once."""
        key = (metric, None if services is None else tuple(sorted(services)))
        if key not in self._series:
            self._series[key] = load.series(
                self.conn, self.catalogue, self.viewer, metric, services
            )
        return self._series[key]

    def metric(self, id: str) -> Metric:
        """The catalogue's entry of a metric."""
        return self.catalogue.metrics[id]

    def audit(self, metric: str) -> Audit:
        """The audit of a metric."""
        return self.catalogue.audits[self.catalogue.metrics[metric].audit]

    def service(self, id: str) -> Service:
        """A service by id; one that is unknown has its id for a name."""
        return self.vocabulary.services.get(id) or Service(id, id)

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
