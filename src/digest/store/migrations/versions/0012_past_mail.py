"""Past mail"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from digest.store.tables import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("source_uid", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=35), nullable=True),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_mail")),
        sa.UniqueConstraint("source", "source_uid", name=op.f("uq_past_mail_source_source_uid")),
    )
    op.create_index(op.f("ix_past_mail_sent_at"), "past_mail", ["sent_at"])


def downgrade() -> None:
    op.drop_table("past_mail")
