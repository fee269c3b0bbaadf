"""An iGate tenant that behaves as connectors.md §4 says, until a test tells it not to."""

from typing import Any

from tests.peers.scripted import Asked, Reply, json_reply

CLIENT, SECRET = "giám-sát", "bí-mật-Ω"
TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A dossier of an invented person. `person` and `state` reach into the nested objects."""
    person, state = facts.pop("person", "NGUYỄN VĂN MẪU"), facts.pop("state", 2)
    plain = {
        "id": f"6720aa11bb22cc33dd{number:06d}",
        "code": f"H99.14-251103-{number:04d}",
        "nationCode": f"H99.14-251103-{number:04d}",
        "dossierStatus": {"id": state, "name": ""},
        "applicant": {"data": {"fullname": person, "phoneNumber": "0900000003"}},
        "procedure": {"code": "1.000003", "translate": [{"languageId": 228, "name": "Xác nhận mẫu"}]},
        "agency": {"id": "62", "name": "UBND xã Mẫu", "code": "000.00.15.H98"},
        "appliedDate": "2025-11-03T08:01:00.000+0700",
        "acceptedDate": "2025-11-03T08:15:00.000+0700",
        "appointmentDate": "2025-11-10T08:15:00.000+0700",
        "updatedDate": "2025-11-03T08:20:00.000+0700",
        "completedDate": None,
        "undefindedCompleteTime": 0,
        "currentTask": [{"assignee": {"fullname": "Đỗ Thị Mẫu"}, "dueDate": "2025-11-05T17:00:00.000+0700"}],
    }
    return {**plain, **facts}


class IgatePeer:
    """`lives` is how many searches a token answers; None = for ever. `totals` False is a slice."""

    def __init__(self, rows: list[Any], lives: int | None = None, totals: bool = True) -> None:
        self.rows = rows
        self.lives = lives
        self.totals = totals
        self.sign_ins = 0
        self._left = 0

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == TOKEN_PATH:
            return self._sign_in(asked)
        if asked.headers.get("authorization") != f"Bearer token-{self.sign_ins}" or self._left == 0:
            return Reply(b"<html>token expired</html>", 401)
        self._left -= 1
        page, size = int(asked.query["page"]), int(asked.query["size"])
        rows = [row for row in self.rows if _wanted(row, asked)]
        part = rows[page * size : (page + 1) * size]
        envelope: dict[str, Any] = {
            "content": part,
            "last": (page + 1) * size >= len(rows),
            "number": page,
            "size": size,
        }
        return json_reply(envelope | ({"totalElements": len(rows)} if self.totals else {}))

    def _sign_in(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != "Basic Z2nDoW0tc8OhdDpiw60tbeG6rXQtzqk=":
            return json_reply({"error": "unauthorized_client"}, 401)
        self.sign_ins += 1
        self._left = -1 if self.lives is None else self.lives
        return json_reply({"access_token": f"token-{self.sign_ins}", "expires_in": 300, "token_type": "Bearer"})


def _wanted(row: Any, asked: Asked) -> bool:
    if not isinstance(row, dict):
        return True
    if asked.query.get("dossier-status"):
        return str(row["dossierStatus"]["id"]) in asked.query["dossier-status"].split(",")
    return asked.query.get("code-match", row.get("code")) == row.get("code")
