"""accounts of officials, their roles, sessions and tokens"""

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', _ID, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('password_set_at', types.Instant(), nullable=True),
    sa.Column('must_change', sa.Boolean(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('retry_not_before_at', types.Instant(), nullable=True),
    sa.Column('locked_at', types.Instant(), nullable=True),
    sa.Column('totp_sealed', sa.Text(), nullable=False),
    sa.Column('totp_on_at', types.Instant(), nullable=True),
    sa.Column('totp_last_step', sa.BigInteger(), nullable=False),
    sa.Column('sso_name', sa.String(length=200), nullable=False),
    sa.Column('sso_subject', sa.String(length=400), nullable=True),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('signed_in_at', types.Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('name', name=op.f('uq_account_name')),
    sa.UniqueConstraint('sso_subject', name=op.f('uq_account_sso_subject'))
    )
    op.create_index(op.f('ix_account_sso_name'), 'account', ['sso_name'], unique=False)

    op.create_table('account_role',
    sa.Column('account_id', _ID, nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_role_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', 'role', 'agency_code', name=op.f('pk_account_role'))
    )

    op.create_table('web_session',
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', _ID, nullable=False),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('seen_at', types.Instant(), nullable=False),
    sa.Column('ends_at', types.Instant(), nullable=False),
    sa.Column('awaits_code', sa.Boolean(), nullable=False),
    sa.Column('agent', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_web_session_account_id_account')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_web_session'))
    )
    op.create_index(op.f('ix_web_session_account_id'), 'web_session', ['account_id'], unique=False)

    op.create_table('api_token',
    sa.Column('id', _ID, nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', _ID, nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('rights', sa.String(length=400), nullable=False),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('ends_at', types.Instant(), nullable=False),
    sa.Column('used_at', types.Instant(), nullable=True),
    sa.Column('revoked_at', types.Instant(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_api_token_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('hash', name=op.f('uq_api_token_hash'))
    )
    op.create_index(op.f('ix_api_token_account_id'), 'api_token', ['account_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
