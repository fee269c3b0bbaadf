"""From a system's own states to ours. What a map does not name is `Status.UNKNOWN`, never a guess."""

from collections.abc import Mapping

from connectors.kit.text import status_key
from monitor.domain.dossier import Status


class StatusMap:
    """The states of a system, with a site's own laid over them. Keys compare without case, spacing or final stop."""

    def __init__(self, known: Mapping[str, Status], of_site: Mapping[str, Status] | None = None) -> None:
        both = {**known, **(of_site or {})}
        self._known = {status_key(raw): status for raw, status in both.items()}
        self._spelt = {status_key(raw): raw for raw in both}

    def read(self, raw: str) -> Status:
        return self._known.get(status_key(raw), Status.UNKNOWN)

    def raw_of(self, wanted: frozenset[Status]) -> tuple[str, ...]:
        """The system's own codes of the wanted states, in a fixed order."""
        return tuple(sorted(self._spelt[key] for key, status in self._known.items() if status in wanted))


# The words of the national portal (connectors.md §2.7) and their everyday variants, as people type them in tables.
VIETNAMESE: Mapping[str, Status] = {
    "mới đăng ký": Status.SUBMITTED,
    "mới nộp": Status.SUBMITTED,
    "chờ tiếp nhận": Status.SUBMITTED,
    "được tiếp nhận": Status.PROCESSING,
    "đã tiếp nhận": Status.PROCESSING,
    "đang xử lý": Status.PROCESSING,
    "đang giải quyết": Status.PROCESSING,
    "không được tiếp nhận": Status.REFUSED,
    "từ chối tiếp nhận": Status.REFUSED,
    "yêu cầu bổ sung giấy tờ": Status.SUPPLEMENT,
    "yêu cầu bổ sung": Status.SUPPLEMENT,
    "chờ bổ sung": Status.SUPPLEMENT,
    "yêu cầu thực hiện nghĩa vụ tài chính": Status.PAYMENT,
    "chờ thực hiện nghĩa vụ tài chính": Status.PAYMENT,
    "công dân yêu cầu rút hồ sơ": Status.WITHDRAWN,
    "đã rút": Status.WITHDRAWN,
    "dừng xử lý": Status.SUSPENDED,
    "tạm dừng": Status.SUSPENDED,
    "đã xử lý xong": Status.READY,
    "đã có kết quả": Status.READY,
    "đã trả kết quả": Status.RETURNED,
}
