"""What a letter decided and a person confirmed; how long finished dossiers took"""

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('letter', sa.Column('confirmed_for', sa.String(length=48), nullable=False, server_default=''))
    op.add_column('letter', sa.Column('slip_promised_at', types.Instant(), nullable=True))
    op.add_column('letter', sa.Column('new_date_on', sa.Date(), nullable=True))
    op.add_column('letter', sa.Column('counter_told_at', types.Instant(), nullable=True))
    op.add_column('dossier', sa.Column('extended_by_letter_on', sa.Date(), nullable=True))
    op.add_column('dossier', sa.Column('taken_days', sa.Integer(), nullable=True))
    op.create_index('ix_dossier_history', 'dossier', ['procedure_code', 'agency_code', 'taken_days'], unique=False)
    # judged once more, so that their working days are known
    op.execute("UPDATE dossier SET next_change_at = judged_at WHERE finished_at IS NOT NULL AND judged_at IS NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
