"""Takes persons and secrets out of a recorded answer. What is kept is named; everything else is replaced.

The same value gets the same replacement within one recording, so that a name that stands twice still does. What stood
there before is kept nowhere.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.base import UnexpectedAnswer
from connectors.kit.json import Ambiguous, Unusable, parse_json

# Keys whose text is no person's, in the contracts of all kinds, lower-case. A key that is not here is a person's.
_KEPT = """
    ma mahoso maso masohoso code id uid key dossierid groupid dossierno referenceuid servicecode servicename
    domaincode domainname govagencycode govagencyname dossierstatus dossierstatustext dossiersubstatus
    lockstate originality online systemid total totalcount totalpages currentpage pagesize hasnextpage
    haspreviouspage totalelements number size numberofelements first last empty pagenumber durationcount
    durationunit error_code response_code status statuscode succeeded failed result_code matthc tentthc
    malinhvuc tenlinhvuc sobiennhan kenhthuchien loaidoituong trangthaihoso tentrangthaihoso matrangthai
    madonvi madonvixuly donvixuly madvc tendvc hinhthuc hinhthucnhankq isupdating nationcode isdvclt
    undefindedcompletetime languageid sector madangkydvc loaihoso maho mahosokhac mahosolienthong
    trangthaihosoid donviid tendonvi trangthaithuphi vitridehoso granted expires_in refresh_expires_in
    token_type scope more next cursor
"""
KEPT = frozenset(_KEPT.split())
_NAMED_BY = frozenset({"dossierstatus", "dossiertaskstatus", "procedure", "agency", "translate", "applymethod"})
_SECRETS = frozenset({"session", "token", "access_token", "refresh_token", "refreshtoken", "id_token", "password"})
_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2}([T ][\d:.,]+)?\s?(Z|[+-]\d{2}:?\d{2})?|\d{1,2}/\d{1,2}/\d{4}( [\d:]{4,8})?|(19|20)\d{12}|0)"
)
_DOSSIER = re.compile(r"[A-Z0-9][A-Z0-9.]{2,30}-\d{6}-\d{3,6}")
_WORDS = re.compile(  # what tells one failure from another (connectors.md §2.3, §5.2)
    r"not found|không tìm thấy|không tồn tại|đã tồn tại|thành công|success|session|token|phiên|đăng nhập|hết hạn"
    r"|expired|unauthori[sz]ed|forbidden|không có quyền|giới hạn|lần/ngày|quota|too many|no content|permission denied",
    re.IGNORECASE,
)
_SIGN_IN = re.compile(r"password|đăng nhập|login|mật khẩu", re.IGNORECASE)
_LONGEST_PLAIN = 8  # digits; longer numbers may be somebody's
RECORDED = "recorded"


class Scrubber:
    """For one recording. `kept`: further keys, lower-case, that hold no person's text (of a described API)."""

    def __init__(self, kept: frozenset[str] = frozenset()) -> None:
        self._kept = KEPT | kept
        self._instead: dict[str, str] = {}

    def body(self, body: bytes) -> bytes:
        """An answer's body. What is no JSON keeps only what it is: markup, a sign-in page, or known words."""
        text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        try:
            value = parse_json(text)
        except UnexpectedAnswer:
            return self._no_json(text).encode()
        return json.dumps(self._value(value, "", ""), ensure_ascii=False).encode()

    def request(self, values: Mapping[str, Any] | None) -> dict[str, Any]:
        """What was asked, without who asked: dossier codes, windows and pages stay."""
        return {key: self._asked(key, value) for key, value in (values or {}).items()}

    def _asked(self, key: str, value: Any) -> Any:
        text = str(value)
        name = key.lower()
        secret = re.search(r"user|pass|secret|token|session|key|client|grant|securitycode", name)
        return RECORDED if secret and not name.startswith("page") else text

    def _no_json(self, text: str) -> str:
        if text.lstrip().startswith("<?xml"):
            return "<?xml version='1.0'?><data/>"
        if text.lstrip().startswith("<"):
            return "<html><title>Đăng nhập</title></html>" if _SIGN_IN.search(text) else "<html></html>"
        return " ".join(dict.fromkeys(found[0] for found in _WORDS.finditer(text)))

    def _value(self, value: Any, key: str, parent: str) -> Any:
        if isinstance(value, Ambiguous | Unusable):
            return None
        if isinstance(value, dict):
            return {name: self._value(one, name.lower(), key) for name, one in value.items()}
        if isinstance(value, list):
            return [self._value(one, key, parent) for one in value]
        if isinstance(value, str):
            return self._text(value, key, parent)
        if isinstance(value, int) and not isinstance(value, bool) and key not in self._kept:
            return value if len(str(abs(value))) <= _LONGEST_PLAIN else 0
        return value

    def _text(self, text: str, key: str, parent: str) -> str:
        if not text or key in self._kept or _DATE.fullmatch(text.strip()) or _DOSSIER.fullmatch(text.strip()):
            return text
        if key in _SECRETS:
            return RECORDED
        if key == "name" and parent in _NAMED_BY:
            return text
        if key in ("message", "description", "error", "error_description"):
            return " ".join(dict.fromkeys(found[0] for found in _WORDS.finditer(text)))
        if text.lstrip()[:1] in "{[":
            try:
                return json.dumps(self._value(parse_json(text), key, parent), ensure_ascii=False)
            except UnexpectedAnswer:
                pass
        return self._invented(text)

    def _invented(self, text: str) -> str:
        """Somebody else: of the same kind of text, the same one each time."""
        if text in self._instead:
            return self._instead[text]
        n = len(self._instead) + 1
        digits = re.sub(r"[\s.+-]", "", text)
        if digits.isdigit():
            made = str(n).rjust(len(digits), "0")[-len(digits) :]
        elif "@" in text:
            made = f"nguoi{n}@vidu.vn"
        else:
            made = f"NGƯỜI THỨ {n}" if text.isupper() else f"Người thứ {n}"
        self._instead[text] = made
        return made
