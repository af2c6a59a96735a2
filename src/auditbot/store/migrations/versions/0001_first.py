"""Every table of the first version.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cadence",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("min_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("muted", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("updated_by", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_cadence")),
    )
    op.create_table(
        "concern",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("message", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("lead_key", sa.String(), nullable=False),
        sa.Column("channel_key", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("held_by", sa.String(), nullable=True),
        sa.Column("line", sa.Text(), nullable=True),
        sa.Column("line_by", sa.String(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
        sa.UniqueConstraint(
            "channel",
            "service",
            "metric",
            "start",
            "end",
            "release",
            name=op.f("uq_concern_channel_service_metric_start_end_release"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "considered",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("channel", "day", name=op.f("pk_considered")),
    )
    op.create_table(
        "echo",
        sa.Column("metric", sa.Integer(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("metric", "service", "period", "release", name=op.f("pk_echo")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "explained",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "metric", name=op.f("pk_explained")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), server_default="", nullable=False),
        sa.Column("channel_type", sa.String(), server_default="", nullable=False),
        sa.Column("user", sa.String(), server_default="", nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("thread_ts", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("flag", sa.String(), nullable=True),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), server_default="new", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_status_received_at", "inbox", ["status", "received_at"], unique=False)
    op.create_index(
        "uq_inbox_channel_ts",
        "inbox",
        ["channel", "ts"],
        unique=True,
        sqlite_where=sa.text("kind IN ('mention', 'message') AND ts IS NOT NULL"),
        postgresql_where=sa.text("kind IN ('mention', 'message') AND ts IS NOT NULL"),
    )
    op.create_table(
        "metric",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_metric")),
        sa.UniqueConstraint("id", name=op.f("uq_metric_id")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread_key", sa.String(), nullable=True),
        sa.Column("thread_ts", sa.String(), nullable=True),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("trail", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("marker", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), server_default="", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("posted_in", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_payload", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'sent' OR ts IS NOT NULL", name=op.f("ck_outbox_sent_has_ts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
        sa.UniqueConstraint("marker", name=op.f("uq_outbox_marker")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_channel_kind", "outbox", ["channel", "kind"], unique=False)
    op.create_index("ix_outbox_status_not_before", "outbox", ["status", "not_before"], unique=False)
    op.create_index("ix_outbox_thread_key", "outbox", ["thread_key"], unique=False)
    op.create_index("ix_outbox_ts", "outbox", ["ts"], unique=False)
    op.create_table(
        "pace",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("next_allowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("busy_with", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_pace")),
    )
    op.create_table(
        "period",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_period")),
        sa.UniqueConstraint("start", "end", name=op.f("uq_period_start_end")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("audit", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publication", sa.String(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("results", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_numeric", sa.Integer(), server_default="0", nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_release_source_sha256", "release", ["source", "sha256"], unique=False)
    op.create_index(
        "uq_release_loading",
        "release",
        ["source", "sha256"],
        unique=True,
        sqlite_where=sa.text("state = 'loading'"),
        postgresql_where=sa.text("state = 'loading'"),
    )
    op.create_table(
        "result",
        sa.Column("metric", sa.Integer(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("numerator", sa.Double(), nullable=True),
        sa.Column("denominator", sa.Double(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("completeness", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("metric", "service", "period", "release", name=op.f("pk_result")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seen_file",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_seen_file")),
    )
    op.create_table(
        "service",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reviewed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_service")),
        sa.UniqueConstraint("id", name=op.f("uq_service_id")),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "thread_state",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "thread_ts", name=op.f("pk_thread_state")),
    )
    op.create_table(
        "told",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("outbox_key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "channel", "service", "metric", "start", "end", "release", name=op.f("pk_told")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage",
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("metric", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["metric"], ["metric.key"], name=op.f("fk_coverage_metric")),
        sa.ForeignKeyConstraint(["period"], ["period.key"], name=op.f("fk_coverage_period")),
        sa.ForeignKeyConstraint(
            ["release"], ["release.id"], name=op.f("fk_coverage_release"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release", "metric", "period", name=op.f("pk_coverage")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["release"], ["release.id"], name=op.f("fk_refusal_release"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    op.create_index(op.f("ix_refusal_release"), "refusal", ["release"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), server_default="", nullable=False),
        sa.Column("region", sa.String(), server_default="", nullable=False),
        sa.Column("peer_group", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["period"], ["period.key"], name=op.f("fk_sighting_period")),
        sa.ForeignKeyConstraint(
            ["release"], ["release.id"], name=op.f("fk_sighting_release"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service"], ["service.key"], name=op.f("fk_sighting_service")),
        sa.PrimaryKeyConstraint("release", "service", "period", name=op.f("pk_sighting")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("sighting")
    op.drop_index(op.f("ix_refusal_release"), table_name="refusal")
    op.drop_table("refusal")
    op.drop_table("coverage")
    op.drop_table("told")
    op.drop_table("thread_state")
    op.drop_table("setting")
    op.drop_table("service")
    op.drop_table("seen_file")
    op.drop_table("result")
    op.drop_index(
        "uq_release_loading",
        table_name="release",
        sqlite_where=sa.text("state = 'loading'"),
        postgresql_where=sa.text("state = 'loading'"),
    )
    op.drop_index("ix_release_source_sha256", table_name="release")
    op.drop_table("release")
    op.drop_table("period")
    op.drop_table("pace")
    op.drop_index("ix_outbox_ts", table_name="outbox")
    op.drop_index("ix_outbox_thread_key", table_name="outbox")
    op.drop_index("ix_outbox_status_not_before", table_name="outbox")
    op.drop_index("ix_outbox_channel_kind", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("metric")
    op.drop_index(
        "uq_inbox_channel_ts",
        table_name="inbox",
        sqlite_where=sa.text("kind IN ('mention', 'message') AND ts IS NOT NULL"),
        postgresql_where=sa.text("kind IN ('mention', 'message') AND ts IS NOT NULL"),
    )
    op.drop_index("ix_inbox_status_received_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("heartbeat")
    op.drop_table("explained")
    op.drop_table("echo")
    op.drop_table("considered")
    op.drop_table("concern")
    op.drop_table("cadence")
