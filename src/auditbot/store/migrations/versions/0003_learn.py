"""What was not understood, and what words were taught.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "not_understood",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("metric", sa.Boolean(), nullable=False),
        sa.Column("service", sa.Boolean(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "day",
            "metric",
            "service",
            "period",
            "intent",
            "words",
            name=op.f("pk_not_understood"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shown_words",
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("words", name=op.f("pk_shown_words")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "taught",
        sa.Column("phrase", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("phrase", "kind", "means", name=op.f("pk_taught")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("taught")
    op.drop_table("shown_words")
    op.drop_table("not_understood")
