"""The words of letters that were taken back"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('letter', sa.Column('voided', sa.JSON(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
