"""The index of stages by agency says whose word it was, so that a page counts from it alone"""

from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_dossier_stage_agency_code', 'dossier')
    columns = ['stage', 'agency_code', 'late_from_at', 'speaking_source']
    op.create_index('ix_dossier_stage_agency_code', 'dossier', columns)


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
