"""The catalogue of procedures from .toml, .csv and .xlsx: every row a term, or set aside with its reason."""

from datetime import time
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit
from monitor.procedures import NO_CATALOGUE, ProcedureFileError, Terms, load_terms

FIVE = TimeLimit(Fraction(5), LimitUnit.WORKING_DAYS)
CSV = "ma_tthc,ten_tthc,linh_vuc,cap,kenh,so,don_vi\n"


def from_text(folder: Path, name: str, text: str) -> Terms:
    (folder / name).write_text(text, "utf-8")
    return load_terms(folder / name)


def test_no_file_is_an_empty_catalogue() -> None:
    assert load_terms(None) is NO_CATALOGUE
    assert NO_CATALOGUE.find("1.000110", "online") is None
    assert NO_CATALOGUE.counts() == {}


def test_toml_states_the_limit_as_text_and_the_counting_rules(tmp_path: Path) -> None:
    terms = from_text(
        tmp_path,
        "procedures.toml",
        """
        [[procedure]]
        code = "1.000110"
        name = "Đăng ký khai sinh"
        field = "Hộ tịch"
        limit = "1 ngày làm việc"
        same_day_until = 15:00:00
        [[procedure]]
        code = "1.012753"
        channel = "online"
        case = "lần đầu"
        limit = "17 ngày làm việc"
        cut_off = "16:30"
        first_day_counted = true
        day_is_hours = false
        payment_pauses = true
        """,
    )
    birth = terms.find("1.000110", "counter")
    assert birth is not None
    assert (birth.name, birth.field, birth.channel) == ("Đăng ký khai sinh", "Hộ tịch", "")
    assert birth.rules == CountingRules(same_day_until=time(15))
    land = terms.find("1.012753", "online", "lần đầu")
    assert land is not None
    assert land.limit == TimeLimit(Fraction(17), LimitUnit.WORKING_DAYS)
    assert land.rules == CountingRules(first_day_counted=True, cut_off=time(16, 30), payment_pauses=True)


@pytest.mark.parametrize(
    ("channel", "limit", "why"),
    [
        ("online", TimeLimit(Fraction(3), LimitUnit.WORKING_DAYS), "its own channel"),
        ("counter", None, "two cases differ, and nothing says which one a dossier is"),
        ("post", TimeLimit(Fraction(7), LimitUnit.CALENDAR_DAYS), "two cases that agree are one answer"),
        ("", None, "channel unknown and the channels differ"),
    ],
)
def test_the_term_depends_on_channel_and_case(tmp_path: Path, channel: str, limit: TimeLimit | None, why: str) -> None:
    terms = from_text(
        tmp_path,
        "terms.csv",
        "code,channel,case,limit\n"
        "1.013067,Trực tuyến,,3 ngày làm việc\n"
        "1.013067,Trực tiếp,,1 giờ\n"
        "1.013067,Trực tiếp,,7 ngày làm việc\n"
        "1.013067,Dịch vụ bưu chính,a,7 ngày\n"
        "1.013067,Dịch vụ bưu chính,b,7 ngày\n",
    )
    term = terms.find("1.013067", channel)
    assert term is not None
    assert term.limit == limit, why
    assert bool(term.problem) is (limit is None)


def test_an_ambiguous_term_names_the_limits_it_could_be(tmp_path: Path) -> None:
    terms = from_text(tmp_path, "t.csv", "code,channel,limit\nA,online,1 giờ\nA,online,7 ngày\n")
    term = terms.find("A", "online")
    assert term is not None
    assert "1 giờ làm việc, 7 ngày" in term.problem
    assert [t.case for t in terms.terms] == ["", "2"], "unnamed cases are numbered"
    named = terms.find("A", "online", "2")
    assert named is not None
    assert named.limit == TimeLimit(Fraction(7), LimitUnit.CALENDAR_DAYS)


def test_a_row_for_any_channel_serves_those_without_their_own(tmp_path: Path) -> None:
    terms = from_text(tmp_path, "t.csv", "code,channel,limit\nA,,5 ngày làm việc\nA,online,3 ngày làm việc\n")
    counter, online = terms.find("A", "counter"), terms.find("A", "online")
    assert counter is not None
    assert counter.limit == FIVE
    assert online is not None
    assert online.limit == TimeLimit(Fraction(3), LimitUnit.WORKING_DAYS)
    only_online = from_text(tmp_path, "u.csv", "code,channel,limit\nA,online,3 ngày làm việc\n")
    assert only_online.find("A", "post") is None, "another channel's term is not guessed"
    assert only_online.find("B", "") is None


def test_every_row_is_a_term_or_set_aside_with_its_reason(tmp_path: Path) -> None:
    terms = from_text(
        tmp_path,
        "terms.csv",
        CSV + "1.1,A,X,Cấp xã,Trực tiếp,5,Ngày làm việc\n"
        "1.1,A,X,Cấp xã,Trực tiếp,05,Ngày làm việc\n"
        "1.2,B,X,Cấp xã,Trực tiếp,3,\n"
        "1.3,C,X,Cấp xã,Trực tiếp,,\n"
        "1.4,D,X,Cấp xã,Trực tiếp,0,Ngày\n"
        "1.5,E,X,Cấp xã,Trực tiếp,2,Tuần\n"
        ",F,X,Cấp xã,Trực tiếp,2,Ngày\n"
        "\n"
        "1.6,G,X,Cấp xã,Trực tiếp,1.5,Ngày làm việc\n",
    )
    assert terms.counts() == {
        "term": 2,
        "repeated": 1,
        "no_unit": 1,
        "no_time": 1,
        "zero": 1,
        "unknown_unit": 1,
        "no_code": 1,
    }
    assert [(bad.row, bad.reason) for bad in terms.set_aside][:2] == [(3, "repeated"), (4, "no_unit")]
    assert all(bad.problem for bad in terms.set_aside)
    assert "không có đơn vị" in next(bad.problem for bad in terms.set_aside if bad.reason == "no_unit")


