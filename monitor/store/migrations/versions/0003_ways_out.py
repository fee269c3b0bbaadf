"""The ways out: chats linked to people, parked and moved addresses, buttons pressed, calendars fetched"""

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('link',
    sa.Column('id', _ID, nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('expires_at', types.Instant(), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('shown_name', sa.String(length=200), nullable=False),
    sa.Column('claimed_at', types.Instant(), nullable=True),
    sa.Column('confirmed_at', types.Instant(), nullable=True),
    sa.Column('confirmed_by', sa.String(length=120), nullable=False),
    sa.Column('ended_at', types.Instant(), nullable=True),
    sa.Column('ended_for', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_link')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_link_code_hash'))
    )
    op.create_index(op.f('ix_link_person'), 'link', ['person'], unique=False)
    op.create_index(op.f('ix_link_address'), 'link', ['address'], unique=False)

    op.create_table('parked_address',
    sa.Column('id', _ID, nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('parked_at', types.Instant(), nullable=False),
    sa.Column('lifted_at', types.Instant(), nullable=True),
    sa.Column('lifted_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parked_address'))
    )
    op.create_index('ix_parked_address_channel_address', 'parked_address', ['channel', 'address'], unique=False)

    op.create_table('moved_address',
    sa.Column('id', _ID, nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('old', sa.String(length=254), nullable=False),
    sa.Column('new', sa.String(length=254), nullable=False),
    sa.Column('moved_at', types.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_moved_address'))
    )
    op.create_index('uq_moved_address_channel_old', 'moved_address', ['channel', 'old'], unique=True)

    op.create_table('bot_update',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('heard_at', types.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bot_update'))
    )

    op.create_table('pressed',
    sa.Column('id', _ID, nullable=False),
    sa.Column('button', sa.String(length=64), nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('pressed_at', types.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pressed')),
    sa.UniqueConstraint('button', name=op.f('uq_pressed_button'))
    )

    op.create_table('feed',
    sa.Column('id', _ID, nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=48), nullable=False),
    sa.Column('agency_code', sa.String(length=80), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.Column('made_at', types.Instant(), nullable=False),
    sa.Column('ended_at', types.Instant(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feed')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_feed_token_hash'))
    )
    op.create_index(op.f('ix_feed_person'), 'feed', ['person'], unique=False)

    op.add_column('message', sa.Column('shown', sa.String(length=32), server_default='', nullable=False))
    op.add_column('message', sa.Column('shown_at', types.Instant(), nullable=True))
    op.create_index(op.f('ix_message_shown'), 'message', ['shown'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
