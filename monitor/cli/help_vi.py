"""The help texts in Vietnamese. In the code they stand in English; a test holds the two lists together."""

from typing import Any

from monitor.words import Language

VIETNAMESE: dict[str, str] = {
    "Watches administrative dossiers and tells who must act before they are late.": (
        "Theo dõi hồ sơ thủ tục hành chính và báo người phải xử lý trước khi quá hạn."
    ),
    "The configuration file.": "Tệp cấu hình.",
    "Language of the messages: vi or en.": "Ngôn ngữ của thông báo: vi hoặc en.",
    "Print JSON instead of tables.": "In JSON thay cho bảng.",
    "Print the version.": "In phiên bản.",
}


def in_language(command: Any, language: Language) -> None:
    """Puts Vietnamese help into a command tree. What has no translation stays as it is."""
    if language != "vi":
        return
    for attribute in ("help", "short_help"):
        text = getattr(command, attribute, None)
        if text:
            setattr(command, attribute, VIETNAMESE.get(text.strip(), text))
    for parameter in getattr(command, "params", []):
        text = getattr(parameter, "help", None)
        if text:
            parameter.help = VIETNAMESE.get(text.strip(), text)
    for child in getattr(command, "commands", {}).values():
        in_language(child, language)
