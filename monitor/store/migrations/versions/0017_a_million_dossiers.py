"""Indexes of what is open, the history of how long things take, and a count of each source's dossiers, so that no page
reads what is over"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


# Whose rows a transaction sees, as before (0009), but sought in a hashed set: held against the array one by one, a
# province of 150 agencies took 150 comparisons a row.
_ALL = "(SELECT current_setting('app.{what}', true)) = '*'"
_AMONG = "{column} IN (SELECT unnest(string_to_array(current_setting('app.{what}', true), chr(31))))"


def _by(column: str) -> str:
    return f"{_ALL.format(what='agencies')} OR {_AMONG.format(column=column, what='agencies')}"


def _through(inner: str, column: str, what: str = 'agencies') -> str:
    among = _AMONG.format(column=column, what=what)
    return f"{_ALL.format(what=what)} OR EXISTS (SELECT 1 FROM {inner} AND {among})"


def _of_dossier(table: str) -> str:
    return _through(f"dossier d WHERE d.id = {table}.dossier_id", 'd.agency_code')


_VIEW = "source_dossier v JOIN dossier d ON d.id = v.dossier_id WHERE "
POLICIES = {
    'dossier': _by('agency_code'),
    'letter': _by('agency_code'),
    'notice': _by('agency_code'),
    'standing': _by('agency_code'),
    'letter_number': _by('agency_code'),
    'source_dossier': _of_dossier('source_dossier'),
    'crossing': _of_dossier('crossing'),
    'finding': f"dossier_id IS NULL OR {_of_dossier('finding')}",
    'letter_step': _through("letter l WHERE l.id = letter_step.letter_id", 'l.agency_code'),
    'observation': _through(f"{_VIEW} v.source = observation.source AND v.key = observation.key", 'd.agency_code'),
    'applicant': _through(f"{_VIEW} v.id = applicant.view_id", 'd.agency_code', 'persons'),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        for table, rule in POLICIES.items():
            op.execute(f"ALTER POLICY by_agency ON {table} USING ({rule})")
    _readings()
    _open_ones()
    _pace()
    _now()


def _now() -> None:
    """What counts now: a span of its own, so that today's figures need no adding up."""
    where = 'agency_code, procedure_code, field_code, source, measure'
    op.execute(
        f"INSERT INTO figure (cube, span, {where}, change) SELECT cube, '', {where}, sum(change) FROM figure "
        f"WHERE length(span) = 4 GROUP BY cube, {where} HAVING sum(change) <> 0"
    )


def _readings() -> None:
    op.drop_index('ix_pull_source', 'pull')
    op.create_index('ix_pull_source_id', 'pull', ['source', 'id'])
    op.create_index('ix_pull_source_reach_result_id', 'pull', ['source', 'reach', 'result', 'id'])
    op.add_column('source', sa.Column('dossiers', sa.Integer(), server_default='0', nullable=False))
    op.execute(
        'UPDATE source SET dossiers = (SELECT count(*) FROM source_dossier WHERE source_dossier.source = source.name)'
    )


def _open_ones() -> None:
    _some('ix_bad_record_open', 'bad_record', ['last_seen_at', 'id'], 'cleared_at IS NULL')
    _some('ix_bad_record_open_source', 'bad_record', ['source', 'last_seen_at', 'id'], 'cleared_at IS NULL')
    op.drop_index('ix_source_dossier_unseen', 'source_dossier')
    _some('ix_source_dossier_unseen', 'source_dossier', ['source'], 'unseen_since_at IS NOT NULL')
    _some('ix_finding_open_kind', 'finding', ['kind'], 'closed_at IS NULL')
    _some('ix_message_maybe_repeat', 'message', ['id'], 'maybe_repeat IS TRUE')
    op.create_index('ix_letter_state_agency_code', 'letter', ['state', 'agency_code', 'letter_by_on'])
    columns = ['agency_code', 'state', 'is_late', 'suspended_for', 'letter_by_on', 'owed_at']
    _some('ix_letter_open', 'letter', columns, 'closed_at IS NULL')
    op.create_index('ix_message_person_made_at', 'message', ['person', 'made_at'])
    op.create_index(op.f('ix_attempt_outcome'), 'attempt', ['outcome'])
    columns = ['agency_code', 'speaking_source', 'stage', 'late_vs_promise', 'late_vs_original', 'next_change_at']
    _some('ix_dossier_broken', 'dossier', columns, 'late_vs_promise IS TRUE OR late_vs_original IS TRUE')


    op.drop_index('ix_dossier_agency_code', 'dossier')
    for column in ('code_plain', 'code_back'):
        op.create_index(f'ix_dossier_agency_code_{column}', 'dossier', ['agency_code', column])
    op.drop_index('ix_dossier_stage_late_from_at', 'dossier')
    listed = ['stage', 'late_from_at', 'id', 'next_change_at', 'speaking_source', 'agency_code']
    op.create_index('ix_dossier_stage_late_from_at', 'dossier', listed)
    running = ['speaking_source', 'late_from_at', 'agency_code']
    _some('ix_dossier_running', 'dossier', running, "stage NOT LIKE 'finished%'")
    again = ['agency_code', 'next_change_at']
    _some('ix_dossier_again', 'dossier', again, 'next_change_at IS NOT NULL')
    for place in ('procedure_code', 'field_code'):
        op.create_index(f'ix_standing_{place}_measure_since_on', 'standing', [place, 'measure', 'since_on'])
    op.create_index('ix_standing_since_on', 'standing', ['since_on'])


def _some(name: str, table: str, columns: list[str], rows: str) -> None:
    of_sqlite = sa.text(rows.replace('IS TRUE', 'IS 1'))
    op.create_index(name, table, columns, sqlite_where=of_sqlite, postgresql_where=sa.text(rows))


def _pace() -> None:
    op.create_table('pace',
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('procedure_code', sa.String(length=80), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'procedure_code', 'agency_code', 'year', 'days', name=op.f('pk_pace'))
    )
    of_result = "CAST(substr(finished_at, 1, 4) AS INTEGER)"  # text in UTC on SQLite
    if op.get_bind().dialect.name == 'postgresql':
        of_result = "CAST(extract(year FROM finished_at AT TIME ZONE 'UTC') AS INTEGER)"
    into = 'INSERT INTO pace (kind, procedure_code, agency_code, year, days, number)'
    taken = f"(SELECT dossier.*, {of_result} AS year FROM dossier WHERE taken_days IS NOT NULL) d"
    op.execute(
        f"{into} SELECT 'taken', procedure_code, agency_code, year, taken_days, count(*) FROM {taken} "
        "WHERE agency_code <> '' GROUP BY procedure_code, agency_code, year, taken_days"
    )
    op.execute(
        f"{into} SELECT 'taken', procedure_code, '', year, taken_days, count(*) FROM {taken} "
        "GROUP BY procedure_code, year, taken_days"
    )
    op.execute(
        f"{into} SELECT 'late', '', '', year, late_days, count(*) FROM {taken} "
        "WHERE late_days IS NOT NULL GROUP BY year, late_days"
    )
    op.drop_index('ix_dossier_history', 'dossier')
    op.drop_index('ix_dossier_late_days', 'dossier')


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
