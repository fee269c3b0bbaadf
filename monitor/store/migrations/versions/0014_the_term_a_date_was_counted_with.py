"""A dossier remembers the time limit its own count went by, so that an edited catalogue is noticed"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # empty for what is stored already: that is counted anew once, at the first judging
    op.add_column('dossier', sa.Column('term_version', sa.String(length=16), nullable=False, server_default=''))


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
