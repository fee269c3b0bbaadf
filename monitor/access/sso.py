"""Sign-in through the province's own identity provider: OpenID Connect, code flow with PKCE, nothing else.

The issuer is pinned by the configuration, its keys come from its own metadata, and only asymmetric signatures count.
Nobody is let in who has no account here: the administrator makes it with the name the provider uses (`--sso`). At the
first sign-in the account is bound to the provider's own unchanging id of the person, so a name given to somebody else
later opens nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.store.tables import Account

# No "none", and nothing symmetric: the secret of a client is no proof of who signed.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_WITHIN = timedelta(minutes=10)
_MOST = 1000  # sign-ins under way: whoever begins a thousand and ends none pushes out the own ones
_METADATA = "/.well-known/openid-configuration"


class SsoFailed(Exception):
    """The provider's answer proves nothing. The text is for the log: no token and no person in it."""


class Provider(Protocol):
    """What the configuration says of the provider; `match` is the claim that holds an account's `sso_name`."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    scope: str
    match: str
    timeout: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: bound to the browser (hash of its cookie), good once and for a short while."""

    browser: str
    nonce: str
    verifier: str
    back: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Proven:
    """Who the provider says came: `subject` never changes, `name` may."""

    subject: str
    name: str


class Sso:
    """The client of one provider. Its sign-ins under way live in memory: a restart makes people click once more."""

    def __init__(self, provider: Provider, redirect_uri: str) -> None:
        self._provider = provider
        self._redirect_uri = redirect_uri
        self._begun: OrderedDict[str, Begun] = OrderedDict()
        self._lock = threading.Lock()
        self._known: Mapping[str, Any] | None = None

    def begin(self, browser: str, back: str, now: datetime) -> str:
        """Where to send the browser. Raises `SsoFailed` when the provider cannot be asked."""
        nonce, verifier, state = generate_token(32), generate_token(64), generate_token(32)
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        with self._lock:
            self._begun[state] = Begun(browser, nonce, verifier, back, now)
            while len(self._begun) > _MOST:
                self._begun.popitem(last=False)
        return str(url)

    def end(self, browser: str, state: str, code: str, now: datetime) -> tuple[Proven, str]:
        """Who came back, and where they wanted to go. Raises `SsoFailed` for anything that does not add up."""
        with self._lock:
            begun = self._begun.pop(state, None)
        if begun is None or now - begun.at > _WITHIN:
            raise SsoFailed("no sign-in was begun with this state, or too long ago")
        if begun.browser != browser:
            raise SsoFailed("another browser began this sign-in")
        if not code:
            raise SsoFailed("the provider gave no code")
        token = self._token(code, begun.verifier)
        claims = self._claims(token, begun.nonce, now)
        subject, name = claims.get("sub"), claims.get(self._provider.match)
        if name is None:
            name = self._userinfo(token, str(subject)).get(self._provider.match)
        if not isinstance(subject, str) or not subject or not isinstance(name, str) or not name:
            raise SsoFailed(f"the provider says no {self._provider.match}")
        return Proven(f"{self._provider.issuer}|{subject}", name.strip().casefold()), begun.back

    def _token(self, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            with self._client() as client:
                found: Mapping[str, Any] = client.fetch_token(
                    self._metadata()["token_endpoint"],
                    code=code,
                    code_verifier=verifier,
                    timeout=self._provider.timeout,
                )
        except Exception as wrong:
            raise SsoFailed(f"no token for the code: {type(wrong).__name__}") from None
        return found

    def _claims(self, token: Mapping[str, Any], nonce: str, now: datetime) -> Mapping[str, Any]:
        metadata = self._metadata()
        try:
            keys = KeySet.import_key_set({"keys": list(self._get(metadata["jwks_uri"])["keys"])})
            decoded = jwt.decode(str(token["id_token"]), keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self._provider.issuer},
                    "aud": {"essential": True, "value": self._provider.client_id},
                    "exp": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"nonce": nonce, "client_id": self._provider.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(now=int(now.timestamp()), leeway=120)
        except (JoseError, ValueError, KeyError, TypeError) as wrong:
            raise SsoFailed(f"the identity token does not hold: {type(wrong).__name__}") from None
        except Exception as wrong:  # the claims' own errors share no base with the others
            raise SsoFailed(f"the claims do not hold: {type(wrong).__name__}") from None
        return dict(claims)

    def _userinfo(self, token: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        endpoint = self._metadata().get("userinfo_endpoint")
        if not endpoint:
            return {}
        found = self._get(endpoint, {"Authorization": f"Bearer {token.get('access_token', '')}"})
        return found if found.get("sub") == subject else {}  # another person's answer is no answer

    def _metadata(self) -> Mapping[str, Any]:
        if self._known is None:
            found = self._get(self._provider.issuer.rstrip("/") + _METADATA)
            if found.get("issuer") != self._provider.issuer:
                raise SsoFailed("the metadata names another issuer")
            self._known = found
        return self._known

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        try:
            answer = requests.get(url, headers=headers, timeout=self._provider.timeout, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as wrong:
            raise SsoFailed(f"the provider does not answer: {type(wrong).__name__}") from None
        if not isinstance(found, dict):
            raise SsoFailed("the provider's answer is no JSON object")
        return found

    def _client(self) -> OAuth2Session:
        secret = self._provider.client_secret
        return OAuth2Session(
            client_id=self._provider.client_id,
            client_secret=secret.get_secret_value() if secret is not None else None,
            scope=self._provider.scope,
            redirect_uri=self._redirect_uri,
        )


def account_of(session: Session, proven: Proven) -> Account | None:
    """The account that somebody proven may use. Binds it to the provider's id at the first sign-in."""
    bound = session.scalar(select(Account).where(Account.sso_subject == proven.subject))
    if bound is not None:
        return bound if bound.locked_at is None else None
    named = session.scalars(
        select(Account).where(Account.sso_name == proven.name, Account.sso_subject.is_(None)).limit(2)
    ).all()
    if len(named) != 1 or named[0].locked_at is not None:
        return None
    named[0].sso_subject = proven.subject
    session.flush()
    return named[0]
