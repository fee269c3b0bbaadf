"""An API as some vendor might write one: basic sign-in, nested rows, three ways of paging."""

from base64 import b64encode
from typing import Any

from tests.peers.scripted import Asked, Reply, json_reply

USER, PASSWORD, TOKEN = "giam-sat", "mật-khẩu-Ω", "khoa-api-bi-mat"
_BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A dossier of an invented person. `person` reaches into the nested object."""
    person = facts.pop("person", "NGUYỄN VĂN MẪU")
    plain = {
        "uid": 904000 + number,
        "so_ho_so": f"H99.14-251103-{number:04d}",
        "trang_thai": "processing",
        "chu_ho_so": {"ho_ten": person},
        "nhan": "03/11/2025 08:15:00",
        "hen": "10/11/2025 08:15:00",
        "xong": None,
        "sua": "2025-11-03T08:20:00+07:00",
        "buoc": [{"can_bo": "Đỗ Thị Mẫu"}],
    }
    return {**plain, **facts}


class RestPeer:
    """`paging` as in the settings; `at_most` rows an answer whatever was asked for; `tells` what it says about the end
    ("total", "more", or nothing)."""

    def __init__(self, rows: list[Any], paging: str = "offset", at_most: int = 1000, tells: str = "total") -> None:
        self.rows = rows
        self.paging, self.at_most, self.tells = paging, at_most, tells

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") not in (_BASIC, f"Bearer {TOKEN}") and (
            asked.headers.get("x-api-key") != TOKEN
        ):
            return json_reply({"message": "unauthorized"}, 401)
        query = asked.query if asked.method == "GET" else asked.json()
        rows = [row for row in self.rows if not isinstance(row, dict) or _wanted(row, query)]
        size = min(int(query.get("limit", 10**6)), self.at_most)
        start = self._start(query, size)
        part, more = rows[start : start + size], start + size < len(rows)
        data: dict[str, Any] = {"items": part}
        if self.tells == "total":
            data["total"] = len(rows)
        elif self.tells == "more":
            data["more"] = more
        if self.paging == "cursor":
            data["next"] = f"c{start + size}" if more else None
        return json_reply({"status": "OK", "data": data})

    def _start(self, query: Any, size: int) -> int:
        if self.paging == "offset":
            return int(query.get("offset", 0))
        if self.paging == "page":
            return (int(query["page"]) - 1) * size
        return int(query.get("cursor", "c0")[1:]) if self.paging == "cursor" else 0


def _wanted(row: dict[str, Any], query: Any) -> bool:
    since = query.get("since")
    return query.get("code", row.get("so_ho_so")) == row.get("so_ho_so") and (not since or row["sua"] >= since)
