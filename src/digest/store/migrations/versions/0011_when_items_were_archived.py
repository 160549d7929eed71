"""When items were archived"""

import sqlalchemy as sa
from alembic import op

from digest.store.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item", sa.Column("archived_at", Instant(), nullable=True))
    op.execute("UPDATE item SET archived_at = updated_at WHERE status = 'archived'")


def downgrade() -> None:
    op.drop_column("item", "archived_at")
