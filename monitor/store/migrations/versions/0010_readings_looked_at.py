"""what a reading is believed for: gates and their evidence, drift of the full sweep, age of each dossier's evidence

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store import types

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("source", sa.Column("evidence_at", types.Instant(), nullable=True))
    op.add_column("source", sa.Column("row_keys", sa.Text(), server_default="", nullable=False))
    op.add_column("source", sa.Column("accepted_rows", sa.Integer(), nullable=True))
    op.add_column("pull", sa.Column("rows_drifted", sa.Integer(), server_default="0", nullable=False))
    op.add_column("source_dossier", sa.Column("unseen_since_at", types.Instant(), nullable=True))
    op.create_index("ix_source_dossier_unseen", "source_dossier", ["source", "unseen_since_at"])
    op.create_table(
        "quarantine",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("pull_id", _ID, nullable=False),
        sa.Column("gate", sa.String(length=32), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("found_at", types.Instant(), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", types.Instant(), nullable=False),
        sa.Column("observation_id", _ID, nullable=True),
        sa.Column("settled_at", types.Instant(), nullable=True),
        sa.Column("settled_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_quarantine_source_source")),
        sa.ForeignKeyConstraint(["pull_id"], ["pull.id"], name=op.f("fk_quarantine_pull_id_pull")),
        sa.ForeignKeyConstraint(
            ["observation_id"], ["observation.id"], name=op.f("fk_quarantine_observation_id_observation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_source"), "quarantine", ["source"])


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
