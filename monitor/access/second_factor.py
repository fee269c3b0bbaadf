"""The second factor: six digits from the official's phone (TOTP, RFC 6238). Its secret is stored encrypted.

The key lies in a file beside the data, mode 600, made at first use: a copy of the database alone is no copy of the
factor. A lost key means enrolling again (`dunghen accounts reset --second-factor`), never being let in without.
"""

import os
from datetime import datetime
from pathlib import Path

import pyotp
from cryptography.fernet import Fernet, InvalidToken

from monitor.store.tables import Account

KEY_FILE = "second-factor.key"
_STEP_S = 30
_DRIFT = 1  # steps a phone's clock may be off
ISSUER = "Đúng Hẹn"


class Sealer:
    """Encrypts and opens what is stored, with the key of a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEY_FILE

    def seal(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text; None where it was sealed with another key."""
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def _fernet(self) -> Fernet:
        try:
            return Fernet(self._path.read_bytes().strip())
        except FileNotFoundError:
            pass
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            made = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another thread was quicker
            return Fernet(self._path.read_bytes().strip())
        with os.fdopen(made, "wb") as file:
            file.write(Fernet.generate_key())
        return Fernet(self._path.read_bytes().strip())


def begin(account: Account, sealer: Sealer) -> str:
    """Gives the account a new secret that does not count until it is confirmed; returns what the QR says."""
    secret = pyotp.random_base32()
    account.totp_sealed, account.totp_on_at, account.totp_last_step = sealer.seal(secret), None, 0
    return address_of(account, secret)


def address_of(account: Account, secret: str) -> str:
    """`otpauth://…`: what an authenticator reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.name, issuer_name=ISSUER)


def pending_secret(account: Account, sealer: Sealer) -> str | None:
    """The secret of an enrolment that is not finished, to show its QR again."""
    return sealer.open(account.totp_sealed) if account.totp_sealed and account.totp_on_at is None else None


def is_right(account: Account, code: str, sealer: Sealer, now: datetime) -> bool:
    """Whether this is a code of now, or of half a minute around it. Each is taken once."""
    digits = "".join(code.split())
    secret = sealer.open(account.totp_sealed) if account.totp_sealed else None
    if secret is None or len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return False
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    step = int(now.timestamp()) // _STEP_S
    for one in range(step - _DRIFT, step + _DRIFT + 1):
        if one > account.totp_last_step and pyotp.utils.strings_equal(totp.generate_otp(one), digits):
            account.totp_last_step = one
            return True
    return False
