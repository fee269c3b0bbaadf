"""Passwords of local accounts: argon2id, and the few rules that help (NIST SP 800-63B, ASVS 6.2).

Length instead of classes of characters, and nothing that everybody tries first. A hash made with older settings is
made anew at the next sign-in.
"""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.words import Words

SHORTEST, LONGEST = 12, 128
_AT_ONCE = threading.BoundedSemaphore(2)  # each try takes 64 MiB: a crowd at the door must not take the machine
_hasher = PasswordHasher()

# What is tried first, folded: no digits, no signs, no repetition. Kept small: the length rule does most of the work.
_COMMON = frozenset(
    word
    for line in (
        "matkhau matkhaumoi password passwd motcua motcuadientu dichvucong hanhchinhcong uyban ubnd ubndxa ubndphuong",
        "ubndtinh vietnam vietnamvodich hochiminh hanoi dongnai dunghen thuxinloi admin administrator quantri",
        "quantrivien canbo congchuc lanhdao vanphong nguyenvana abcdefghijkl qwertyuiop qwertyuiopas asdfghjkl",
        "asdfghjklqw zxcvbnm letmein welcome iloveyou anhyeuem emyeuanh khongnho thanhpho phuongxa tinhuy congdan",
        "congvan khongcomatkhau batdau trangchu dangnhap taikhoan",
    )
    for word in line.split()
)

TOO_SHORT = Words(f"Mật khẩu cần ít nhất {SHORTEST} ký tự.", f"A password needs {SHORTEST} characters or more.")
TOO_LONG = Words(f"Mật khẩu dài nhất {LONGEST} ký tự.", f"A password has {LONGEST} characters at most.")
TOO_COMMON = Words(
    "Mật khẩu này ai cũng đoán ra. Nên ghép bốn, năm từ không liên quan với nhau.",
    "Anybody would guess this one. Put four or five unrelated words together.",
)
LIKE_NAME = Words("Mật khẩu không được chứa tên đăng nhập.", "A password must not hold the account's name.")


def trouble_with(password: str, account_name: str = "") -> Words | None:
    """What is wrong with a new password; None if it will do."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    folded = _folded(password)
    if len(account_name) >= 3 and account_name.casefold() in password.casefold():
        return LIKE_NAME
    if len(set(password)) < 5 or not folded or _is_common(folded):
        return TOO_COMMON
    return None


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    with _AT_ONCE:
        return _hasher.hash(_normal(password))


def matches(stored: str, password: str) -> bool:
    """Whether this is the password. Takes as long for an account that has none: whether it exists stays unknown."""
    with _AT_ONCE:
        try:
            _hasher.verify(stored or _decoy(), _normal(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(stored)


def _is_common(folded: str) -> bool:
    """A word everybody tries, once or several times, or such words in a row."""
    left = folded
    while left:
        word = next((word for word in sorted(_COMMON, key=len, reverse=True) if left.startswith(word)), "")
        if not word:
            return False
        left = left[len(word) :]
    return True


def _folded(password: str) -> str:
    """Letters only, without marks: "Mật-Khẩu@2026" is "matkhau"."""
    plain = unicodedata.normalize("NFD", password.casefold().replace("đ", "d"))
    return "".join(char for char in plain if "a" <= char <= "z")


def _normal(password: str) -> str:
    # the same keys on two machines may give composed or decomposed letters
    return unicodedata.normalize("NFC", password)


@cache
def _decoy() -> str:
    return _hasher.hash("no account has this password")
