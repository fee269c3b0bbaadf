"""A portal of the DVCQG `mapi` family behind an adapter path (connectors.md §2):
sign-in, one dossier, a list by day."""

import json
import secrets
from datetime import date, datetime

from monitor.sandbox.faults import Fault, Faults
from monitor.sandbox.http import Peer, Reply, Request, json_reply
from monitor.sandbox.one_stop import stamp
from monitor.sandbox.state import FINISHED, World, status_at
from monitor.sandbox.values import Dossier

PATH = "/XrdAdapter/RestService/forward"
USERNAME = "h19-giamsat"
UNIT_CODE = "000.00.00.H19"
DSTCODE = "VN:GOV:000.00.00.G22:vpcpdvcprovider"

CODES = {
    "new": "1",
    "receiving": "1",
    "processing": "4",
    "interoperating": "4",
    "waiting": "5",
    "paying": "6",
    "cancelled": "7",
    "pausing": "8",
    "lock": "8",
    "lock_overdue": "8",
    "unresolved": "8",
    "releasing": "9",
    "done": "10",
    "denied": "3",
}
TEXTS = {
    "1": "Mới đăng ký",
    "2": "Được tiếp nhận",
    "3": "Không được tiếp nhận",
    "4": "Đang xử lý",
    "5": "Yêu cầu bổ sung giấy tờ",
    "6": "Yêu cầu thực hiện nghĩa vụ tài chính",
    "7": "Công dân yêu cầu rút hồ sơ",
    "8": "Dừng xử lý",
    "9": "Đã xử lý xong",
    "10": "Đã trả kết quả",
}


