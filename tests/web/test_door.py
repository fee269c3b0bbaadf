"""The door as a browser meets it: sign in and out, wrong tries, a planted session, a second factor, behind a proxy."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from monitor.access import accounts, passwords
from monitor.access.rights import Role
from monitor.clock import FixedClock
from monitor.store import audit
from monitor.store.tables import Account, Audit, WebSession
from monitor.web.gate import safe_target
from monitor.web.signing_in import Tries
from tests.conftest import SHIPPED_HASHER
from tests.web import desk
from tests.web.conftest import served

PASSWORD = "bốn con trâu đi cày"


@pytest.fixture
def nga(program: Any) -> Any:
    """The program with one account, a clerk of H19.31, and a clock that a test moves."""
    program.clock = FixedClock(desk.NOW)
    with program.sessions.begin() as session:
        accounts.add(
            session,
            name="nga",
            roles=[(Role.CLERK, "H19.31")],
            now=desk.NOW,
            by="test",
            password=PASSWORD,
            must_change=False,
        )
    return program


@pytest.fixture
def door(nga: Any) -> Iterator[httpx.Client]:
    with served(nga) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


def _post(client: httpx.Client, path: str, /, page: str = "", **fields: str) -> httpx.Response:
    """Fills in the form that stands on a page and sends it, as a browser does."""
    html = client.get(page or path).text
    token = re.search(r'name="form_token" value="([^"]+)"', html)
    assert token, html
    return client.post(path, data={"form_token": token[1], **fields})


def _sign_in(client: httpx.Client, password: str = PASSWORD, name: str = "nga", ve: str = "/") -> httpx.Response:
    return _post(client, "/dang-nhap", name=name, password=password, ve=ve)


def test_signing_in_and_out(door: httpx.Client, store: Engine) -> None:
    assert door.get("/").headers["location"] == "/dang-nhap"
    answer = _sign_in(door, name=" Nga ", ve="/?stage=late")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?stage=late")
    assert door.get("/thu").status_code == 200
    assert _post(door, "/dang-xuat", page="/thu").headers["location"] == "/dang-nhap"
    assert door.get("/thu").status_code == 303
    with Session(store) as session:
        actions = session.scalars(select(Audit.action).where(Audit.subject == "account:nga").order_by(Audit.id)).all()
        assert actions == ["account_added", "signed_in", "signed_out"]
        assert audit.verify(session) == []


def test_a_planted_session_is_worth_nothing_after_sign_in(door: httpx.Client) -> None:
    """Session fixation: whatever cookie the browser held, another secret opens the session; the old one stays shut."""
    planted = "p" * 43
    door.cookies.set("dunghen", planted, domain="127.0.0.1", path="/")
    assert _sign_in(door).status_code == 303
    given = door.cookies["dunghen"]
    assert given != planted
    for secret, status in ((planted, 303), (given, 200)):
        with httpx.Client(base_url=door.base_url, cookies={"dunghen": secret}) as other:
            assert other.get("/thu").status_code == status


def test_signing_in_again_ends_the_session_before(door: httpx.Client) -> None:
    _sign_in(door)
    first = door.cookies["dunghen"]
    door.cookies.clear()
    door.cookies.set("dunghen", first)
    token = re.search(r'name="form_token" value="([^"]+)"', door.get("/thu").text)
    assert token
    door.post("/dang-nhap", data={"form_token": token[1], "name": "nga", "password": PASSWORD})
    with httpx.Client(base_url=door.base_url, cookies={"dunghen": first}) as other:
        assert other.get("/thu").status_code == 303


@pytest.mark.parametrize(
    ("name", "password"), [("nga", "sai mật khẩu rồi"), ("khong-co", PASSWORD), ("", ""), ("nga", "x" * 900)]
)
def test_a_wrong_try_says_the_same_whatever_was_wrong(door: httpx.Client, name: str, password: str) -> None:
    answer = _sign_in(door, password, name)
    assert answer.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in answer.text
    assert password[:20] not in answer.text or not password
    assert door.get("/thu").status_code == 303


def test_an_account_waits_longer_and_longer_but_is_never_lost(nga: Any, door: httpx.Client) -> None:
    """Five wrong tries are free; then 30 s, 1 min, 2 min … 15 min, in which even the right password is not looked at."""
    for _ in range(5):
        assert _sign_in(door, "sai").status_code == 401
    assert _sign_in(door, "sai").status_code == 401
    assert "đợi ít phút" in _sign_in(door).text
    nga.clock.sleep(31)
    assert _sign_in(door, "sai").status_code == 401
    nga.clock.sleep(31)
    assert "đợi ít phút" in _sign_in(door).text, "twice as long by now"
    nga.clock.sleep(30)
    assert _sign_in(door).status_code == 303
    with nga.sessions() as session:
        assert accounts.find(session, "nga").failures == 0


def test_an_address_waits_after_twenty_wrong_tries() -> None:
    tries, now = Tries(), desk.NOW
    for second in range(20):
        assert not tries.must_wait("192.0.2.7", now)
        tries.failed("192.0.2.7", now + timedelta(seconds=second))
    assert tries.must_wait("192.0.2.7", now + timedelta(minutes=5))
    assert not tries.must_wait("192.0.2.8", now + timedelta(minutes=5)), "another address"
    assert not tries.must_wait("192.0.2.7", now + timedelta(minutes=11)), "it passes"
    for second in range(30):
        tries.failed("127.0.0.1", now + timedelta(seconds=second))
    assert not tries.must_wait("127.0.0.1", now + timedelta(minutes=1)), "a proxy nobody named: all would wait for one"
    for number in range(11_000):
        tries.failed(f"10.{number // 250}.{number % 250}.1", now)
    assert len(tries._tries) <= 10_000, "bounded, whoever knocks"


def test_a_session_ends_idle_and_whatever_happens(nga: Any, door: httpx.Client) -> None:
    _sign_in(door)
    nga.clock.sleep(13 * 3600)
    with nga.sessions.begin() as session:
        session.scalars(select(WebSession)).one().seen_at = nga.clock.now()  # in use all the time
    assert door.get("/thu").status_code == 303, "after twelve hours whatever was done"
    _sign_in(door)
    nga.clock.sleep(29 * 60)
    assert door.get("/thu").status_code == 200
    nga.clock.sleep(31 * 60)
    assert door.get("/thu").status_code == 303, "half an hour without use"


def test_a_locked_account_is_out_at_once(nga: Any, door: httpx.Client) -> None:
    _sign_in(door)
    with nga.sessions.begin() as session:
        account = accounts.find(session, "nga")
        accounts.lock(session, account, now=desk.NOW, by="test")
    assert door.get("/thu").status_code == 303
    assert _sign_in(door).status_code == 401


def test_roles_are_read_anew_at_every_page(nga: Any, door: httpx.Client) -> None:
    _sign_in(door)
    assert "H19.31-260209-0007" in door.get("/thu").text
    with nga.sessions.begin() as session:
        accounts.set_roles(session, accounts.find(session, "nga"), [(Role.CLERK, "H19.33")], now=desk.NOW, by="test")
    page = door.get("/thu").text
    assert "H19.31-260209-0007" not in page
    assert "H19.33-" in page


def test_a_given_password_must_be_changed_before_anything_else(nga: Any, door: httpx.Client) -> None:
    with nga.sessions.begin() as session:
        account = accounts.find(session, "nga")
        accounts.set_password(session, account, PASSWORD, now=desk.NOW, by="cli", must_change=True)
    assert _sign_in(door).headers["location"] == "/tai-khoan/mat-khau"
    assert door.get("/").headers["location"] == "/tai-khoan/mat-khau"
    form = "/tai-khoan/mat-khau"
    for old, new, again, said in (
        (PASSWORD, "ngắn quá", "ngắn quá", "ít nhất 12 ký tự"),
        (PASSWORD, "MậtKhẩu-2026!!", "MậtKhẩu-2026!!", "ai cũng đoán ra"),
        (PASSWORD, "một hai ba bốn năm", "một hai ba bốn", "không giống nhau"),
        ("sai mật khẩu", "một hai ba bốn năm", "một hai ba bốn năm", "đang dùng không đúng"),
    ):
        assert said in _post(door, form, old=old, new=new, again=again).text
    assert _post(door, form, old=PASSWORD, new="một hai ba bốn năm", again="một hai ba bốn năm").status_code == 303
    assert door.get("/thu").status_code == 200, "and one stays signed in"


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("bốn con trâu đi cày", True),
        ("correct horse battery", True),
        ("aaaaaaaaaaaaaaaa", False),
        ("123456789012", False),
        ("matkhau-matkhau-1", False),
        ("Dịch Vụ Công 2026", False),
        ("nga-thich-an-pho", False),  # holds the name
        ("x" * 129, False),
    ],
)
def test_the_rules_of_passwords(password: str, good: bool) -> None:
    assert (passwords.trouble_with(password, "nga") is None) is good


def test_the_settings_of_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id with 64 MiB: what OWASP asks and more. Decomposed letters are the same password."""
    monkeypatch.setattr(passwords, "_hasher", SHIPPED_HASHER)
    stored = passwords.hashed("mật khẩu của tôi")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(stored, "mật khẩu của tôi")
    assert not passwords.matches("", "mật khẩu của tôi")


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aX-Evil: 1\r\nX-Evil: 1",
        "evil.example",
        "",
        " //evil.example",
        "/\t/evil.example",
    ],
)
def test_no_sign_in_leads_to_another_site(door: httpx.Client, back: str) -> None:
    """Open redirect and header injection through the way back."""
    answer = _sign_in(door, ve=back)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "x-evil" not in answer.headers
    assert safe_target(back) == "/"


