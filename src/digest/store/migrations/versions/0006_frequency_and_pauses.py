"""How often the digest comes, and until when somebody asked for a pause"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from digest.store.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: going back, it would build the table anew, without its AUTOINCREMENT.
    frequency = sqlmodel.sql.sqltypes.AutoString(length=10)
    op.add_column("subscriber", sa.Column("frequency", frequency, server_default="weekly", nullable=False))
    op.add_column("subscriber", sa.Column("resumes_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriber", "resumes_at")
    op.drop_column("subscriber", "frequency")
