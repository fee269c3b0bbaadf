"""Single sign-on against a real OpenID provider on loopback: who may come in, and everything that must not work."""

import contextlib
import re
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from monitor.access import accounts
from monitor.access.rights import Role
from monitor.access.sso import Proven, Sso, SsoFailed, account_of
from monitor.clock import SystemClock
from monitor.settings import Oidc
from monitor.store.tables import Account, Audit
from tests.peers.deaf import nobody_listening
from tests.web.conftest import served

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the provider itself still imports
    from oidc_provider_mock import User, run_server_in_thread

# the provider runs in this process and uses what its own libraries call old
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
NGA = User(sub="sub-of-nga", claims={"preferred_username": "Nga.TT"})
OTHER = User(sub="sub-of-another", claims={"preferred_username": "nga.tt"})
UNKNOWN = User(sub="sub-of-nobody", claims={"preferred_username": "khach"})


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with run_server_in_thread(user_claims=[NGA, OTHER, UNKNOWN], require_nonce=True) as server:
            yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def site(program: Any, issuer: str) -> Iterator[httpx.Client]:
    """The pages with the provider configured; the account `nga` has no password and is called Nga.TT there."""
    known = httpx.get(f"{issuer}/.well-known/openid-configuration").json()["issuer"]
    oidc = Oidc.model_validate({"issuer": known, "client_id": "dunghen", "client_secret": "s3cret"})
    web = program.settings.web.model_copy(update={"oidc": oidc})
    program.settings = program.settings.model_copy(update={"web": web})
    program.clock = SystemClock()  # the provider's tokens bear the machine's time
    with program.sessions.begin() as session:
        accounts.add(
            session, name="nga", roles=[(Role.CLERK, "H19.31")], now=program.clock.now(), by="t", sso_name="Nga.TT"
        )
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


