"""Sign-up: what waits to be confirmed, and letters that are due"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import digest.store.tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=320), nullable=False),
        sa.Column("email_key", sqlmodel.sql.sqltypes.AutoString(length=320), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=35), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("frequency", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("asked_at", digest.store.tables.Instant(), nullable=False),
        sa.Column("confirmed_at", digest.store.tables.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_confirmation_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_confirmation_asked_at"), "confirmation", ["asked_at"])
    op.create_index(op.f("ix_confirmation_email_key"), "confirmation", ["email_key"])
    op.create_index(op.f("ix_confirmation_subscriber_id"), "confirmation", ["subscriber_id"])
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=320), nullable=False),
        sa.Column("address_key", sqlmodel.sql.sqltypes.AutoString(length=320), nullable=False),
        sa.Column("confirmation_id", sa.Integer(), nullable=True),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("network", sqlmodel.sql.sqltypes.AutoString(length=50), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", digest.store.tables.Instant(), nullable=False),
        sa.Column("due_at", digest.store.tables.Instant(), nullable=False),
        sa.Column("done_at", digest.store.tables.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["confirmation_id"],
            ["confirmation.id"],
            name=op.f("fk_letter_confirmation_id_confirmation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_letter_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_letter_address_key"), "letter", ["address_key"])
    op.create_index(op.f("ix_letter_confirmation_id"), "letter", ["confirmation_id"])
    op.create_index(op.f("ix_letter_done_at_due_at"), "letter", ["done_at", "due_at"])
    op.create_index(op.f("ix_letter_subscriber_id"), "letter", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("letter")
    op.drop_table("confirmation")
