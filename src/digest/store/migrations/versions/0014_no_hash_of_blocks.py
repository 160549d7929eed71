"""No hash of blocks: nothing ever asked for it"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("block", "hash")


def downgrade() -> None:
    op.add_column("block", sa.Column("hash", sa.String(64), server_default="", nullable=False))
