"""What is kept? Every table of the store, one schema for SQLite and PostgreSQL.

Datetimes are UTC instants, aware on the way in and out. Ids of services and metrics are text where
people act on them and compact integer keys in `result`, which holds millions of rows.
"""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Instant(TypeDecorator[datetime]):
    """An instant: aware datetimes only, UTC in the database, aware UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so there it is dropped."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone; give it one.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database's form, as an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# The codes of result.state. They are stored: never renumber them, only add.
STATES = MappingProxyType(
    {
        "ok": 0,
        "no_cases": 1,
        "too_few": 2,
        "insufficient_records": 3,
        "not_entered": 4,
        "not_applicable": 5,
        "suppressed": 6,
        "missing": 7,
    }
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

LOADED = ("complete", "incomplete")  # the states of a release that readers may see


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), **options)


# --- what was loaded ------------------------------------------------------------------------

release = Table(
    "release",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),  # layout id
    Column("audit", String, nullable=False),
    Column("name", String, nullable=False),  # the file's name
    Column("sha256", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("publication", String, nullable=False),  # public, internal
    Column("publish_at", Instant),
    Column("published", Date),  # the later of the publisher's published and revised dates
    Column("state", String, nullable=False),  # loading, complete, incomplete
    Column("results", Integer, nullable=False, server_default="0"),  # in the file
    Column("not_numeric", Integer, nullable=False, server_default="0"),
    # By the database's own clock, whatever `now` is being played: the lease of a load.
    Column("touched_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # ids are remembered in `told`, so none is ever used twice
)
Index("ix_release_source_sha256", release.c.source, release.c.sha256)
_LOADING = text("state = 'loading'")
Index(  # one load of a file at a time, however many bots watch its folder
    "uq_release_loading",
    release.c.source,
    release.c.sha256,
    unique=True,
    sqlite_where=_LOADING,
    postgresql_where=_LOADING,
)

refusal = Table(
    "refusal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("release", ForeignKey("release.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("row", Integer, nullable=False),
    Column("column", String, nullable=False),
    Column("value", Text, nullable=False),  # masked when it looks personal
    Column("reason", Text, nullable=False),
    Column("service", String),  # id
)

metric = Table(
    "metric",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
)

service = Table(
    "service",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("reviewed", Boolean, nullable=False, server_default=text("false")),
)

period = Table(
    "period",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("start", Date, nullable=False),
    Column("end", Date, nullable=False),
    UniqueConstraint("start", "end"),
)

sighting = Table(  # how one file names a service in one period
    "sighting",
    metadata,
    Column("release", ForeignKey("release.id", ondelete="CASCADE"), nullable=False),
    Column("service", ForeignKey("service.key"), nullable=False),
    Column("period", ForeignKey("period.key"), nullable=False),
    Column("name", String, nullable=False),
    Column("parent", String, nullable=False, server_default=""),
    Column("region", String, nullable=False, server_default=""),
    Column("peer_group", String, nullable=False, server_default=""),
    PrimaryKeyConstraint("release", "service", "period"),
    sqlite_with_rowid=False,
)

coverage = Table(  # what a release speaks of: finds its cells without reading all of `result`
    "coverage",
    metadata,
    Column("release", ForeignKey("release.id", ondelete="CASCADE"), nullable=False),
    Column("metric", ForeignKey("metric.key"), nullable=False),
    Column("period", ForeignKey("period.key"), nullable=False),
    PrimaryKeyConstraint("release", "metric", "period"),
    sqlite_with_rowid=False,
)

result = Table(  # no foreign keys: `save` makes every key itself, and checking would cost a third
    "result",
    metadata,
    Column("metric", Integer, nullable=False),
    Column("service", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("release", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False),  # STATES
    Column("numerator", Double),
    Column("denominator", Double),
    Column("value", Double),
    Column("level", String),
    Column("completeness", Double),
    PrimaryKeyConstraint("metric", "service", "period", "release"),
    sqlite_with_rowid=False,
)

echo = Table(  # which release said again what the nearest figure below it says: see `revision`
    "echo",
    metadata,
    Column("metric", Integer, nullable=False),
    Column("service", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("release", Integer, nullable=False),
    PrimaryKeyConstraint("metric", "service", "period", "release"),
    sqlite_with_rowid=False,
)

seen_file = Table(  # the watched folders: a file is read again when its time or size changes
    "seen_file",
    metadata,
    Column("path", String, primary_key=True),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
)

# --- what came in and what goes out -----------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("kind", String, nullable=False),  # mention, message, action, submit, joined, ...
    Column("channel", String, nullable=False, server_default=""),
    Column("channel_type", String, nullable=False, server_default=""),
    Column("user", String, nullable=False, server_default=""),
    Column("ts", String),
    Column("thread_ts", String),
    Column("text", Text),
    Column("flag", String),  # why a guard stopped the text: identifier, harm, ...
    _json("payload"),
    Column("received_at", Instant, nullable=False),
    Column("status", String, nullable=False, server_default="new"),  # new, taken, done, failed
    Column("lease_until", Instant),
    Column("next_attempt_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("answered_at", Instant),
)
Index("ix_inbox_status_received_at", inbox.c.status, inbox.c.received_at)
# One mention can arrive as two events with two ids: the message itself is taken once.
_ONE_MESSAGE = text("kind IN ('mention', 'message') AND ts IS NOT NULL")
Index(
    "uq_inbox_channel_ts",
    inbox.c.channel,
    inbox.c.ts,
    unique=True,
    sqlite_where=_ONE_MESSAGE,
    postgresql_where=_ONE_MESSAGE,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("channel", String, nullable=False),  # or a user: then it is a direct message
    Column("thread_key", String),  # key of the row whose post this one replies to
    Column("thread_ts", String),  # or the post itself
    _json("payload", nullable=False),  # the Message
    _json("trail"),  # findings, rule, score, template hash
    Column("marker", String, nullable=False, unique=True),  # random id in the post's metadata
    Column("approver", String, nullable=False, server_default=""),
    Column("not_before", Instant, nullable=False),
    # pending, sending, sent, unknown, failed, cancelled
    Column("status", String, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claimed_at", Instant),
    Column("lease_until", Instant),
    Column("next_attempt_at", Instant),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("ts", String),
    Column("posted_in", String),  # the channel it went to: a direct message has one of its own
    Column("sent_at", Instant),
    _json("sent_payload"),  # as sent, byte for byte
    CheckConstraint("status <> 'sent' OR ts IS NOT NULL", name="sent_has_ts"),
    sqlite_autoincrement=True,
)
Index("ix_outbox_status_not_before", outbox.c.status, outbox.c.not_before)
Index("ix_outbox_channel_kind", outbox.c.channel, outbox.c.kind)
Index("ix_outbox_thread_key", outbox.c.thread_key)
Index("ix_outbox_ts", outbox.c.ts)

pace = Table(
    "pace",
    metadata,
    Column("channel", String, primary_key=True),
    Column("next_allowed_at", Instant),  # pacing, and Slack's own Retry-After
    Column("busy_until", Instant),  # one message at a time: the lease of the one being sent
    Column("busy_with", Integer),  # its id in the outbox
)

# --- what channels were told, and what they asked for -----------------------------------------

told = Table(
    "told",
    metadata,
    Column("channel", String, nullable=False),
    Column("service", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("start", Date, nullable=False),
    Column("end", Date, nullable=False),
    Column("release", Integer, nullable=False),  # the revision
    Column("role", String, nullable=False),  # headline, thread, covered, concern
    Column("kind", String, nullable=False, server_default=""),  # the class of news
    Column("outbox_key", String, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "service", "metric", "start", "end", "release"),
    sqlite_with_rowid=False,
)

explained = Table(  # why a metric matters is told once
    "explained",
    metadata,
    Column("channel", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "metric"),
)

considered = Table(  # a channel is considered once a local day
    "considered",
    metadata,
    Column("channel", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("channel", "day"),
)

concern = Table(  # a confirmed concern: to the lead first, then to the channel
    "concern",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("service", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("start", Date, nullable=False),
    Column("end", Date, nullable=False),
    Column("release", Integer, nullable=False),
    _json("message", nullable=False),  # for the channel, without the lead's line
    Column("lead_key", String, nullable=False),  # outbox key of the lead's message
    Column("channel_key", String),  # outbox key of the channel's message
    Column("due_at", Instant, nullable=False),
    Column("state", String, nullable=False, server_default="waiting"),  # held, posted, withdrawn
    Column("held_until", Instant),
    Column("hold_reason", Text),
    Column("held_by", String),
    Column("line", Text),
    Column("line_by", String),
    Column("raised_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("channel", "service", "metric", "start", "end", "release"),
    sqlite_autoincrement=True,
)

dispute = Table(  # a figure that looks wrong to somebody, until its audit team has answered
    "dispute",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("service", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("start", Date, nullable=False),
    Column("end", Date, nullable=False),
    Column("reason", String, nullable=False),  # coding, patients, pathway, other
    Column("line", Text),  # what they added; emptied with the answer
    Column("by_role", String, nullable=False),  # service, audit_team, reader
    Column("raised_by", String),  # whom to answer; emptied with the answer
    Column("raised_at", Instant, nullable=False),
    Column("lapses_at", Instant, nullable=False),
    Column("state", String, nullable=False, server_default="open"),  # closed
    Column("answer", String),  # right, corrected
    Column("answer_line", Text),
    Column("closed_at", Instant),
    sqlite_autoincrement=True,  # buttons name it by its number, so none is ever used twice
)
_OPEN_DISPUTE = text("state = 'open'")
Index(  # a person disputes a figure once at a time, however often they press
    "uq_dispute_open",
    dispute.c.service,
    dispute.c.metric,
    dispute.c.start,
    dispute.c.end,
    dispute.c.raised_by,
    unique=True,
    sqlite_where=_OPEN_DISPUTE,
    postgresql_where=_OPEN_DISPUTE,
)

not_understood = Table(  # how often a shape of question was not understood: no word, no person
    "not_understood",
    metadata,
    Column("day", Date, nullable=False),
    Column("metric", Boolean, nullable=False),
    Column("service", Boolean, nullable=False),
    Column("period", String, nullable=False),  # how a time was named, or empty
    Column("intent", String, nullable=False),  # what kind of answer was wanted, or empty
    Column("words", Integer, nullable=False),  # the least number of words of its class
    Column("n", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("day", "metric", "service", "period", "intent", "words"),
    sqlite_with_rowid=False,
)

shown_words = Table(  # words that their writer let the audit team see
    "shown_words",
    metadata,
    Column("words", String, primary_key=True),
    Column("day", Date, nullable=False),
    sqlite_with_rowid=False,
)

taught = Table(  # a word and what it means, until somebody puts it in the catalogue
    "taught",
    metadata,
    Column("phrase", String, nullable=False),
    Column("kind", String, nullable=False),  # metric, audit, place
    Column("means", String, nullable=False),  # the id; of a place its name
    Column("day", Date, nullable=False),
    PrimaryKeyConstraint("phrase", "kind", "means"),
    sqlite_with_rowid=False,
)

cadence = Table(
    "cadence",
    metadata,
    Column("channel", String, primary_key=True),
    Column("min_days", Integer, nullable=False, server_default="0"),
    _json("muted", nullable=False),  # metric ids
    Column("updated_by", String, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
)

thread_state = Table(  # what a conversation is about, for follow-up questions
    "thread_state",
    metadata,
    Column("channel", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    _json("state"),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "thread_ts"),
)

setting = Table(
    "setting",
    metadata,
    Column("key", String, primary_key=True),
    _json("value"),
    Column("at", Instant, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
)
