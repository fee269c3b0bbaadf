"""Ladders frozen with their policy, officials' answers, lists told; a notice keeps its rung's channels and its repeat"""

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('policy',
    sa.Column('id', _ID, nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('rungs', sa.JSON(), nullable=False),
    sa.Column('adopted_at', types.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy')),
    sa.UniqueConstraint('hash', name=op.f('uq_policy_hash'))
    )

    op.create_table('ladder',
    sa.Column('dossier_id', _ID, nullable=False),
    sa.Column('promise_number', sa.Integer(), nullable=False),
    sa.Column('policy_id', _ID, nullable=False),
    sa.Column('started_at', types.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['dossier_id'], ['dossier.id'], name=op.f('fk_ladder_dossier_id_dossier')),
    sa.ForeignKeyConstraint(['policy_id'], ['policy.id'], name=op.f('fk_ladder_policy_id_policy')),
    sa.PrimaryKeyConstraint('dossier_id', 'promise_number', name=op.f('pk_ladder'))
    )
    op.create_index(op.f('ix_ladder_policy_id'), 'ladder', ['policy_id'], unique=False)

    op.create_table('acknowledgement',
    sa.Column('id', _ID, nullable=False),
    sa.Column('dossier_id', _ID, nullable=False),
    sa.Column('promise_number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=48), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('promised_on', sa.Date(), nullable=True),
    sa.Column('until_at', types.Instant(), nullable=False),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('where_from', sa.String(length=16), nullable=False),
    sa.Column('ended_at', types.Instant(), nullable=True),
    sa.Column('ended_as', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['dossier_id'], ['dossier.id'], name=op.f('fk_acknowledgement_dossier_id_dossier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acknowledgement'))
    )
    op.create_index('ix_acknowledgement_dossier_id_ended_at', 'acknowledgement', ['dossier_id', 'ended_at'], unique=False)

    op.create_table('digest',
    sa.Column('id', _ID, nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('standing', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digest')),
    sa.UniqueConstraint('key', name=op.f('uq_digest_key'))
    )
    op.create_index('ix_digest_person_kind_made_at', 'digest', ['person', 'kind', 'made_at'], unique=False)

    op.add_column('notice', sa.Column('channels', sa.String(length=200), server_default='', nullable=False))
    op.add_column('notice', sa.Column('repeat', sa.Integer(), server_default='0', nullable=False))
    op.add_column('message_notice', sa.Column('withdrawn_at', types.Instant(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