def test_a_same_day_rule_with_a_long_term_is_set_aside(tmp_path: Path) -> None:
    terms = from_text(tmp_path, "t.csv", "code,limit,same_day_until\nA,5 ngày,15:00\nB,8 giờ,15:00\n")
    assert terms.counts() == {"term": 1, "same_day_too_long": 1}


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    book.close()
    return path


def test_xlsx_reads_as_offices_type_it(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "danh-muc.xlsx",
        [
            [
                "STT",
                "Mã thủ tục",
                "Tên thủ tục",
                "Lĩnh vực",
                "Kênh",
                "Số",
                "Đơn vị",
                "Trả trong ngày đến",
                "1 ngày là 8 giờ",
            ],
            [1, "1.004222", "Đăng ký thường trú", "Cư trú", "Trực tuyến", 7, "Ngày làm việc", None, None],
            [2, "1.013097", "Đổi biển số", "Xe", None, 1.5, "Ngày làm việc", None, "x"],
            [None] * 9,
            [3, 1.5, "mã dạng số", "Khác", None, 5.0, "Ngày", None, "Không"],
            [4, "1.000110", "Khai sinh", "Hộ tịch", None, 1, "Ngày làm việc", time(15), False],
            [5, "1.000111", "Khai tử", "Hộ tịch", None, 8, None, None, None],
        ],
    )
    terms = load_terms(path)
    assert terms.counts() == {"term": 4, "no_unit": 1}
    residence, plates = terms.find("1.004222", "online"), terms.find("1.013097", "")
    assert residence is not None
    assert residence.limit == TimeLimit(Fraction(7), LimitUnit.WORKING_DAYS)
    assert plates is not None
    assert (plates.limit, plates.rules.day_is_hours) == (TimeLimit(Fraction(3, 2), LimitUnit.WORKING_DAYS), True)
    assert terms.find("1.5", "") is not None
    birth = terms.find("1.000110", "")
    assert birth is not None
    assert birth.rules.same_day_until == time(15)
    assert terms.set_aside[0].row == 7


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "", "must end in .toml, .csv or .xlsx"),
        ("a.csv", "", "the first row must name the columns"),
        ("a.csv", "code,name\nA,B\n", "code and limit"),
        ("a.csv", "name,limit\nA,5 ngày\n", "code and limit"),
        ("a.csv", "code,mã,limit\n", "two columns say 'code'"),
        ("a.csv", "code,limit,channel\nA,5 ngày,fax\n", 'row 2: channel "fax" is not known'),
        ("a.csv", "code,limit,cut_off\nA,5 ngày,4h\n", "row 2: cut_off is '4h'; write a time such as 15:00"),
        ("a.csv", "code,limit,day_is_hours\nA,5 ngày,maybe\n", "row 2: day_is_hours is 'maybe'"),
        ("a.toml", "[[procedure]", "not TOML"),
        ("a.toml", "procedure = 3", r"write \[\[procedure\]\] tables"),
        ("a.toml", "[[procedures]]\ncode = 'A'", r"write \[\[procedure\]\] tables"),
        ("a.toml", "[[procedure]]\ncode = 'A'\nlimits = '5 ngày'", "row 1: unknown key 'limits'"),
        ("a.xlsx", "not a workbook", "not an .xlsx workbook"),
    ],
)
def test_a_file_that_is_no_catalogue_says_what_to_write(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(ProcedureFileError, match=said) as caught:
        from_text(tmp_path, name, text)
    assert name in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProcedureFileError, match="cannot be read"):
        load_terms(tmp_path / "absent.csv")
    (tmp_path / "latin.csv").write_bytes("code,limit\nA,5 ngày\n".encode("utf-16"))
    with pytest.raises(ProcedureFileError, match="not CSV in UTF-8"):
        load_terms(tmp_path / "latin.csv")
    many = "code,limit,channel\n" + "A,5 ngày,fax\n" * 30
    with pytest.raises(ProcedureFileError, match="and 10 more"):
        from_text(tmp_path, "many.csv", many)


def test_the_version_names_what_the_catalogue_says(tmp_path: Path) -> None:
    first = from_text(tmp_path, "a.csv", "code,limit\nA,5 ngày\n")
    same = from_text(tmp_path, "b.csv", "limit,code,cap\n5 Ngày,A,xã\n")
    other = from_text(tmp_path, "c.csv", "code,limit\nA,5 ngày làm việc\n")
    assert first.version == same.version != other.version


@pytest.mark.shared_data
def test_the_real_catalogue_imports_whole(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """6,845 rows of 2,642 procedures: each a term or set aside, and the counts printed."""
    terms = load_terms(shared_data / "procedures-2026" / "terms.csv")
    counts = terms.counts()
    assert counts == {"term": 5840, "no_unit": 817, "no_time": 188}
    assert sum(counts.values()) == 6845
    codes = {t.procedure_code for t in terms.terms} | {bad.procedure_code for bad in terms.set_aside}
    assert len(codes) == 2642
    units = {unit: sum(t.limit is not None and t.limit.unit is unit for t in terms.terms) for unit in LimitUnit}
    assert units == {"working_days": 4119, "calendar_days": 1571, "hours": 136, "months": 14}
    registration = terms.find("1.013067", "counter")
    assert registration is not None
    assert registration.limit is None, "1 giờ, 2 or 7 ngày làm việc, by case"
    with capsys.disabled():
        print(f"\nprocedures-2026: {', '.join(f'{reason} {n}' for reason, n in sorted(counts.items()))}")