def _enrol(client: httpx.Client) -> str:
    _post(client, "/tai-khoan/hai-buoc", page="/tai-khoan", password=PASSWORD)
    found = re.search(r'class="code">([A-Z2-7]{32})<', client.get("/tai-khoan").text)
    assert found
    return found[1]


def test_a_second_factor_from_enrolment_to_sign_in(nga: Any, door: httpx.Client, store: Engine) -> None:
    """The secret is nowhere in the store; each code lets in once; a password alone opens nothing any more."""
    _sign_in(door)
    wrong = _post(door, "/tai-khoan/hai-buoc", page="/tai-khoan", password="sai")
    assert "Mật khẩu không đúng" in wrong.text
    secret = _enrol(door)
    assert "data:image/svg+xml" in door.get("/tai-khoan").text
    totp = pyotp.TOTP(secret)
    assert "không đúng" in _post(door, "/tai-khoan/hai-buoc/xac-nhan", page="/tai-khoan", code="000000").text
    code = totp.at(nga.clock.now())
    assert _post(door, "/tai-khoan/hai-buoc/xac-nhan", page="/tai-khoan", code=code).status_code == 200
    with Session(store) as session:
        sealed = session.scalars(select(Account.totp_sealed).where(Account.name == "nga")).one()
    assert secret not in sealed
    key = nga.settings.site.data_dir / "second-factor.key"
    assert key.stat().st_mode & 0o777 == 0o600

    _post(door, "/dang-xuat", page="/thu")
    assert _sign_in(door, ve="/thu").headers["location"] == "/dang-nhap/ma?ve=%2Fthu"
    assert door.get("/").headers["location"] == "/dang-nhap/ma", "half signed in is not signed in"
    assert door.get("/tai-khoan/mat-khau").headers["location"] == "/dang-nhap/ma"
    assert _post(door, "/dang-nhap/ma", code=code).status_code == 401, "used before"
    nga.clock.sleep(60)
    half = door.cookies["dunghen"]
    answer = _post(door, "/dang-nhap/ma", page="/dang-nhap/ma?ve=/thu", code=totp.at(nga.clock.now()), ve="/thu")
    assert (answer.status_code, answer.headers["location"]) == (303, "/thu")
    assert door.get("/thu").status_code == 200
    assert door.cookies["dunghen"] != half, "the whole session has a secret of its own"
    with httpx.Client(base_url=door.base_url, cookies={"dunghen": half}) as other:
        assert other.get("/thu").status_code == 303


