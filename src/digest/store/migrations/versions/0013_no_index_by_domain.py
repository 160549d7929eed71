"""No index by domain: SQLite used it for nothing, and wrote it anew with each of a message's states"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_delivery_state_domain_not_before", "delivery")


def downgrade() -> None:
    op.create_index("ix_delivery_state_domain_not_before", "delivery", ["state", "domain", "not_before"])