class Portal(Peer):
    """`POST …/mapi/login` and `POST …/mapi/g`; every failure is a 200 with `error_code` "-1"."""

    name = "portal"

    def __init__(self, world: World, faults: Faults, password: str) -> None:
        super().__init__(faults)
        self._world = world
        self._password = password
        self._sessions: set[str] = set()
        self._by_code: dict[str, Dossier] = {}
        for one in world.province.dossiers:
            self._by_code[national_code(one)] = one
            self._by_code.setdefault(one.code, one)
        self.list_verb = "DanhSachHoSo"  # "" where the deployment has none
        self.root_key = "data"

    @property
    def url(self) -> str:
        """What goes into `[[sources]] url`."""
        return self.origin + PATH

    def handle(self, request: Request) -> Reply:
        if DSTCODE not in (request.query.get("dstcode"), request.headers.get("dstcode")):
            return Reply(b"Unknown destination", 404, "text/plain")  # the adapter itself, not the portal
        body = request.json()
        if not isinstance(body, dict):
            return _failed("Dữ liệu không hợp lệ")
        if request.path == f"{PATH}/mapi/login":
            return self._login(body)
        if request.path == f"{PATH}/mapi/g":
            return self._call(body)
        return Reply(b"Not Found", 404, "text/plain")

    def _login(self, body: dict[str, object]) -> Reply:
        wrong = self.faults.on(self.name, Fault.WRONG_PASSWORD)
        if wrong or (body.get("username"), body.get("password")) != (USERNAME, self._password):
            return _failed("Sai tên đăng nhập hoặc mật khẩu")
        session = secrets.token_hex(10)
        self._sessions.add(session)
        return json_reply({"error_code": 0, "message": "", "session": session})

    def _call(self, body: dict[str, object]) -> Reply:
        if self.faults.take(self.name, Fault.OLD_SESSION):
            self._sessions.clear()
        if body.get("session") not in self._sessions:
            return _failed("Phiên làm việc không hợp lệ hoặc đã hết hạn")
        if UNIT_CODE not in (body.get("madonvi"), body.get("donViXuLy")):
            return _failed("Mã đơn vị không đúng")
        service = body.get("service")
        if service == "TraCuuHoSo":
            return self._answer(self._look_up(str(body.get("mahoso", ""))))
        if self.list_verb and service == self.list_verb:
            since, until = _day(body.get("ngayNhan1")), _day(body.get("ngayNhan2"))
            if since is None or until is None:
                return _failed("Ngày không đúng định dạng yyyy-MM-dd")
            return self._answer(self._received_between(since, until))
        return _failed(f"Dịch vụ {service} không được hỗ trợ")

    def _look_up(self, code: str) -> list[tuple[Dossier, str]]:
        one = self._by_code.get(code)
        if one is None or one.broken_at == "one_stop":
            return []
        status = status_at(one, self._world.now)
        return [(one, status)] if status and _is_shown(one, status) else []

    def _received_between(self, since: date, until: date) -> list[tuple[Dossier, str]]:
        return [
            (one, status)
            for one, status in self._world.shown()
            if _is_shown(one, status) and since <= _received(one, status).date() <= until
        ]

    def _answer(self, found: list[tuple[Dossier, str]]) -> Reply:
        rows = [self._text(one, status, place) for place, (one, status) in enumerate(found)]
        if self._world.shuffle:
            self._world.dice("portal").shuffle(rows)
        return Reply(f'{{"error_code":"0","message":"","{self.root_key}":[{",".join(rows)}]}}'.encode())

    def _text(self, one: Dossier, status: str, place: int) -> str:
        row: object = self.row(one, status)
        if one.broken_at == "portal":
            row = _broken(self.row(one, status), one.broken_how)
        elif self._world.shuffle and isinstance(row, dict):
            keys = list(row)
            self._world.dice(one.number).shuffle(keys)
            row = {key: row[key] for key in keys}
        if isinstance(row, dict):
            self._spoil(row, place)
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    def _spoil(self, row: dict[str, object], place: int) -> None:
        if place == 0 and self.faults.take(self.name, Fault.HALF_RECORD):
            for key in list(row)[5:]:
                del row[key]
        if place == 0 and self.faults.take(self.name, Fault.BAD_DATE):
            row["NgayHenTra"] = "31/02/2026 08:00:00"
        if self.faults.on(self.name, Fault.UNKNOWN_STATUS):
            row["MaTrangThai"], row["TrangThaiHoSo"] = "11", ""
        if self.faults.on(self.name, Fault.NO_PROMISE):
            row["NgayHenTra"] = ""

    def row(self, one: Dossier, status: str) -> dict[str, object]:
        """One item in the ministry shape of `TraCuuHoSo`, with the two end dates of the national shape (§2.5)."""
        agency = self._world.province.agencies[one.agency]
        procedure = self._world.province.procedures[one.procedure]
        code = CODES.get(status, "11")
        released = one.released_at if status in FINISHED else None
        returned = one.returned_at if status in ("done", "unresolved", "cancelled", "denied") else None
        if one.quirk == "no_release_date":
            released = returned = None
        if one.portal == "masked" and code in ("5", "6", "8"):
            code = "9"  # the one-stop's own pause is pushed as finished (§2.7)
        elif one.portal == "done" and status not in FINISHED:
            code = "9"
        elif one.portal == "running" and status in FINISHED:
            code, released, returned = "4", None, None
        if one.quirk == "unknown_status":
            code = "0"
        promised = one.portal_promised_at or one.promised_at
        accepted = status not in ("new", "receiving")
        return {
            "MaTTHC": procedure.code,
            "MaDVC": procedure.code,
            "TenDVC": procedure.name,
            "MaHoSo": national_code(one),
            "SoBienNhan": one.code if one.from_national and accepted else "",
            "HoTenNguoiNop": one.name,
            "SoDienThoai": one.phone,
            "Email": one.email,
            "LoaiDoiTuong": "2" if one.is_business else "1",
            "KenhThucHien": {"counter": "1", "online": "2", "post": "3"}[one.channel],
            "MaLinhVuc": procedure.field_code,
            "TenLinhVuc": procedure.field_name,
            "MaTrangThai": code,
            "TrangThaiHoSo": TEXTS.get(code, ""),
            "DonViXuLy": agency.name,
            "MaDonViXuLy": agency.portal_code,
            "NgayNop": stamp(one.submitted_at),
            "NgayTiepNhan": stamp(one.received_at) if accepted else "",
            "NgayHenTra": stamp(promised) if accepted else "",
            "NgayKetThucXuLy": stamp(released),
            "NgayTra": stamp(returned),
            "HinhThucNhanKQ": "1" if one.channel == "post" else "0",
        }


def _is_shown(one: Dossier, status: str) -> bool:
    """Whether the portal has it: what came in at the one-stop has no code to be filed under before it is accepted."""
    has_code = one.from_national or not one.in_one_stop or status not in ("new", "receiving")
    return one.portal != "absent" and has_code


def national_code(one: Dossier) -> str:
    """The code the portal files it under: its own where the dossier came in there, else the one-stop's."""
    return one.uid if one.from_national else one.code


def _received(one: Dossier, status: str) -> datetime:
    return one.submitted_at if status in ("new", "receiving") or one.received_at is None else one.received_at


def _broken(row: dict[str, object], how: str) -> object:
    match how:
        case "promise_unreadable":
            return row | {"NgayHenTra": "31/02/2026 08:00:00"}
        case "received_unreadable":
            return row | {"NgayTiepNhan": "hôm qua"}
        case "no_id":
            return row | {"MaHoSo": "", "SoBienNhan": ""}
        case _:
            return f"#REF! {row['MaHoSo']}"


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _failed(message: str) -> Reply:
    return json_reply({"error_code": "-1", "message": message})
