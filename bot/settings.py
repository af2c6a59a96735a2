"""What is this bot to do, and where? Reads `auditbot.toml` and the environment, once.

The file holds what a team reviews: channels, roles, sources. Secrets come from the environment
alone. Every fault is a sentence with its key, and all are told at once.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from auditbot.model import Publication

FEW_CONSULTANTS = 2  # a service of so many is private unless the file says `private = false`
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SettingsFault(Exception):
    """The configuration cannot be used; `faults` holds one sentence for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone; write one such as Europe/London") from None
    return name


def _weekdays(text: str) -> str:
    days_of(text)
    return text


def days_of(text: str) -> frozenset[int]:
    """Weekday numbers, Monday 0, of a text such as mon-fri or tue,thu. Raises ValueError."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in WEEK or (last and last not in WEEK):
            raise ValueError("names no days; write mon-fri, or days such as tue,thu")
        a, b = WEEK.index(first), WEEK.index(last or first)
        if b < a:
            raise ValueError("runs backwards; write the earlier day first, such as mon-fri")
        found |= set(range(a, b + 1))
    return frozenset(found)


class Table(BaseModel):
    """A table of the file: unknown keys are refused, so that a typing slip is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


SlackId = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,}$")]


class ChannelTable(Table):
    """A channel and what it is for."""

    id: SlackId
    services: Annotated[tuple[str, ...], Field(min_length=1)]
    audits: tuple[str, ...] = ()
    audience: Literal["open", "private"] = "open"
    hour: Annotated[int, Field(ge=7, le=18)] = 9
    days: Annotated[str, AfterValidator(_weekdays)] = "mon-fri"
    every_release: bool = False
    discreet: bool = False


class ServiceTable(Table):
    """The people behind a service."""

    id: str
    private: bool | None = None  # unset: as `consultants` says
    consultants: Annotated[int, Field(ge=1, strict=True)] | None = None
    lead: tuple[SlackId, ...] = ()
    deputy: tuple[SlackId, ...] = ()
    audit_team: tuple[SlackId, ...] = ()
    champion: SlackId | Literal[""] = ""

    @property
    def kept_private(self) -> bool:
        """Never outside its own private channels? Figures of one or two people are about them."""
        if self.private is not None:
            return self.private
        return self.consultants is not None and self.consultants <= FEW_CONSULTANTS


class SourceTable(Table):
    """Where new results come from: a folder, or a database with a query."""

    id: str
    path: str = ""
    url: str = ""
    query: str = ""
    publication: Publication = "public"


class PrereleaseTable(Table):
    """Who may see a source's results, in private, before publication."""

    source: str
    users: tuple[SlackId, ...]


class DisclosureTable(Table):
    """Who approved exact own figures in private channels, and when."""

    own_team: str = ""


class Settings(Table):
    """The whole file."""

    timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/London"
    profile: Literal["ptd", "mdc"] = "ptd"
    tick_seconds: Annotated[float, Field(gt=0, le=3600)] = 30
    lease_seconds: Annotated[float, Field(ge=5, le=3600)] = 60
    pace_seconds: Annotated[float, Field(ge=0.05, le=60)] = 1.1
    channel: tuple[ChannelTable, ...] = ()
    service: tuple[ServiceTable, ...] = ()
    source: tuple[SourceTable, ...] = ()
    prerelease: tuple[PrereleaseTable, ...] = ()
    disclosure: DisclosureTable = DisclosureTable()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which hours and dates are meant."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the environment says: where the database is and how to reach Slack."""

    database_url: str
    bot_token: str = ""
    app_token: str = ""
    api_url: str = ""  # "" is Slack's own
    incoming: Path | None = None
    workspace: Path = Path("var/workspace.db")  # the practice workspace's own database
    people: Path | None = None  # names for the practice workspace's users and channels
    fictional: bool = False  # a demonstration: every message says that its figures are made up

    @property
    def practice(self) -> bool:
        """True without Slack tokens: the bot then talks to its own practice workspace."""
        return not (self.bot_token and self.app_token)


