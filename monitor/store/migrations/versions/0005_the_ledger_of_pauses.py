"""The ledger of pauses, both answers about lateness, and what hangs on days that are not announced"""

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('dossier', 'source_dossier'):
        op.add_column(table, sa.Column('pauses', types.Pauses(), server_default='', nullable=False))
    op.add_column('source_dossier', sa.Column('sure_until_at', types.Instant(), nullable=True))
    for name in ('due_provisional', 'letter_provisional'):
        op.add_column('dossier', sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ('late_vs_promise', 'late_vs_original'):
        op.add_column('dossier', sa.Column(name, sa.Boolean(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
