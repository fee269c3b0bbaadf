"""How late the dossiers that were finished late were"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('dossier', sa.Column('late_days', sa.Integer(), nullable=True))
    op.create_index(op.f('ix_dossier_late_days'), 'dossier', ['late_days'], unique=False)
    # judged once more, so that their days are known
    op.execute("UPDATE dossier SET next_change_at = judged_at WHERE stage = 'finished_late' AND judged_at IS NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
