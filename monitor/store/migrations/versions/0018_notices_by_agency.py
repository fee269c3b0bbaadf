"""An index of notices by agency: a commune's messages are counted from its own notices"""

from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_notice_agency_code', 'notice', ['agency_code'])


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
