"""Commands and buttons: only for people who are known, only of what they answer for, each button once."""

from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.alerts.acknowledge import open_answers
from monitor.alerts.buttons import Act, Button, first_keyboard
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.sending import send_pending
from monitor.bot import words
from monitor.bot.heard import Answer, Back, Change, Say
from monitor.store.tables import Acknowledgement, ParkedAddress
from tests.alerts.test_sending import Scripted
from tests.alerts.world import NOW, add_dossiers, line, owe, plan
from tests.bot.conftest import BotOffice
from tests.peers.bot_api import TOKEN, html_problem

LATE = {"code": "H19.1-261101-0001", "stage": "late", "late_by": 3}
OTHERS = {"code": "H19.2-261101-0009", "stage": "late", "agency_code": "H19.2"}
HEAD, CHAIR, STRANGER = 101, 400, 999


def text(back: list[Back]) -> str:
    (say,) = [one for one in back if isinstance(one, Say)]
    assert html_problem(say.text) == ""
    return say.text


def popped(back: list[Back]) -> str:
    (answer,) = [one for one in back if isinstance(one, Answer)]
    return answer.text


def buttons(back: list[Back]) -> dict[str, str]:
    """What stands on each button offered -> its data."""
    for one in back:
        if isinstance(one, Say | Change):
            return {label: data for row in one.keyboard or [] for label, data in row}
    return {}


def press_through(office: BotOffice, keyboard: dict[str, str], *labels: str, user: int = HEAD) -> list[Back]:
    back: list[Back] = []
    for label in labels:
        back = office.presses(next(data for shown, data in keyboard.items() if label in shown), user)
        keyboard = buttons(back)
    return back


def answers(office: BotOffice, dossier_id: int) -> list[tuple[str, str, str]]:
    with office.sessions() as session:
        return [(a.kind, a.person, a.reason) for a in open_answers(session, dossier_id)]


@pytest.mark.parametrize(
    "command", ["/homnay", "/trehan", "/hoso H19.1-261101-0001", "/nhan x", "/hoan x", "/x", "chào"]
)
def test_a_stranger_gets_nothing_of_any_dossier(office: BotOffice, command: str) -> None:
    add_dossiers(office.sessions, LATE)
    said = text(office.says(command, STRANGER))
    assert "chưa gắn với cán bộ nào" in said
    assert "H19.1" not in said


def test_trehan_lists_what_is_late_in_ones_own_agencies_only(office: BotOffice) -> None:
    add_dossiers(office.sessions, LATE, OTHERS, {"code": "H19.1-261120-0002", "stage": "in_time", "late_by": -9})
    said = text(office.says("/trehan", HEAD))
    assert "1 quá hạn" in said
    assert "H19.1-261101-0001" in said
    assert "H19.2" not in said
    assert "0002" not in said
    assert "Cấp giấy phép" not in said, "detail = codes"
    both = text(office.says("/trehan", CHAIR))
    assert "2 quá hạn" in both, "the chairman answers for the whole province"
    assert "2 cơ quan" in both


def test_homnay_lists_what_is_due(office: BotOffice) -> None:
    add_dossiers(office.sessions, LATE, {"code": "c-today", "stage": "due_today", "late_by": 0})
    said = text(office.says("/homnay", HEAD))
    assert "c-today" in said
    assert "0001" not in said


def test_a_long_list_says_how_many_more_and_where(office: BotOffice) -> None:
    add_dossiers(office.sessions, *({"code": f"H19.1-{n:04d}", "stage": "late"} for n in range(40)))
    said = text(office.says("/trehan", HEAD))
    assert "và 25 hồ sơ nữa" in said


@pytest.mark.parametrize("code", ["H19.2-261101-0009", "khong-co", "<b>", "a" * 300])
def test_hoso_of_another_agency_and_of_none_are_the_same_answer(office: BotOffice, code: str) -> None:
    add_dossiers(office.sessions, OTHERS)
    assert "Không có hồ sơ" in text(office.says(f"/hoso {code}", HEAD))


