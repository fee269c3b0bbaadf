"""Jinja2 with everything that comes from a source escaped, and a missing value an error."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor import TEMPLATES, __version__
from monitor.access.rights import Right
from monitor.domain.calendar import WorkingCalendar
from monitor.settings import Settings
from monitor.web import words
from monitor.web.show import Show, number, span
from monitor.web.visit import FORM_FIELD, Visit

_ERRORS = {
    401: ("Chưa đăng nhập", "Trang này cần đăng nhập."),
    403: ("Không có quyền", "Tài khoản này không được làm việc đó, hoặc biểu mẫu đã để quá lâu. Đề nghị mở lại trang."),
    413: ("Tệp quá lớn", "Dữ liệu gửi lên lớn hơn mức cho phép."),
    400: ("Yêu cầu không hợp lệ", "Địa chỉ hoặc điều kiện lọc không đúng. Đề nghị quay lại trang đầu."),
    404: ("Không tìm thấy", "Không có trang hoặc hồ sơ này. Kiểm tra lại mã hồ sơ."),
    405: ("Không được phép", "Địa chỉ này không nhận cách gọi đó."),
    409: ("Chưa có thư", "Thư này chưa được soạn hoặc đang tạm hoãn, nên chưa có tệp để in."),
    422: ("Thư không in được", "Thư có ký tự không in được. Đề nghị sửa ở hệ thống nguồn."),
    500: ("Có lỗi", "Hệ thống gặp lỗi khi dựng trang. Lỗi đã được ghi nhật ký; đề nghị báo quản trị hệ thống."),
}


class Pages:
    """Renders the templates of `templates/web`."""

    def __init__(self, settings: Settings, calendar: WorkingCalendar) -> None:
        self.root = urlsplit(settings.site.base_url).path.rstrip("/")  # below which path a proxy serves us; "" = none
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES / "web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            show=Show(calendar),
            words=words,
            site=settings.site,
            version=__version__,
            shadow=settings.shadow,
            root=self.root,
            sso=settings.web.oidc.label if settings.web.oidc is not None else "",
            form_token=_form_token,
            Right=Right,
        )
        self._environment.filters.update(span=span, number=number, urlpart=_url_part)

    def page(
        self, template: str, /, *, now: datetime, visit: Visit | None = None, here: str = "", **values: Any
    ) -> str:
        """One page for one visit. `here` names the entry of the menu that is open."""
        return self._environment.get_template(template).render(now=now, visit=visit, here=here, **values)

    def error(self, status: int, now: datetime, said: str = "", visit: Visit | None = None) -> str:
        """The page of an error; `said` is what this one adds in words for people."""
        title, text = _ERRORS.get(status, _ERRORS[500])
        text = said or text
        return self.page("error.html", now=now, visit=visit, title=title, text=text, status=status)


def _url_part(text: str) -> str:
    """A code as one segment of a path: a slash in it must not become a step in the path."""
    return quote(text, safe="")


def _form_token(visit: Visit) -> Markup:
    """The hidden field that every form which posts must hold."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, visit.form_token)
