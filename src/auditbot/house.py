"""What does the house stand on? Everything a turn or an answer needs, and the findings of a channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from auditbot.analyse.findings import find
from auditbot.catalogue import Catalogue
from auditbot.company import Company, company, in_company
from auditbot.layout import Layout
from auditbot.model import Binding, Finding, Roles
from auditbot.say.words import Words
from auditbot.store import load
from auditbot.viewer import Viewer


@dataclass(frozen=True)
class House:
    """Everything a turn needs, put together once by the door."""

    engine: Engine
    catalogue: Catalogue
    layouts: Mapping[str, Layout]
    words: Words
    zone: ZoneInfo
    profile: str = "ptd"
    bindings: tuple[Binding, ...] = ()
    roles: Mapping[str, Roles] = field(default_factory=dict)  # by service id
    prerelease: Mapping[str, frozenset[str]] = field(default_factory=dict)  # source -> user ids
    exact_own: bool = False
    fictional: bool = False  # a demonstration: every message says that its figures are made up


@dataclass(frozen=True, slots=True)
class Held:
    """A channel that hears nothing this time, and why."""

    channel: str
    service: str
    why: str


def viewer_of(house: House, binding: Binding, now: datetime) -> Viewer:
    """A channel as the store sees it."""
    return Viewer(
        audience=binding.audience,
        now=now,
        services=frozenset(binding.services),
        private_services=frozenset(s for s, r in house.roles.items() if r.private),
        exact_own=house.exact_own,
    )


def company_of(conn: Connection, house: House, now: datetime) -> Company:
    """The public figures that the house sets its findings beside, as of an instant."""
    private = frozenset(s for s, r in house.roles.items() if r.private)
    return company(conn, house.catalogue, now, private)


def findings_for(
    conn: Connection, house: House, binding: Binding, viewer: Viewer, peers: Company
) -> tuple[list[Finding], list[Held]]:
    """What the figures of a channel's services say, each beside its peers, and whose must wait.

    A service with refused rows in its newest file gets no digest from it.
    """
    sight = load.sight(conn, viewer)
    services = load.services(conn, sight, binding.services)
    refused = peers.refused
    findings: list[Finding] = []
    held: list[Held] = []
    wanted = {s for s in binding.services if s in services}
    held += [
        Held(
            binding.channel,
            s,
            "it is private, and this channel is not one of its own private channels"
            if s in viewer.private_services
            else "no results that this channel may see are loaded for this service",
        )
        for s in binding.services
        if s not in services
    ]
    audits = binding.audits or tuple(house.catalogue.audits)
    asked = [m.id for a in audits for m in house.catalogue.by_audit.get(a, ())]
    figures = load.series_of(conn, house.catalogue, sight, asked, wanted)
    for audit in audits:
        metrics = house.catalogue.by_audit.get(audit, ())
        series = {m.id: figures.get(m.id, {}) for m in metrics}
        for service in sorted(wanted):
            own = {
                m: by_service[service] for m, by_service in series.items() if service in by_service
            }
            for metric in metrics:
                if metric.id not in own or not metric.verified:
                    continue
                found = find(
                    services[service],
                    metric,
                    own[metric.id],
                    profile=house.profile,
                    companions=own,
                    breaks=house.catalogue.breaks_of(audit, service),
                    adjustment=house.catalogue.adjustment_of(metric),
                )
                if found is None:
                    continue
                if (found.latest.release, service) in refused:
                    held.append(
                        Held(
                            binding.channel,
                            service,
                            f"some rows of its newest file were refused ({metric.id})",
                        )
                    )
                    continue
                findings.append(in_company(peers, found))
    return findings, list(dict.fromkeys(held))
