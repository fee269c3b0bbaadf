"""A TD one-stop that behaves as connectors.md §5 says, until a test tells it not to."""

from typing import Any

from tests.peers.scripted import Asked, Reply, json_reply

USER, PASSWORD, SECURITY, TENANT = "giam-sat", "mật-khẩu-Ω", "mã-an-toàn", "h99"
TOKEN_PATH = "/api/tokens"
QUOTA = "Số lượt truy cập API đã đạt giới hạn 1000 lần/ngày!"


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A dossier of an invented person: received on 3 November, promised for the 10th, month first."""
    plain = {
        "id": f"7b2f0d8e-0000-4000-8000-{number:012d}",
        "maHoSo": f"H99.14-251103-{number:04d}",
        "maHoSoKhac": None,
        "maTTHC": "1.000003",
        "tenTTHC": None,
        "trangThaiHoSoId": "4",
        "tenDonVi": "UBND xã Mẫu",
        "chuHoSo": "NGUYỄN VĂN MẪU",
        "ngayNopHoSo": "11/03/2025 08:00:00",
        "ngayTiepNhan": "11/03/2025 08:15:00",
        "ngayHenTra": "11/10/2025 08:15:00",
        "ngayKetThucXuLy": None,
        "ngayTra": None,
        "deletedOn": None,
        "lastModifiedOn": "2025-11-03T08:15:00.1234567",
        "trangThaiThuPhi": None,
    }
    return {**plain, **facts}


class TdPeer:
    """`lives` is how many searches a token answers, `quota` how many a day; None = without end. `filters` False is
    the real server's slip: the code asked for restricts nothing."""

    def __init__(
        self, rows: list[Any], lives: int | None = None, quota: int | None = None, filters: bool = True
    ) -> None:
        self.rows = rows
        self.lives, self.quota, self.filters = lives, quota, filters
        self.sign_ins = self.searches = 0
        self._left = 0

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("tenant") != TENANT:
            return json_reply({"messages": ["tenant?"], "exception": "Authentication Failed."}, 401)
        if asked.path == TOKEN_PATH:
            return self._sign_in(asked)
        if asked.headers.get("authorization") != f"Bearer token-{self.sign_ins}" or self._left == 0:
            return json_reply({"messages": [], "exception": "Authentication Failed.", "statusCode": 401}, 401)
        self._left -= 1
        self.searches += 1
        if self.quota is not None and self.searches > self.quota:
            return json_reply({"succeeded": False, "failed": True, "message": QUOTA, "data": None})
        return json_reply(self._page(asked))

    def _page(self, asked: Asked) -> dict[str, Any]:
        number, size = int(asked.query["PageNumber"]), int(asked.query["PageSize"])
        wanted = asked.query.get("MaHoSo")
        rows = [row for row in self.rows if not (wanted and self.filters) or row["maHoSo"] == wanted]
        part = rows[(number - 1) * size : number * size]
        total = len(rows) if part else 0
        return enveloped(part or None, total, number, size, number * size < len(rows))

    def _sign_in(self, asked: Asked) -> Reply:
        if asked.json() != {"userName": USER, "password": PASSWORD, "securityCode": SECURITY}:
            return json_reply({"messages": ["Authentication Failed."], "statusCode": 401}, 401)
        self.sign_ins += 1
        self._left = -1 if self.lives is None else self.lives
        return json_reply({"token": f"token-{self.sign_ins}", "refreshToken": "r", "refreshTokenExpiryTime": None})


def enveloped(rows: Any, total: int, number: int = 1, size: int = 50, more: bool = False) -> dict[str, Any]:
    """An answer in TD's envelope."""
    page = {
        "data": rows,
        "currentPage": number,
        "totalPages": -(-total // size),
        "totalCount": total,
        "pageSize": size,
        "hasPreviousPage": number > 1,
        "hasNextPage": more,
    }
    return {"succeeded": True, "failed": False, "message": None, "data": page}
