"""The letter behind its link, as PDF to print and DOCX to edit. Made from the stored words each time it is asked for.

A letter holds a citizen's name, so its answer is never stored by a browser or a proxy and its file name is made of
codes only. The list of letters, which holds no name, is on the pages.
"""

import re
from typing import Literal

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from monitor import TEMPLATES, logs
from monitor.access.rights import Right
from monitor.letters.content import Content
from monitor.letters.fonts import GlyphMissing
from monitor.letters.sheet import entries, numbered
from monitor.store.tables import Letter
from monitor.web.visit import StoredId, Visit, VisitDep, anyone, needs

log = logs.get("web")

_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# the browser's own viewer of a PDF puts its styles and its frame into the answer's document
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_STYLES = TEMPLATES / "web" / "dunghen.css"


def router() -> APIRouter:
    """Routes of files: letters and the stylesheet."""
    routes = APIRouter()

    @routes.get("/letters/{letter_id}.{kind}", include_in_schema=False)
    @needs(Right.SEE_PERSONS)
    def letter(visit: VisitDep, letter_id: StoredId, kind: Literal["pdf", "docx"]) -> Response:
        content = _content(visit, letter_id)
        visit.saw("letter", f"letter:{letter_id}", kind=kind)
        place = "inline" if kind == "pdf" else "attachment"
        headers = {"Content-Disposition": f'{place}; filename="{file_name(content)}.{kind}"'}
        if kind == "pdf":
            headers["Content-Security-Policy"] = PDF_POLICY
        try:
            made = _made(kind, content)
        except GlyphMissing as missing:
            # the log does not say which character: it may stand in a name; who asks works on the letter
            log.error("letter_not_made", letter_id=letter_id, exc_info=missing)
            raise HTTPException(422, visit.say(missing.words)) from None
        return Response(made, media_type=_TYPES[kind], headers=headers)

    @routes.get("/dunghen.css", include_in_schema=False)
    @anyone
    def styles() -> Response:
        return FileResponse(_STYLES, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return routes


def file_name(content: Content) -> str:
    """`H19.23-260301-0001-1`: the dossier's code and the promise, in characters every system accepts."""
    code = re.sub(r"[^A-Za-z0-9.-]+|\.{2,}", "-", content.dossier_code).strip("-.") or "thu"
    return f"{code}-{content.promise_number}"


def _content(visit: Visit, letter_id: int) -> Content:
    with visit.reading() as session:
        found = session.get(Letter, letter_id)
        if found is None:
            raise HTTPException(404)
        visit.demand(Right.SEE_PERSONS, found.agency_code)
        if not found.content or found.suspended_for or found.state in ("void", "missed", "not_needed"):
            # nothing drafted, or a doubt that a person must clear before anything is handed out
            raise HTTPException(409)
        return numbered(Content.from_dict(found.content), entries(session, [letter_id]).get(letter_id))


def _made(kind: Literal["pdf", "docx"], content: Content) -> bytes:
    # both bring slow libraries: the pages shall not wait for them at start
    if kind == "pdf":
        from monitor.letters.paper import pdf

        return pdf([content])
    from monitor.letters.word import docx

    return docx(content)