def test_hoso_shows_one_dossier_with_buttons_that_act(office: BotOffice) -> None:
    (dossier_id,) = add_dossiers(office.sessions, LATE)
    back = office.says("/hoso H19.1-261101-0001", HEAD)
    assert "quá hạn" in text(back)
    done = press_through(office, buttons(back), "Nhận xử lý", "Chờ ký", "24/11")
    assert "nhận xử lý H19.1-261101-0001, hẹn xong 24/11/2026" in popped(done)
    assert answers(office, dossier_id) == [("taken", "head1", "Chờ ký, đóng dấu")]
    change = next(one for one in done if isinstance(one, Change))
    assert "đã có người nhận, hẹn xong 24/11/2026" in (change.text or "")
    assert change.keyboard == [], "what is answered asks for no answer"


@pytest.mark.parametrize(
    ("labels", "kind", "said"),
    [
        (("Nhận xử lý", "Đang xử lý", "hôm nay"), "taken", "hẹn xong 23/11/2026"),
        (("Nhận xử lý", "Quay lại", "Hoãn nhắc", "Chờ ý kiến", "24/11"), "put_off", "hoãn nhắc"),
        (("Đã giải quyết xong", "Đúng"), "solved", "đã giải quyết xong"),
    ],
)
def test_every_answer_can_be_given_by_pressing(
    office: BotOffice, labels: tuple[str, ...], kind: str, said: str
) -> None:
    (dossier_id,) = add_dossiers(office.sessions, LATE)
    back = press_through(office, buttons(office.says("/hoso H19.1-261101-0001", HEAD)), *labels)
    assert said in popped(back)
    assert [row[0] for row in answers(office, dossier_id)] == [kind]


def alert(office: BotOffice, *dossiers: int) -> dict[str, str]:
    """Sends an alert of these dossiers to head1 and returns its buttons."""
    for dossier_id in dossiers:
        owe(office.sessions, dossier_id, "late", "agency_head")
    plan(office.sessions)
    channel = Scripted()
    send_pending(office.sessions, {"telegram": channel}, clock=office.clock)
    (outgoing,) = channel.got
    rows = first_keyboard(office.signer, outgoing.id, outgoing.view["lines"], outgoing.address)
    return {label: data for row in rows for label, data in row}


def test_an_alert_of_several_lets_one_be_chosen_and_shows_the_answer_in_place(office: BotOffice) -> None:
    ids = add_dossiers(office.sessions, *({"code": f"tre-{n}", "stage": "late"} for n in (1, 2)))
    keyboard = alert(office, *ids)
    assert list(keyboard) == ["Trả lời từng hồ sơ (2)"]
    back = press_through(office, keyboard, "Trả lời", "tre-2", "Nhận xử lý", "Đang xử lý", "25/11")
    change = next(one for one in back if isinstance(one, Change))
    assert (change.text or "").count("đã có người nhận, hẹn xong 25/11/2026") == 1
    assert [label for row in change.keyboard for label, _ in row] == [
        "✅ Nhận xử lý",
        "⏸ Hoãn nhắc",
        "✔ Đã giải quyết xong",
    ]
    assert answers(office, ids[0]) == []
    assert len(answers(office, ids[1])) == 1


def test_a_button_works_once(office: BotOffice) -> None:
    (dossier_id,) = add_dossiers(office.sessions, LATE)
    keyboard = press_through(office, alert(office, dossier_id), "Nhận xử lý", "Đang xử lý")
    last = next(data for label, data in buttons(keyboard).items() if "24/11" in label)
    assert "Đã ghi nhận" in popped(office.presses(last))
    assert popped(office.presses(last)) == words.USED
    with office.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Acknowledgement)) == 1


def test_an_update_brought_twice_is_answered_once(office: BotOffice) -> None:
    add_dossiers(office.sessions, LATE)
    assert office.says("/trehan", HEAD)
    office.number -= 1
    assert office.says("/trehan", HEAD) == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda data, office: data[:-1] + ("A" if data[-1] != "A" else "B"),
        lambda data, office: data.replace("T.", "X.", 1),
        lambda data, office: "",
        lambda data, office: "T.1.1.0-261124.",
        lambda data, office: office.signer.data(Button(Act.TAKEN, 1, 1, "0-261124"), "400"),
        lambda data, office: "x" * 64,
        lambda data, office: "é.é.é.é.é",
    ],
)
def test_a_forged_button_does_nothing(office: BotOffice, forge: Any) -> None:
    """Another act, another signature, a button of another chat."""
    (dossier_id,) = add_dossiers(office.sessions, LATE)
    keyboard = buttons(press_through(office, alert(office, dossier_id), "Nhận xử lý", "Đang xử lý"))
    last = next(data for label, data in keyboard.items() if "24/11" in label)
    assert popped(office.presses(forge(last, office))) == words.NOT_OURS
    assert answers(office, dossier_id) == []