def _consent(client: httpx.Client, user: User, ve: str = "/thu") -> str:
    """Begins at our door and says yes at the provider's; returns the way back, as the browser would follow it."""
    to_provider = client.get("/dang-nhap/sso", params={"ve": ve}).headers["location"]
    asked = parse_qs(urlsplit(to_provider).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    back = httpx.post(to_provider, data={"sub": user.sub}).headers["location"]
    assert back.startswith("http://127.0.0.1:8118/dang-nhap/sso/ve?")
    return back.removeprefix("http://127.0.0.1:8118")


def test_who_has_an_account_comes_in_where_they_wanted_to_go(site: httpx.Client, program: Any) -> None:
    assert "Đăng nhập một lần" in site.get("/dang-nhap").text
    before = site.cookies["dunghen"]
    answer = site.get(_consent(site, NGA))
    assert (answer.status_code, answer.headers["location"]) == (303, "/thu")
    assert site.cookies["dunghen"] != before, "a session of its own"
    assert site.get("/thu").status_code == 200
    with program.sessions() as session:
        account = session.scalars(select(Account).where(Account.name == "nga")).one()
        assert account.sso_subject is not None
        assert account.sso_subject.endswith("|sub-of-nga")
        assert account.password_hash == ""


def test_a_name_given_to_somebody_else_later_opens_nothing(site: httpx.Client) -> None:
    assert site.get(_consent(site, NGA)).status_code == 303
    site.cookies.clear()
    assert site.get(_consent(site, OTHER)).status_code == 403, "the same name, another person"
    assert site.get(_consent(site, NGA)).status_code == 303


def test_nobody_is_let_in_without_an_account(site: httpx.Client, program: Any) -> None:
    assert site.get(_consent(site, UNKNOWN)).status_code == 403
    assert site.get("/thu").status_code == 303
    with program.sessions() as session:
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all()[-1] == "sso_refused"
        assert accounts.find(session, "khach") is None


def test_a_locked_account_stays_out(site: httpx.Client, program: Any) -> None:
    assert site.get(_consent(site, NGA)).status_code == 303
    with program.sessions.begin() as session:
        accounts.lock(session, accounts.find(session, "nga"), now=program.clock.now(), by="t")
    assert site.get("/thu").status_code == 303
    assert site.get(_consent(site, NGA)).status_code == 403


def test_the_way_back_is_good_once_and_in_its_own_browser(site: httpx.Client) -> None:
    """Login CSRF: a link that somebody else's sign-in produced signs nobody in as them."""
    back = _consent(site, NGA)
    with httpx.Client(base_url=site.base_url) as other:
        other.get("/dang-nhap")
        assert other.get(back).status_code == 401, "another browser"
    assert site.get(back).status_code == 401, "and it is used up"
    again = _consent(site, NGA)
    assert site.get(again).status_code == 303
    assert site.get(again).status_code == 401


@pytest.mark.parametrize("change", [("state=", "state=x"), ("code=", "code=x"), (r"code=[^&]+", "")])
def test_a_tampered_way_back_is_refused(site: httpx.Client, change: tuple[str, str]) -> None:
    back = re.sub(change[0], change[1], _consent(site, NGA))
    answer = site.get(back)
    assert answer.status_code == 401
    assert "Không đăng nhập được" in answer.text
    assert site.get("/thu").status_code == 303


def test_the_way_back_never_leads_to_another_site(site: httpx.Client) -> None:
    answer = site.get(_consent(site, NGA, ve="//evil.example/x"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_token_of_another_sign_in_another_client_or_another_issuer_proves_nothing(
    site: httpx.Client, program: Any, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = program.clock.now()
    oidc = program.settings.web.oidc
    back = "http://127.0.0.1:8118/dang-nhap/sso/ve"

    def ended(changed: dict[str, str], nonce: str = "") -> Proven:
        begun_by = Sso(oidc, back)
        to_provider = begun_by.begin("browser", "/", now)
        asked = {name: value[0] for name, value in parse_qs(urlsplit(httpx_consent(to_provider)).query).items()}
        state = asked["state"]
        if nonce:
            begun = begun_by._begun[state]
            begun_by._begun[state] = type(begun)(begun.browser, nonce, begun.verifier, begun.back, begun.at)
        begun_by._provider = oidc.model_copy(update=changed)
        begun_by._known = begun_by._metadata() if not changed else {**Sso(oidc, back)._metadata()}
        return begun_by.end("browser", state, asked["code"], now)[0]

    def httpx_consent(to_provider: str) -> str:
        return httpx.post(to_provider, data={"sub": NGA.sub}).headers["location"]

    assert ended({}).name == "nga.tt"
    with pytest.raises(SsoFailed, match="not hold"):
        ended({}, nonce="of another sign-in")
    with pytest.raises(SsoFailed, match="not hold"):
        ended({"issuer": "https://elsewhere.example"})
    with pytest.raises(SsoFailed, match=r"no token|not hold"):
        ended({"client_id": "another"})
    with pytest.raises(SsoFailed, match="another issuer"):
        Sso(oidc.model_copy(update={"issuer": f"{issuer}/"}), back).begin("b", "/", now)


def test_a_provider_that_is_down_is_said_and_local_accounts_still_work(program: Any) -> None:
    with nobody_listening() as port, contextlib.ExitStack() as until_then:
        oidc = Oidc.model_validate({"issuer": f"http://127.0.0.1:{port}", "client_id": "dunghen", "timeout": 2})
        web = program.settings.web.model_copy(update={"oidc": oidc})
        program.settings = program.settings.model_copy(update={"web": web})
        address = until_then.enter_context(served(program))
        assert httpx.get(f"{address}/dang-nhap/sso", timeout=20).status_code == 502
        assert httpx.get(f"{address}/dang-nhap", timeout=20).status_code == 200


def test_two_accounts_of_one_name_are_nobody_s(program: Any) -> None:
    with program.sessions.begin() as session:
        for name in ("a", "b"):
            accounts.add(session, name=name, roles=[], now=program.clock.now(), by="t", sso_name="same")
        assert account_of(session, Proven("https://x|1", "same")) is None
