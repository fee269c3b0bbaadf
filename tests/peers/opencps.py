"""An OpenCPS one-stop that behaves as connectors.md §1 says, until a test tells it not to."""

import base64
from datetime import datetime
from typing import Any

from tests.peers.scripted import Asked, Reply, json_reply

GROUP_ID, USERNAME, PASSWORD = 35166, "giám-sát", "mật-khẩu-Ω"
PATH = "/o/rest/v2/dossiers"
NOT_SIGNED_IN = {"message": "Non-Authoritative Information.", "code": 203, "description": None}
ANY_FAILURE = {"message": "No Content.", "code": 403, "description": "java.lang.NullPointerException"}
_WINDOWS = {"ReceiveDate": "receiveDate", "ReleaseDate": "releaseDate", "FinishDate": "finishDate"}


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A dossier of an invented person, as the server writes it."""
    plain = {
        "dossierId": 904_000 + number,
        "groupId": GROUP_ID,
        "referenceUid": f"5d0c3c1e-7a55-4f0e-9a0b-{number:012d}",
        "dossierNo": f"H99.14-251103-{number:04d}",
        "serviceCode": "1.000001",
        "serviceName": "Cấp giấy phép mẫu",
        "govAgencyCode": "H99.14",
        "govAgencyName": "Sở Xây dựng tỉnh Mẫu",
        "applicantName": "NGUYỄN VĂN MẪU",
        "applicantIdType": "citizen",
        "applicantIdNo": "001099000001",
        "contactTelNo": "0900000001",
        "receiveDate": "03/11/2025 08:15:00",
        "dueDate": "10/11/2025 08:15:00",
        "extendDate": "",
        "releaseDate": "",
        "finishDate": "",
        "dossierStatus": "processing",
        "lockState": "",
        "dossierOverdue": "Quá 1 ngày",
        "online": "false",
        "originality": 3,
    }
    return {**plain, **facts}


class OpencpsPeer:
    """`rows` is the table; `guest_rows` what a caller without valid credentials sees."""

    def __init__(self, rows: list[Any], guest_rows: int = 0) -> None:
        self.rows = rows
        self.guest_rows = guest_rows
        self.total_lie = 0
        self.password = PASSWORD

    def __call__(self, asked: Asked) -> Reply:
        if asked.path != PATH:
            return json_reply(NOT_SIGNED_IN, 203)
        rows = [row for row in self.rows if _wanted(row, asked)]
        if not self._is_known(asked) or asked.headers.get("groupid") != str(GROUP_ID):
            rows = rows[: self.guest_rows]
        start, end = int(asked.query.get("start", 0)), int(asked.query.get("end", 0))
        return json_reply({"total": len(rows) + self.total_lie, "data": rows[start : end or None]})

    def _is_known(self, asked: Asked) -> bool:
        expected = base64.b64encode(f"{USERNAME}:{self.password}".encode()).decode()
        return asked.headers.get("authorization") == f"Basic {expected}"


def _wanted(row: Any, asked: Asked) -> bool:
    if not isinstance(row, dict):
        return True
    query = asked.query
    if query.get("status") and row.get("dossierStatus") not in query["status"].split(","):
        return False
    if query.get("dossierNo") and query["dossierNo"][:10] not in str(row.get("dossierNo")):  # contains: neighbours too
        return False
    for name, field in _WINDOWS.items():
        since, until = _day(query.get(f"from{name}")), _day(query.get(f"to{name}"))
        if since and until:
            day = _day(str(row.get(field))[:10])
            if day is None or not since <= day <= until:
                return False
    return True


def _day(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%d/%m/%Y")  # noqa: DTZ007 - only days are compared
    except ValueError:
        return None
