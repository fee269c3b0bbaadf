"""Writes the files an office would write, for the sandbox's province: dunghen.toml, people, procedures, secrets."""

import json
from pathlib import Path

from monitor.sandbox import catalogue, mail, one_stop, portal
from monitor.sandbox.servers import Sandbox
from monitor.sandbox.values import Agency, Official, Post, Procedure

ONE_STOP, PORTAL = "mot-cua", "cong-dvc"

_MAIN = """\
# Tệp cấu hình của bản trình diễn: mọi tên người, số điện thoại và địa chỉ đều là bịa.
[site]
name = "Thành phố Ví Dụ (trình diễn)"
base_url = "{base_url}"
data_dir = "data"
identifier = "H19"

[database]
url = "sqlite:///dunghen.db"

[procedures]
file = "procedures.toml"

[people]
file = "people.toml"

[[sources]]
name = "{one_stop_name}"
kind = "opencps"
role = "one_stop"
url = "{one_stop_url}"
group_id = {group_id}
username = "{one_stop_user}"
password = {{ file = "mot-cua.secret" }}
every = "{every}"
stale_after = "{stale_after}"
page_size = 500
calls_per_minute = 60000
timeout = "20s"

[[sources]]
name = "{portal_name}"
kind = "dvcqg"
role = "portal"
url = "{portal_url}"
username = "{portal_user}"
password = {{ file = "cong-dvc.secret" }}
unit_code = "{unit_code}"
dstcode = "{dstcode}"
list_verb = "DanhSachHoSo"
list_window_days = 7
calls_per_minute = 60000
every = "{every}"
stale_after = "{stale_after}"
timeout = "20s"

[channels.telegram]
enabled = true
token = {{ file = "telegram.secret" }}
api_url = "{bot_url}"

[channels.email]
enabled = true
host = "127.0.0.1"
port = {smtp_port}
security = "none"
username = "{mail_user}"
password = {{ file = "email.secret" }}
sender = "Đúng Hẹn <dunghen@vidu.gov.vn>"

[warning]
due_soon = ["3wd"]

[[escalation]]
name = "soon"
at = "-3wd 08:00"
when = "due"
tell = ["officer"]

[[escalation]]
name = "letter"
at = "letter_by 08:00"
when = "due"
tell = ["agency_head", "one_stop_head"]
severity = "high"

[[escalation]]
name = "today"
at = "0 14:00"
when = "due"
tell = ["officer", "agency_head"]

[[escalation]]
name = "late"
at = "+1wd 08:00"
when = "late"
tell = ["agency_head", "chairman"]
severity = "high"

[[escalation]]
name = "late3"
at = "+3wd 08:00"
when = "late"
tell = ["provincial_centre", "provincial_office"]
severity = "urgent"

[[escalation]]
name = "silent"
at = "0"
when = "source_silent"
tell = ["admin", "provincial_office"]
severity = "high"

[letters]
folder = "letters"

[[letters.agencies]]
agency = "*"
symbol = "PXL"

[[letters.reasons]]
procedure = "*"
text = "Phải lấy ý kiến cơ quan phối hợp, đến nay chưa có văn bản trả lời."

[[letters.reasons]]
procedure = "*"
text = "Hồ sơ cần thẩm tra tại thực địa, thời tiết xấu nên phải lùi lịch."

[web]
host = "127.0.0.1"
port = {web_port}
session_idle = "30d"       # ten minutes of the live demo's clock pass in a second
session_longest = "365d"

[daemon]
judge_every = "{judge_every}"
send_every = "{judge_every}"
letters_every = "{judge_every}"
"""


def write_config(
    folder: Path,
    sandbox: Sandbox,
    *,
    web_port: int = 8118,
    every: str = "5m",
    stale_after: str = "1h",
    judge_every: str = "60s",
) -> Path:
    """Writes a whole configuration for a started sandbox into `folder`; returns the path of dunghen.toml.

    `every`, `stale_after` and `judge_every` are durations as the file writes them ("90s", "5m").
    """
    folder.mkdir(parents=True, exist_ok=True)
    province = sandbox.province
    text = _MAIN.format(
        base_url=f"http://127.0.0.1:{web_port}",
        web_port=web_port,
        every=every,
        stale_after=stale_after,
        judge_every=judge_every,
        one_stop_name=ONE_STOP,
        one_stop_url=sandbox.one_stop_url,
        one_stop_user=one_stop.USERNAME,
        group_id=one_stop.GROUP_ID,
        portal_name=PORTAL,
        portal_url=sandbox.portal_url,
        portal_user=portal.USERNAME,
        unit_code=portal.UNIT_CODE,
        dstcode=portal.DSTCODE,
        bot_url=sandbox.bot_url,
        smtp_port=sandbox.smtp_port,
        mail_user=mail.USERNAME,
    )
    main = folder / "dunghen.toml"
    main.write_text(text, encoding="utf-8")
    (folder / "people.toml").write_text(people_toml(province.agencies, province.officials, province.posts), "utf-8")
    (folder / "procedures.toml").write_text(procedures_toml(province.procedures), "utf-8")
    secrets = {"mot-cua": "one_stop", "cong-dvc": "portal", "telegram": "bot", "email": "mail"}
    for name, token in secrets.items():
        path = folder / f"{name}.secret"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(province.tokens[token] + "\n", "utf-8")
    return main


def people_toml(agencies: list[Agency], officials: list[Official], posts: list[Post]) -> str:
    """The people file: agencies with what the portal and history call them, officials, their posts."""
    lines: list[str] = []
    for agency in agencies:
        lines += ["[[agencies]]", f"code = {_quoted(agency.code)}", f"name = {_quoted(agency.name)}"]
        lines.append(f"kind = {_quoted(agency.kind)}")
        if agency.parent:
            lines.append(f"parent = {_quoted(agency.parent)}")
        if agency.former_code:
            lines.append(f"old_codes = [{_quoted(agency.former_code)}]")
        if agency.code != catalogue.ROOT:
            lines.append(f"alternates = {{ {PORTAL} = [{_quoted(agency.portal_code)}] }}")
        lines.append("")
    for person in officials:
        lines += ["[[people]]", f"code = {_quoted(person.code)}", f"name = {_quoted(person.name)}"]
        lines += [f"telegram = {_quoted(person.telegram)}"] if person.telegram else []
        lines += [f"email = {_quoted(person.email)}"] if person.email else []
        lines.append("")
    for post in posts:
        lines += ["[[posts]]", f"person = {_quoted(post.person)}", f"role = {_quoted(post.role)}"]
        lines.append(f"agency = {_quoted(post.agency)}")
        lines += [f"from = {post.since.isoformat()}"] if post.since else []
        lines += [f"to = {post.until.isoformat()}"] if post.until else []
        lines.append("")
    return "\n".join(lines)


def procedures_toml(procedures: list[Procedure]) -> str:
    """The catalogue: one row where all channels share a limit, else one a channel."""
    lines: list[str] = []
    for procedure in procedures:
        same = len({limit.text for limit in procedure.limits.values()}) == 1
        for channel in [""] if same else list(procedure.limits):
            limit = procedure.limits[channel or "counter"]
            lines += ["[[procedure]]", f"code = {_quoted(procedure.code)}", f"name = {_quoted(procedure.name)}"]
            lines += [f"field = {_quoted(procedure.field_name)}", f"limit = {_quoted(limit.text)}"]
            lines += [f"channel = {_quoted(channel)}"] if channel else []
            if procedure.same_day_until and limit.kind == "hours":
                lines.append(f"same_day_until = {_quoted(procedure.same_day_until)}")
            lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A basic TOML string; JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False)
