"""Jinja2 with everything that comes from a source escaped, and a missing value an error."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor import TEMPLATES, __version__
from monitor.access.rights import Right
from monitor.domain.calendar import WorkingCalendar
from monitor.settings import Settings
from monitor.web.show import Show
from monitor.web.speaking import COMPILED, speaking
from monitor.web.visit import FORM_FIELD, Visit
from monitor.web.wording import NAMES, Vocabulary, Wording
from monitor.words import Language, Words

_ERRORS = {
    401: (
        Words("Chưa đăng nhập", "Not signed in"),
        Words("Trang này cần đăng nhập.", "This page needs you to sign in."),
    ),
    403: (
        Words("Không có quyền", "Not allowed"),
        Words(
            "Tài khoản này không được làm việc đó, hoặc biểu mẫu đã để quá lâu. Đề nghị mở lại trang.",
            "This account may not do that, or the form was left open too long. Please open the page again.",
        ),
    ),
    413: (
        Words("Tệp quá lớn", "Too large"),
        Words("Dữ liệu gửi lên lớn hơn mức cho phép.", "What was sent is larger than what is taken."),
    ),
    400: (
        Words("Yêu cầu không hợp lệ", "Not understood"),
        Words(
            "Địa chỉ hoặc điều kiện lọc không đúng. Đề nghị quay lại trang đầu.",
            "The address or the filter is wrong. Please go back to the first page.",
        ),
    ),
    404: (
        Words("Không tìm thấy", "Not found"),
        Words(
            "Không có trang hoặc hồ sơ này. Kiểm tra lại mã hồ sơ.",
            "There is no such page or dossier. Please check the dossier code.",
        ),
    ),
    405: (
        Words("Không được phép", "Not allowed"),
        Words("Địa chỉ này không nhận cách gọi đó.", "This address is not to be called that way."),
    ),
    409: (
        Words("Chưa có thư", "No letter yet"),
        Words(
            "Thư này chưa được soạn hoặc đang tạm hoãn, nên chưa có tệp để in.",
            "This letter is not drafted yet or is held back, so there is no file to print.",
        ),
    ),
    422: (
        Words("Thư không in được", "The letter cannot be printed"),
        Words(
            "Thư có ký tự không in được. Đề nghị sửa ở hệ thống nguồn.",
            "A character in the letter cannot be printed. Please mend it in the source system.",
        ),
    ),
    500: (
        Words("Có lỗi", "Something went wrong"),
        Words(
            "Hệ thống gặp lỗi khi dựng trang. Lỗi đã được ghi nhật ký; đề nghị báo quản trị hệ thống.",
            "The page could not be made. The fault is in the log; please tell the administrator.",
        ),
    ),
}


class Pages:
    """Renders the templates of `templates/web`, each visit's in its language."""

    def __init__(self, settings: Settings, calendar: WorkingCalendar) -> None:
        self.root = urlsplit(settings.site.base_url).path.rstrip("/")  # below which path a proxy serves us; "" = none
        self._wordings = {language: Wording(language) for language in NAMES}
        self._shows = {language: Show(calendar, wording) for language, wording in self._wordings.items()}
        self._environments = {
            language: _environment(settings, self._shows[language], wording, self.root)
            for language, wording in self._wordings.items()
        }

    def page(
        self,
        template: str,
        /,
        *,
        now: datetime,
        visit: Visit | None = None,
        here: str = "",
        language: Language = "vi",
        **values: Any,
    ) -> str:
        """One page for one visit. `here` names the entry of the menu that is open; `language` is for no visit."""
        environment = self._environments[language if visit is None else visit.language]
        return environment.get_template(template).render(now=now, visit=visit, here=here, **values)

    def wording(self, visit: Visit) -> Wording:
        """The language of a visit's pages."""
        return self._wordings[visit.language]

    def show(self, visit: Visit) -> Show:
        """How instants and numbers are written in the language of a visit's pages."""
        return self._shows[visit.language]

    def words(self, visit: Visit) -> Vocabulary:
        """The tables of words in the language of a visit's pages."""
        return self._wordings[visit.language].words

    def error(
        self, status: int, now: datetime, said: str = "", visit: Visit | None = None, language: Language = "vi"
    ) -> str:
        """The page of an error; `said` is what this one adds in words for people."""
        if visit is not None:
            language, visit.here = visit.language, "/"  # what was asked for is not repeated to who may not have it
        title, text = (words.say(language) for words in _ERRORS.get(status, _ERRORS[500]))
        values: dict[str, Any] = {"title": title, "text": said or text, "status": status}
        return self.page("error.html", now=now, visit=visit, language=language, **values)


def _environment(settings: Settings, show: Show, wording: Wording, root: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=COMPILED[wording.language],
    )
    made.code_generator_class = speaking(wording)
    # what the extension adds to an environment it does not tell the type checker
    made.install_gettext_callables(wording.say, wording.say_number, newstyle=True, pgettext=wording.say_in)  # type: ignore[attr-defined]
    made.globals["_"] = _sayer(wording)
    made.globals.update(
        show=show,
        words=wording.words,
        language=wording.language,
        languages=NAMES,
        of_vi=wording.vietnamese_attribute,
        site=settings.site,
        version=__version__,
        shadow=settings.shadow,
        root=root,
        sso=settings.web.oidc.label if settings.web.oidc is not None else "",
        form_token=_form_token,
        Right=Right,
    )
    made.filters.update(
        span=show.span,
        number=show.number,
        urlpart=_url_part,
        urlquery=_url_query,
        vi=wording.vietnamese,
        line=wording.line,
    )
    return made


def _sayer(wording: Wording) -> Callable[..., Markup]:
    """What the extension's own `_` answers, without asking the template's context each time: long lists call it
    thousands of times a page."""
    texts: dict[str, Markup] = {}

    def say(text: str, /, **values: object) -> Markup:
        found = texts.get(text)
        if found is None:
            found = Markup(wording.say(text))  # noqa: S704 - a text of the templates or of a table of words, never data
            texts[text] = found
        return found % values

    return say


def _url_part(text: str) -> str:
    """A code as one segment of a path: a slash in it must not become a step in the path."""
    return quote(text, safe="")


def _url_query(text: str) -> str:
    """A path as a value in an address."""
    return quote(text, safe="/")


def _form_token(visit: Visit) -> Markup:
    """The hidden field that every form which posts must hold."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, visit.form_token)
