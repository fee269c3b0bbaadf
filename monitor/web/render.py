"""Jinja2 with everything that comes from a source escaped, and a missing value an error."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import TEMPLATES, __version__
from monitor.domain.calendar import WorkingCalendar
from monitor.settings import Settings
from monitor.web import words
from monitor.web.show import Show, number, span

_ERRORS = {
    400: ("Yêu cầu không hợp lệ", "Địa chỉ hoặc điều kiện lọc không đúng. Đề nghị quay lại trang đầu."),
    404: ("Không tìm thấy", "Không có trang hoặc hồ sơ này. Kiểm tra lại mã hồ sơ."),
    405: ("Không được phép", "Trang này chỉ để xem."),
    409: ("Chưa có thư", "Thư này chưa được soạn hoặc đang tạm hoãn, nên chưa có tệp để in."),
    422: ("Thư không in được", "Thư có ký tự không in được. Đề nghị sửa ở hệ thống nguồn."),
    500: ("Có lỗi", "Hệ thống gặp lỗi khi dựng trang. Lỗi đã được ghi nhật ký; đề nghị báo quản trị hệ thống."),
}


class Pages:
    """Renders the templates of `templates/web`."""

    def __init__(self, settings: Settings, calendar: WorkingCalendar) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES / "web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            show=Show(calendar), words=words, site=settings.site, version=__version__, shadow=settings.shadow
        )
        self._environment.filters.update(span=span, number=number, urlpart=_url_part)

    def page(self, name: str, *, now: datetime, **values: Any) -> str:
        return self._environment.get_template(name).render(now=now, **values)

    def error(self, status: int, now: datetime, said: str = "") -> str:
        """The page of an error; `said` is what this one adds in words for people."""
        title, text = _ERRORS.get(status, _ERRORS[500])
        text = said or text
        return self.page("error.html", now=now, here="", title=title, text=text, status=status)


def _url_part(text: str) -> str:
    """A code as one segment of a path: a slash in it must not become a step in the path."""
    return quote(text, safe="")
