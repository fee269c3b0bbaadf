"""Keys of a portal of the DVCQG `mapi` family (connectors.md §2). What is only a hypothesis there is a key here."""

from typing import Literal

from pydantic import Field, SecretStr

from connectors.kit.settings import HttpSourceSettings


class DvcqgSettings(HttpSourceSettings):
    kind: Literal["dvcqg"]
    username: str
    password: SecretStr
    unit_code: str  # madonvi
    unit_key: str = "madonvi"  # some ministries: donViXuLy
    dstcode: str = ""
    dstcode_in: Literal["query", "header"] = "query"
    login_path: str = "/mapi/login"
    call_path: str = "/mapi/g"
    lookup_verb: str = "TraCuuHoSo"
    list_verb: str = ""  # "DanhSachHoSo" where the deployment has one
    list_window_days: int = 3
    root_keys: tuple[str, ...] = ("result", "data")
    success_codes: tuple[str, ...] = ("0", "00")
    session_seconds: int = 600
    status_map: dict[str, str] = Field(default_factory=dict)
    date_formats: tuple[str, ...] = ("%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