def test_a_button_in_a_group_acts_for_who_pressed_it_if_they_answer_for_it(office: BotOffice) -> None:
    (dossier_id,) = add_dossiers(office.sessions, OTHERS)
    data = office.signer.data(Button(Act.SOLVED_YES, 0, dossier_id), "-100500")
    group = {"id": -100500, "type": "supergroup"}
    assert popped(office.presses(data, STRANGER, **group)) == words.NOT_LINKED
    assert popped(office.presses(data, HEAD, **group)) == words.GONE, "head of another commune"
    assert "Đã ghi nhận" in popped(office.presses(data, CHAIR, **group))
    assert [row[1] for row in answers(office, dossier_id)] == ["chair"]


def test_a_refused_answer_says_why_and_leaves_the_button_usable(office: BotOffice) -> None:
    (dossier_id,) = add_dossiers(office.sessions, LATE)
    far = office.signer.data(Button(Act.OFF, 0, dossier_id, "0-270301"), "101")
    said = popped(office.presses(far))
    assert "Muộn nhất" in said
    assert popped(office.presses(far)) == said, "not used up"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nhan H19.1-261101-0001 25/11 đang chờ ký", "hẹn xong 25/11/2026"),
        ("/nhan H19.1-261101-0001 25/11/2026 đang chờ ký", "hẹn xong 25/11/2026"),
        ("/hoan H19.1-261101-0001 24/11 chờ phối hợp", "hoãn nhắc H19.1-261101-0001 đến hết 24/11/2026"),
        ("/nhan H19.1-261101-0001 25/11", "lý do"),
        ("/nhan", "ví dụ"),
        ("/nhan H19.1-261101-0001 32/13 x", "ví dụ"),
        ("/nhan H19.1-261101-0001 22/11 đang ký", "Ngày này đã qua"),
        ("/nhan H19.1-261101-0001 24/11 gọi 0912345678", "không ghi thông tin của người dân"),
        ("/nhan H19.2-261101-0009 25/11 của người khác", "Không có hồ sơ"),
        ("/khong", "/trogiup"),
        ("/trogiup", "/trehan"),
    ],
)
def test_commands_take_answers_with_words(office: BotOffice, command: str, said: str) -> None:
    add_dossiers(office.sessions, LATE, OTHERS)
    assert said in text(office.says(command, HEAD))


def test_talk_in_a_group_is_left_alone(office: BotOffice) -> None:
    assert office.says("chào cả nhà", HEAD, id=-5, type="group") == []


@pytest.mark.parametrize("status", ["kicked", "left"])
def test_a_chat_that_shuts_the_bot_out_is_parked_until_it_lets_it_in_again(office: BotOffice, status: str) -> None:
    def change(status: str) -> None:
        said = {"chat": {"id": HEAD}, "from": {"id": HEAD}, "new_chat_member": {"status": status}}
        assert office.desk.handle({"update_id": 1, "my_chat_member": said}) == []

    def shut() -> list[str]:
        with office.sessions() as session:
            return list(session.scalars(select(ParkedAddress.address).where(ParkedAddress.lifted_at.is_(None))))

    change(status)
    assert shut() == ["101"]
    change("member")
    assert shut() == []


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"update_id": "x"},
        {"update_id": 1},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": {"chat": 5}},
    ],
)
def test_what_has_another_shape_is_passed_over(office: BotOffice, update: dict[str, Any]) -> None:
    assert office.desk.handle(update) == []


def test_button_data_fits_the_64_bytes_of_the_bot_api(office: BotOffice) -> None:
    widest = Button(Act.TAKEN, 2**40, 2**40, "3-991231")
    data = office.signer.data(widest, "-1001234567890/12345")
    assert len(data.encode()) <= 64
    assert office.signer.read(data, "-1001234567890") == widest


def test_a_new_token_ends_all_old_buttons(office: BotOffice) -> None:
    from monitor.alerts.buttons import Signer

    data = office.signer.data(Button(Act.SOLVED, 1, 1), "101")
    assert Signer(TOKEN + "x").read(data, "101") is None


def test_a_source_line_asks_for_no_answer(office: BotOffice) -> None:
    told = Outgoing("k", "101", {"lines": [line(section="source")]}, NOW)
    assert first_keyboard(office.signer, 1, told.view["lines"], "101") == []
