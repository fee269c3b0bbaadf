"""Figures with a measure a column, and the changes of ten days at once: a tenth of the rows to add up for a table"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

_FINDINGS = (
    'state_mismatch', 'unknown_status', 'no_promised_date', 'absurd_dates', 'unknown_agency', 'late_without_letter',
    'letter_late', 'late_after_extension', 'second_extension', 'date_changed_without_letter', 'extension_not_entered',
    'missing_at_source', 'unreadable_at_source', 'source_silent', 'reach_gap', 'calendar_ends', 'calendar_runs_out',
    'intake_late', 'supplement_late', 'supplement_repeated', 'supplement_unanswered', 'finish_not_trusted',
    'date_mismatch_with_count',
)
_MEASURES = (
    'waiting', 'in_time', 'late', 'paused', 'finished_early', 'finished_on_time', 'finished_late', 'uncertain',
    'unknown', 'received_online', 'received_otherwise', 'letter_open', 'letter_missing', 'letter_on_time',
    'letter_late', *(f'finding:{kind}' for kind in _FINDINGS),
)
_COLUMNS = tuple(measure.replace(':', '_') for measure in _MEASURES)
_PLACE = 'agency_code, procedure_code, field_code, source'


def upgrade() -> None:
    op.rename_table('figure', 'figure_before')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER INDEX pk_figure RENAME TO pk_figure_before')
    op.create_table('figure',
    sa.Column('cube', sa.String(length=10), nullable=False),
    sa.Column('span', sa.String(length=10), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('procedure_code', sa.String(length=80), nullable=False),
    sa.Column('field_code', sa.String(length=80), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    *(sa.Column(column, sa.Integer(), server_default='0', nullable=False) for column in _COLUMNS),
    sa.PrimaryKeyConstraint('cube', 'span', 'agency_code', 'procedure_code', 'field_code', 'source', name=op.f('pk_figure')),
    sqlite_with_rowid=False,
    )
    into = f"INSERT INTO figure (cube, span, {_PLACE}, {', '.join(_COLUMNS)})"
    sums = ', '.join(f"sum(CASE measure WHEN '{measure}' THEN change ELSE 0 END)" for measure in _MEASURES)
    op.execute(
        f"{into} SELECT cube, span, {_PLACE}, {sums} FROM figure_before WHERE change <> 0 "
        f"GROUP BY cube, span, {_PLACE}"
    )
    op.drop_table('figure_before')
    sums = ', '.join(f'sum({column})' for column in _COLUMNS)
    op.execute(
        f"{into} SELECT cube, substr(span, 1, 9), {_PLACE}, {sums} FROM figure WHERE length(span) = 10 "
        f"GROUP BY cube, substr(span, 1, 9), {_PLACE}"
    )


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
