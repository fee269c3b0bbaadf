"""Figures kept up with every judgement, and looking up by code, procedure and name without accents"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from monitor.folding import folded, folded_back, plain_code

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_PLAIN = sa.String(200, collation='C').with_variant(sa.String(200), 'sqlite')
_AT_ONCE = 5000


def upgrade() -> None:
    _figures()
    _looking_up()
    _fill()


def _figures() -> None:
    op.create_table('standing',
    sa.Column('id', _ID, nullable=False),
    sa.Column('dossier_id', _ID, nullable=False),
    sa.Column('measure', sa.String(length=60), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('since_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('procedure_code', sa.String(length=80), nullable=False),
    sa.Column('field_code', sa.String(length=80), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['dossier_id'], ['dossier.id'], name=op.f('fk_standing_dossier_id_dossier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standing')),
    sa.UniqueConstraint('dossier_id', 'measure', 'number', 'since_on', name=op.f('uq_standing_dossier_id_measure_number_since_on'))
    )
    op.create_index('ix_standing_measure_agency_code_since_on', 'standing', ['measure', 'agency_code', 'since_on'])
    op.create_index('ix_standing_measure_since_on', 'standing', ['measure', 'since_on'])

    op.create_table('figure',
    sa.Column('cube', sa.String(length=10), nullable=False),
    sa.Column('span', sa.String(length=10), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('procedure_code', sa.String(length=80), nullable=False),
    sa.Column('field_code', sa.String(length=80), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('measure', sa.String(length=60), nullable=False),
    sa.Column('change', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('cube', 'span', 'agency_code', 'procedure_code', 'field_code', 'source', 'measure', name=op.f('pk_figure'))
    )
    op.create_table('figure_mark',
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.Column('value', _ID, nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_figure_mark'))
    )


def _looking_up() -> None:
    op.create_table('procedure_seen',
    sa.Column('code', sa.String(length=80), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('field_code', sa.String(length=80), nullable=False),
    sa.Column('folded', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_procedure_seen'))
    )
    for name in ('code_plain', 'code_back'):
        op.add_column('dossier', sa.Column(name, _PLAIN, nullable=False, server_default=''))
        op.create_index(op.f(f'ix_dossier_{name}'), 'dossier', [name])
    op.drop_index('ix_dossier_stage_agency_code', 'dossier')
    op.create_index('ix_dossier_stage_agency_code', 'dossier', ['stage', 'agency_code', 'late_from_at'])
    op.create_index('ix_dossier_stage_late_from_at', 'dossier', ['stage', 'late_from_at'])
    op.create_index('ix_dossier_procedure_code_stage', 'dossier', ['procedure_code', 'stage', 'agency_code'])
    op.add_column('applicant', sa.Column('agency_code', sa.String(length=80), nullable=False, server_default=''))
    for name in ('folded', 'folded_back'):
        op.add_column('applicant', sa.Column(name, _PLAIN, nullable=False, server_default=''))
        op.create_index(f'ix_applicant_agency_code_{name}', 'applicant', ['agency_code', name])


def _fill() -> None:
    """What is stored already is found too, and judged once more, so that it is counted."""
    connection = op.get_bind()
    for rows in _chunks(connection, 'SELECT id, code FROM dossier WHERE id > :after ORDER BY id LIMIT :n'):
        connection.execute(
            sa.text('UPDATE dossier SET code_plain = :plain, code_back = :back WHERE id = :id'),
            [{'id': row.id, 'plain': plain_code(row.code), 'back': plain_code(row.code)[::-1]} for row in rows],
        )
    people = (
        'SELECT a.view_id AS id, a.name AS name, d.agency_code AS agency FROM applicant a'
        ' JOIN source_dossier v ON v.id = a.view_id JOIN dossier d ON d.id = v.dossier_id'
        ' WHERE a.view_id > :after ORDER BY a.view_id LIMIT :n'
    )
    for rows in _chunks(connection, people):
        connection.execute(
            sa.text('UPDATE applicant SET agency_code = :a, folded = :f, folded_back = :b WHERE view_id = :id'),
            [{'id': row.id, 'a': row.agency, 'f': folded(row.name), 'b': folded_back(row.name)} for row in rows],
        )
    seen = connection.execute(
        sa.text(
            "SELECT procedure_code AS code, min(procedure_name) AS name, min(field_code) AS field FROM dossier"
            " WHERE procedure_code <> '' GROUP BY procedure_code"
        )
    ).all()
    if seen:
        connection.execute(
            sa.text('INSERT INTO procedure_seen (code, name, field_code, folded) VALUES (:c, :n, :f, :d)'),
            [{'c': row.code, 'n': row.name, 'f': row.field, 'd': folded(f'{row.code} {row.name}')} for row in seen],
        )
    connection.execute(sa.text("UPDATE dossier SET next_change_at = facts_at WHERE code <> ''"))


def _chunks(connection: Any, query: str) -> Any:
    after = 0
    while rows := connection.execute(sa.text(query), {'after': after, 'n': _AT_ONCE}).all():
        yield rows
        after = rows[-1].id


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