def test_guessing_codes_makes_wait_like_guessing_passwords(nga: Any, door: httpx.Client) -> None:
    _sign_in(door)
    secret = _enrol(door)
    code = pyotp.TOTP(secret).at(nga.clock.now())
    _post(door, "/tai-khoan/hai-buoc/xac-nhan", page="/tai-khoan", code=code)
    _post(door, "/dang-xuat", page="/thu")
    _sign_in(door)
    nga.clock.sleep(60)
    for _ in range(6):
        assert _post(door, "/dang-nhap/ma", code="000000").status_code == 401
    right = pyotp.TOTP(secret).at(nga.clock.now())
    assert "đợi ít phút" in _post(door, "/dang-nhap/ma", code=right).text


def test_signing_out_elsewhere(nga: Any, door: httpx.Client, store: Engine) -> None:
    _sign_in(door)
    with httpx.Client(base_url=door.base_url) as phone:
        _sign_in(phone)
        assert phone.get("/thu").status_code == 200
        assert _post(door, "/tai-khoan/dang-xuat-noi-khac", page="/tai-khoan").status_code == 303
        assert phone.get("/thu").status_code == 303
    assert door.get("/thu").status_code == 200
    with Session(store) as session:
        assert len(session.scalars(select(WebSession)).all()) == 1


