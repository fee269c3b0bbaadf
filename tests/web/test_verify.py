"""The page behind a letter's QR: for anybody, one word about the paper, none about the person."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.letters.content import Content
from monitor.store.tables import Dossier, Letter
from tests.letters.samples import letter
from tests.web.conftest import served


@pytest.fixture
def paper(program: Any) -> Content:
    """A signed letter of the desk's store, with words of its own."""
    with Session(program.engine) as session, session.begin():
        letter_id, code = session.execute(
            select(Letter.id, Dossier.code).join(Dossier, Dossier.id == Letter.dossier_id).limit(1)
        ).one()
        content = letter(dossier_code=code)
        session.execute(
            update(Letter)
            .where(Letter.id == letter_id)
            .values(content=content.to_dict(), content_hash=content.hash, state="signed")
        )
    return content


def test_a_stranger_learns_whether_a_paper_is_genuine_and_nothing_else(program: Any, paper: Content) -> None:
    code, check = paper.dossier_code, paper.check
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        assert "Kiểm tra phiếu" in client.get("/verify").text
        for asked in (
            {"ma": code, "doi_chieu": check},
            {"ma": paper.qr},
            {"ma": f" {code} ", "doi_chieu": check.lower()},
        ):
            said = client.get("/verify", params=asked)
            assert said.status_code == 200
            assert "Phiếu thật" in said.text
            assert "Hạnh" not in said.text
            assert paper.values["thu_tuc"] not in said.text
        for asked in (
            {"ma": code, "doi_chieu": "0" * 12},
            {"ma": "x", "doi_chieu": check},
            {"ma": code, "doi_chieu": "%"},
        ):
            said = client.get("/verify", params=asked)
            assert "Không xác nhận được" in said.text
        assert client.get("/verify", params={"ma": "<script>"}).text.count("<script>") == 0
        assert client.get("/verify", params={"ma": "x" * 200}).status_code == 400
