"""row-level security on PostgreSQL: a transaction sees the agencies that it was narrowed to, and nothing without saying"""

from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

# A missing setting is null, and null lets nothing through. The settings are read once a statement (InitPlan), not a row.
_ALL = "(SELECT current_setting('app.{what}', true)) = '*'"
_AMONG = "{column} = ANY (string_to_array((SELECT current_setting('app.{what}', true)), chr(31)))"


def _by(column: str) -> str:
    return f"{_ALL.format(what='agencies')} OR {_AMONG.format(column=column, what='agencies')}"


def _through(inner: str, column: str, what: str = "agencies") -> str:
    among = _AMONG.format(column=column, what=what)
    return f"{_ALL.format(what=what)} OR EXISTS (SELECT 1 FROM {inner} AND {among})"


def _of_dossier(table: str) -> str:
    return _through(f"dossier d WHERE d.id = {table}.dossier_id", "d.agency_code")


def _of_letter(table: str) -> str:
    return _through(f"letter l WHERE l.id = {table}.letter_id", "l.agency_code")


_VIEW = "source_dossier v JOIN dossier d ON d.id = v.dossier_id WHERE "
POLICIES = {
    "dossier": _by("agency_code"),
    "letter": _by("agency_code"),
    "notice": _by("agency_code"),
    "standing": _by("agency_code"),
    "letter_number": _by("agency_code"),
    "source_dossier": _of_dossier("source_dossier"),
    "crossing": _of_dossier("crossing"),
    "finding": f"dossier_id IS NULL OR {_of_dossier('finding')}",
    "letter_step": _of_letter("letter_step"),
    "observation": _through(f"{_VIEW} v.source = observation.source AND v.key = observation.key", "d.agency_code"),
    # the citizens themselves: a narrower setting
    "applicant": _through(f"{_VIEW} v.id = applicant.view_id", "d.agency_code", "persons"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_agency ON {table} USING ({rule})")


def downgrade() -> None:
    raise NotImplementedError("a store only moves forward: restore a backup instead")