def test_behind_a_proxy_below_a_path_with_tls(nga: Any) -> None:
    """The cookie is the browser's own and never travels in the clear; links begin where the proxy serves us; only the
    named proxy's word about who asks is believed."""
    site = nga.settings.site.model_copy(update={"base_url": "https://motcua.example.vn/dunghen"})
    web = nga.settings.web.model_copy(update={"trusted_proxies": ("127.0.0.1",)})
    nga.settings = nga.settings.model_copy(update={"site": site, "web": web})
    with served(nga) as address, httpx.Client(base_url=address, headers={"host": "motcua.example.vn"}) as client:
        page = client.get("/dunghen/dang-nhap")
        assert page.status_code == client.get("/dang-nhap").status_code == 200, "whether the proxy cuts the path or not"
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("__Host-dunghen=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert page.headers["strict-transport-security"].startswith("max-age=31536000")
        assert 'action="/dunghen/dang-nhap"' in page.text
        assert not re.search(r'(?:href|src|action)="/(?!dunghen)', page.text)
        assert client.get("/dunghen/thu").headers["location"] == "/dunghen/dang-nhap?ve=%2Fthu"


@pytest.mark.parametrize(("trusted", "address"), [(("127.0.0.1",), "198.51.100.9"), ((), "127.0.0.1")])
def test_who_asks_is_believed_from_a_named_proxy_only(
    nga: Any, trusted: tuple[str, ...], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(Tries, "failed", lambda _self, who, _now: seen.append(who))
    web = nga.settings.web.model_copy(update={"trusted_proxies": trusted})
    nga.settings = nga.settings.model_copy(update={"web": web})
    with served(nga) as at, httpx.Client(base_url=at, headers={"x-forwarded-for": "198.51.100.9"}) as client:
        _sign_in(client, "sai")
    assert seen == [address]


def test_without_tls_nothing_pretends_to_have_it(door: httpx.Client) -> None:
    page = door.get("/dang-nhap")
    assert "strict-transport-security" not in page.headers
    assert page.headers["set-cookie"].startswith("dunghen=")


def test_a_body_beyond_the_limit_is_not_read(door: httpx.Client) -> None:
    assert door.post("/dang-nhap", content=b"x" * 2_000_000).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert door.post("/dang-nhap", content=pieces(), headers=headers).status_code in (400, 413)
