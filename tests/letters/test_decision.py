"""The officer decides; what the law forbids is refused by name."""

from datetime import date

import pytest

from monitor.letters.decision import DecisionRefused, copied, decided
from tests.letters.samples import FORMS, letter

OLD, TODAY = date(2026, 11, 24), date(2026, 11, 23)


class MondayToFriday:
    def is_working_day(self, on: date) -> bool:
        return on.weekday() < 5


def decide(reason: str = "Cần xác minh thực địa.", new_date: date | None = date(2026, 12, 1), promise: int = 1) -> str:
    content = letter(promise_number=promise)
    done = decided(
        FORMS.get("pxl_2025"),
        content,
        reason=reason,
        new_date=new_date,
        promised_on=OLD,
        today=TODAY,
        calendar=MondayToFriday(),
    )
    return " ".join(done.body)


def test_a_sound_decision_is_on_the_paper() -> None:
    text = decide()
    assert "Lý do: Cần xác minh thực địa." in text
    assert "vào ngày 01 tháng 12 năm 2026." in text


@pytest.mark.parametrize(
    ("reason", "new_date", "promise", "field", "said"),
    [
        ("", date(2026, 12, 1), 1, "reason", "chưa ghi lý do"),
        (" …… ", date(2026, 12, 1), 1, "reason", "chưa ghi lý do"),
        ("1.", date(2026, 12, 1), 1, "reason", "chưa ghi lý do"),
        ("x" * 301, date(2026, 12, 1), 1, "reason", "quá 300"),
        ("Lý do", None, 1, "new_date", "chưa ghi ngày hẹn mới"),
        ("Lý do", OLD, 1, "new_date", "phải sau ngày hẹn cũ"),
        ("Lý do", date(2026, 11, 20), 1, "new_date", "phải sau ngày hẹn cũ"),
        ("Lý do", date(2026, 11, 28), 1, "new_date", "ngày 28 tháng 11 năm 2026 là ngày nghỉ"),
        ("Lý do", date(2026, 12, 1), 2, "new_date", "đã gia hạn một lần"),
    ],
)
def test_a_wrong_decision_is_refused_by_name(
    reason: str, new_date: date | None, promise: int, field: str, said: str
) -> None:
    with pytest.raises(DecisionRefused) as refused:
        decide(reason, new_date, promise)
    assert refused.value.field == field
    assert said in refused.value.words.vi


def test_a_date_that_has_passed_is_refused_even_if_it_is_after_the_old_one() -> None:
    with pytest.raises(DecisionRefused, match="passed"):
        decided(
            FORMS.get("pxl_2025"),
            letter(),
            reason="Lý do",
            new_date=date(2026, 11, 25),
            promised_on=OLD,
            today=date(2026, 11, 26),
            calendar=MondayToFriday(),
        )


def test_a_second_apology_needs_a_reason_and_no_date() -> None:
    assert "Lý do: Chờ kết quả thẩm định." in decide("Chờ kết quả thẩm định.", None, 2)


def test_a_reason_copied_over_many_letters_is_seen() -> None:
    others = ["Quá tải công việc.", "quá tải  công việc.", "Khác"]
    assert copied("QUÁ TẢI CÔNG VIỆC.", others, most=2)
    assert not copied("Quá tải công việc.", others, most=3)
