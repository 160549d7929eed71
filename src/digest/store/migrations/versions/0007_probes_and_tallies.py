"""Probes, and how many bounces changed somebody"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounce_tally",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("domain", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_bounce_tally_edition_id_edition")),
        sa.PrimaryKeyConstraint("edition_id", "domain", name=op.f("pk_bounce_tally")),
    )
    # Not in a batch: going back, it would build the table anew, without its AUTOINCREMENT.
    op.add_column("delivery", sa.Column("probe", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(op.f("ix_event_type_id"), "event", ["type", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_event_type_id"), "event")
    op.drop_column("delivery", "probe")
    op.drop_table("bounce_tally")
