"""The new date of a letter taken back"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('dossier', sa.Column('taken_back_on', sa.Date(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
