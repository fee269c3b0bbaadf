"""A portal of the mapi family that behaves as connectors.md §2 says, until a test tells it not to."""

from typing import Any

from tests.peers.scripted import Asked, Reply, json_reply

FORWARD = "/XrdAdapter/RestService/forward"
USERNAME, PASSWORD, UNIT = "h99-giamsat", "mật-khẩu-Ω", "000.00.00.H99"
EXPIRED = {"error_code": "-1", "message": "Phiên làm việc đã hết hạn"}


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A dossier of an invented person, in the ministry shape of `TraCuuHoSo`."""
    plain = {
        "MaHoSo": f"H99.14-251103-{number:04d}",
        "MaTTHC": "1.000001",
        "TenDVC": "Cấp giấy phép mẫu",
        "HoTenNguoiNop": "Nguyễn Văn Mẫu",
        "MaTrangThai": "4",
        "TrangThaiHoSo": "Đang xử lý",
        "DonViXuLy": "Sở Xây dựng tỉnh Mẫu",
        "MaDonViXuLy": "000.14.00.H99",
        "NgayNop": "03/11/2025 08:10:00",
        "NgayTiepNhan": "03/11/2025 08:15:00",
        "NgayHenTra": "10/11/2025 08:15:00",
        "HinhThucNhanKQ": "0",
    }
    return {**plain, **facts}


class DvcqgPeer:
    """`lives` is how many calls a session answers before it ends; None = for ever."""

    def __init__(
        self, rows: list[Any], root_key: str = "data", success: object = "0", lives: int | None = None
    ) -> None:
        self.rows = rows
        self.root_key = root_key
        self.success = success
        self.lives = lives
        self.sign_ins = 0
        self._left = 0

    def __call__(self, asked: Asked) -> Reply:
        body = asked.json()
        if asked.path.endswith("/login"):
            return self._sign_in(body)
        if body.get("session") != f"phiên-{self.sign_ins}" or self._left == 0:
            return json_reply(EXPIRED)
        self._left -= 1
        if body["service"] == "TraCuuHoSo":
            return self.answer([row for row in self.rows if not isinstance(row, dict) or _is(row, body["mahoso"])])
        return self.answer([row for row in self.rows if _received_within(row, body["ngayNhan1"], body["ngayNhan2"])])

    def answer(self, rows: list[Any]) -> Reply:
        return json_reply({"error_code": self.success, "message": "", self.root_key: rows})

    def _sign_in(self, body: dict[str, Any]) -> Reply:
        if (body.get("username"), body.get("password")) != (USERNAME, PASSWORD):
            return json_reply({"error_code": "-1", "message": "Sai tên đăng nhập hoặc mật khẩu"})
        self.sign_ins += 1
        self._left = -1 if self.lives is None else self.lives
        return json_reply({"error_code": self.success, "message": "", "session": f"phiên-{self.sign_ins}"})


def _is(row: dict[str, Any], code: str) -> bool:
    return code in (row.get("MaHoSo"), row.get("SoBienNhan")) or not row.get("MaHoSo")


def _received_within(row: Any, since: str, until: str) -> bool:
    if not isinstance(row, dict) or len(str(row.get("NgayTiepNhan"))) < 10:
        return True
    text = str(row["NgayTiepNhan"])
    return since <= f"{text[6:10]}-{text[3:5]}-{text[:2]}" <= until
