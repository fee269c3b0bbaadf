"""The life of a letter: its steps, and the numbers of the register"""

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('letter_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('letter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('step', sa.String(length=16), nullable=False),
    sa.Column('at', types.Instant(), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_letter_step_letter_id_letter')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_step'))
    )
    op.create_index(op.f('ix_letter_step_letter_id'), 'letter_step', ['letter_id'], unique=False)

    op.create_table('letter_number',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('book', sa.String(length=80), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('symbol', sa.String(length=80), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=False),
    sa.Column('letter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_letter_number_letter_id_letter')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_number')),
    sa.UniqueConstraint('agency_code', 'book', 'year', 'number', name=op.f('uq_letter_number_agency_code_book_year_number'))
    )
    op.create_index(op.f('ix_letter_number_letter_id'), 'letter_number', ['letter_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
