"""The page behind a letter's QR: whether the paper is genuine, and nothing about the person."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from monitor.letters.verify import Paper, paper_state
from monitor.store.database import reading
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, anyone

_SAID = {
    Paper.ISSUED: ("plain", "Phiếu thật", "Phiếu có mã hồ sơ và mã đối chiếu này đã được ký ban hành."),
    Paper.DRAFT: ("plain", "Dự thảo", "Đây là bản dự thảo, chưa được ký ban hành."),
    Paper.WITHDRAWN: ("late", "Đã thu hồi", "Phiếu này đã được thu hồi hoặc không còn hiệu lực."),
    Paper.UNKNOWN: (
        "late",
        "Không xác nhận được",
        "Không có phiếu nào mang mã hồ sơ và mã đối chiếu này. Phiếu in trước khi lời văn thay đổi cũng không còn được "
        "xác nhận. Kiểm tra lại hai mã ở chân trang, hoặc liên hệ cơ quan ghi trên phiếu.",
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
                said = _SAID[paper_state(session, code.strip(), check)]
        known = None if visit.is_stranger else visit
        return shown.page("verify.html", now=visit.now, here="", visit=known, said=said, code=ma, check=doi_chieu)

    return routes
