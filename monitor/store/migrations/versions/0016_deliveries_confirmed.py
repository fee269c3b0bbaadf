"""A message that was taken may still have to be confirmed as delivered: until when, and when it was"""

import sqlalchemy as sa
from alembic import op

import monitor.store.types

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('message', sa.Column('confirm_by_at', monitor.store.types.Instant(), nullable=True))
    op.add_column('message', sa.Column('delivered_at', monitor.store.types.Instant(), nullable=True))
    op.create_index('ix_message_confirm_by_at', 'message', ['confirm_by_at'])


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
