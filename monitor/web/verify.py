"""The page behind a letter's QR: whether the paper is genuine, and nothing about the person."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from monitor.letters.verify import Paper, paper_state
from monitor.store.database import reading
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, anyone
from monitor.words import Words

_SAID = {
    Paper.ISSUED: (
        "plain",
        Words("Phiếu thật", "Genuine"),
        Words(
            "Phiếu có mã hồ sơ và mã đối chiếu này đã được ký ban hành.",
            "A letter with this dossier code and this check code has been signed and issued.",
        ),
    ),
    Paper.DRAFT: (
        "plain",
        Words("Dự thảo", "Draft"),
        Words("Đây là bản dự thảo, chưa được ký ban hành.", "This is a draft; it has not been signed and issued."),
    ),
    Paper.WITHDRAWN: (
        "late",
        Words("Đã thu hồi", "Withdrawn"),
        Words(
            "Phiếu này đã được thu hồi hoặc không còn hiệu lực.",
            "This letter has been withdrawn or is no longer valid.",
        ),
    ),
    Paper.UNKNOWN: (
        "late",
        Words("Không xác nhận được", "Not confirmed"),
        Words(
            "Không có phiếu nào mang mã hồ sơ và mã đối chiếu này. Phiếu in trước khi lời văn thay đổi cũng không còn "
            "được xác nhận. Kiểm tra lại hai mã ở chân trang, hoặc liên hệ cơ quan ghi trên phiếu.",
            "No letter bears this dossier code and this check code. A letter printed before its words changed is not "
            "confirmed either. Check the two codes at the foot of the page, or ask the agency named on the letter.",
        ),
    ),
}


def router(program: WebNeeds, shown: Pages) -> APIRouter:
    """One route, for anybody who holds a paper."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/verify")
    @anyone
    def verify(
        visit: VisitDep,
        ma: Annotated[str, Query(max_length=160)] = "",
        doi_chieu: Annotated[str, Query(max_length=40)] = "",
    ) -> str:
        """`ma` alone may hold what the QR says: code and check with a space between."""
        code, check = ma.strip(), "".join(doi_chieu.split())
        if not check:
            code, _, check = code.rpartition(" ")
        said = None
        if code and check:
            with reading(program.engine) as session:
                tone, *words = _SAID[paper_state(session, code.strip(), check)]
            said = (tone, *(visit.say(one) for one in words))
        return shown.page("verify.html", now=visit.now, here="", visit=visit, said=said, code=ma, check=doi_chieu)

    return routes