def find(given: Path | None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The configuration file: as given, else AUDITBOT_CONFIG, else ./auditbot.toml if it is there.

    A file that was named must exist; a missing ./auditbot.toml means no channels.
    """
    named = given or (Path(env["AUDITBOT_CONFIG"]) if env.get("AUDITBOT_CONFIG") else None)
    if named is None:
        here = Path("auditbot.toml")
        return here if here.is_file() else None
    if not named.is_file():
        raise SettingsFault([f"{named}: there is no such configuration file; check the path."])
    return named


def read(path: Path | None) -> Settings:
    """Read and check the file; None gives the defaults. Raises SettingsFault with all faults."""
    if path is None:
        return Settings()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise SettingsFault([f"{path.name}: not readable as TOML ({e}); mend that line."]) from None
    faults = list(_contradictions(path, raw))
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as e:
        raise SettingsFault([_sentence(path, raw, f) for f in e.errors()] + faults) from None
    if faults:
        raise SettingsFault(faults)
    return settings


def surroundings(env: Mapping[str, str] = os.environ) -> Surroundings:
    """Read the environment. A token may also stand in the file that NAME_FILE points at."""
    incoming = env.get("AUDITBOT_INCOMING", "")
    bot, app = _secret(env, "SLACK_BOT_TOKEN"), _secret(env, "SLACK_APP_TOKEN")
    if bool(bot) != bool(app):
        missing = "SLACK_APP_TOKEN" if bot else "SLACK_BOT_TOKEN"
        raise SettingsFault(
            [
                f"{missing} is not set, but the other Slack token is; set both, or neither to practise."
            ]
        )
    for name, value, prefix in (
        ("SLACK_BOT_TOKEN", bot, "xoxb-"),
        ("SLACK_APP_TOKEN", app, "xapp-"),
    ):
        if value and not value.startswith(prefix):
            raise SettingsFault(
                [f"{name} does not start with {prefix}; copy the right token from the app's page."]
            )
    return Surroundings(
        database_url=env.get("AUDITBOT_DATABASE_URL") or "sqlite:///var/auditbot.db",
        bot_token=bot,
        app_token=app,
        api_url=env.get("AUDITBOT_SLACK_API_URL", ""),
        incoming=Path(incoming) if incoming else None,
    )


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An instant as typed: ISO with offset, or a local time that exists exactly once.

    Raises SettingsFault for text that is no time, is ambiguous or does not exist.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsFault(
            [f"'{text}' is not an instant; write it such as 2026-11-02T09:30:00+00:00."]
        ) from None
    if at.tzinfo is not None:
        return at
    early, late = at.replace(tzinfo=zone, fold=0), at.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        kind = "happens twice" if early.utcoffset() > late.utcoffset() else "does not exist"  # type: ignore[operator]
        raise SettingsFault(
            [f"'{text}' {kind} in {zone.key}, as the clocks change; add an offset such as +01:00."]
        )
    return early


def local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The instant of a whole local hour. Hours are 7 to 18, so clock changes never touch it."""
    return datetime.combine(day, time(hour), zone)


def _secret(env: Mapping[str, str], name: str) -> str:
    if env.get(name):
        return env[name].strip()
    path = env.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as e:
        raise SettingsFault(
            [f"{name}_FILE points at a file that cannot be read ({e.strerror}); check the path."]
        ) from None


def _sentence(path: Path, raw: dict[str, object], fault: object) -> str:
    """One fault as a sentence: file, key, what is wrong, what was found."""
    f: dict[str, object] = dict(fault)  # type: ignore[call-overload]
    where: list[str] = []
    here: object = raw
    for part in f["loc"]:  # type: ignore[attr-defined]
        if isinstance(part, int):
            if isinstance(here, list) and part < len(here) and isinstance(here[part], dict):
                where[-1] += f" '{here[part].get('id', part + 1)}'"
            else:
                where[-1] += f" number {part + 1}"
            here = here[part] if isinstance(here, list) and part < len(here) else None
        else:
            where.append(str(part))
            here = here.get(part) if isinstance(here, dict) else None
    place = ", ".join(where)
    if f["type"] == "extra_forbidden":
        return f"{path.name}: {place}: there is no such setting; check the spelling or remove it."
    if f["type"] == "missing":
        return f"{path.name}: {place}: this setting is needed; add it."
    what = _PLAINLY.get(str(f["type"])) or str(f["msg"]).removeprefix("Value error, ")
    return f"{path.name}: {place}: {what} (found {f['input']!r})."


_PLAINLY = {
    "string_pattern_mismatch": "is no Slack id; copy it from Slack, such as C0ABC123 or U0ABC123",
    "too_short": "is empty; name at least one",
    "string_type": "is no text; put it in quotes",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "tuple_type": 'is no list; write it in square brackets, such as ["one"]',
}


def _contradictions(path: Path, raw: dict[str, Any]) -> Iterator[str]:
    """What no single setting shows. Reads the raw file, so that it is told with everything else."""

    def tables(name: str) -> list[dict[str, Any]]:
        found = raw.get(name)
        return [t for t in found if isinstance(t, dict)] if isinstance(found, list) else []

    seen: set[str] = set()
    for c in tables("channel"):
        if c.get("id") in seen:
            yield f"{path.name}: channel '{c['id']}' stands twice; join the two tables."
        seen.add(str(c.get("id")))
    for s in tables("source"):
        name = s.get("id", "without an id")
        if bool(s.get("path")) == bool(s.get("url")):
            yield f"{path.name}: source '{name}' needs either a path (a folder) or a url (a database)."
        if s.get("url") and not s.get("query"):
            yield f"{path.name}: source '{name}' has a url and no query; add the query."
