"""An office edits words, not programs: everything else is refused with file, line and what to write."""

from pathlib import Path

import pytest

from monitor.letters.forms import FIELDS, OURS, Forms
from monitor.letters.templates import TemplateRefused, read_template
from monitor.letters.wording import check_templates, paragraphs
from monitor.settings import LetterAgency, Letters

VALUES = dict.fromkeys(FIELDS, "giá trị") | {"da_qua_han": True, "duoc_gia_han": True}


def written(folder: Path, text: str) -> Path:
    file = folder / "body.txt"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ co_quan.__class__ }}",
        "{{ co_quan['__class__'] }}",
        "{{ 'a' * 200000000 }}",
        "{% for i in range(9) %}x{% endfor %}",
        "{{ range(100000000) }}",
        "{{ co_quan.format(1) }}",
        "{{ co_quan|attr('__class__') }}",
        "{{ co_quan|center(100000000) }}",
        "{{ '%s'|format(1) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% set x = 1 %}{{ x }}",
        "{% macro m() %}{% endmacro %}",
        "{% block b %}{% endblock %}",
        "{% raw %}{% endraw %}{{ self }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ 1 + 1 }}",
        "{{ co_quan if da_qua_han else 9 }}",
        "{{ co_quan ~ co_quan }}",
        "{{ co_quan is defined }}",
        "{% if co_quan < 'x' %}{% endif %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{{ lipsum() }}",
        "{{ cycler }}",
        "{% autoescape true %}{% endautoescape %}",
    ],
)
def test_anything_but_fields_and_choices_is_refused(tmp_path: Path, attack: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        read_template(written(tmp_path, f"dòng một\n{attack}\n"), FIELDS)
    assert refused.value.line == 2


@pytest.mark.parametrize(
    ("text", "line", "wrong", "fix"),
    [
        ("Một\nHai {{ ma_hoso }}", 2, 'không có trường "ma_hoso"', "{{ ma_ho_so }}"),
        ("{{ co_quan|HOA }}", 1, 'bộ lọc "HOA"', "viet_hoa"),
        ("a\nb\n{{ co_quan", 3, "cú pháp sai", "}}"),
        ("a\n{% if da_qua_han %}\nb", 3, "cú pháp sai", "{% endif %}"),
    ],
)
def test_a_slip_tells_where_and_what_to_write(tmp_path: Path, text: str, line: int, wrong: str, fix: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(TemplateRefused) as refused:
        read_template(file, FIELDS)
    told = refused.value
    assert (told.file, told.line) == (file, line)
    assert wrong in told.wrong.vi
    assert fix in told.fix.vi


def test_what_is_allowed_says_what_it_should(tmp_path: Path) -> None:
    text = (
        "{# chú thích #}{{ co_quan|viet_hoa }}; {{ xung_ho|hoa_dau }}\n\n"
        "{% if da_qua_han and not duoc_gia_han or thu_tuc == 'giá trị' %}\nđúng\n{% elif dia_chi %}sai{% else %}\nsai\n"
        "{% endif %}"
    )
    assert paragraphs(read_template(written(tmp_path, text), FIELDS), VALUES) == ("GIÁ TRỊ; Giá trị", "đúng")


def test_a_value_is_never_a_template(tmp_path: Path) -> None:
    """What a person's name holds is printed, whatever it looks like."""
    template = read_template(written(tmp_path, "Kính gửi: {{ nguoi_nop }}"), FIELDS)
    nasty = "{{ 7*7 }} {% if x %} {# x #} <b>&amp;"
    assert paragraphs(template, VALUES | {"nguoi_nop": nasty}) == (f"Kính gửi: {nasty}",)


def test_a_file_that_is_not_text_or_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "body.txt"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateRefused, match="cannot be read"):
        read_template(file, FIELDS)
    file.write_text("x" * 70_000)
    with pytest.raises(TemplateRefused, match="too large"):
        read_template(file, FIELDS)


def test_our_own_wording_has_no_problem() -> None:
    assert check_templates(Letters()) == []
    assert Forms().codes == ("bao_mot_cua", "cong_van", "pxl_2018", "pxl_2025", "xin_loi")


def test_an_office_changes_one_file_and_keeps_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "pxl_2025"
    folder.mkdir()
    (folder / "title.txt").write_text("VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT\n", "utf-8")
    ours, theirs = Forms().get("pxl_2025"), Forms(tmp_path).get("pxl_2025")
    assert paragraphs(theirs.parts["title"], VALUES)[0].startswith("VĂN BẢN XIN LỖI")
    assert paragraphs(theirs.parts["body"], VALUES) == paragraphs(ours.parts["body"], VALUES)
    assert theirs.version != ours.version
    assert check_templates(Letters(templates=tmp_path)) == []


def test_an_offices_own_form(tmp_path: Path) -> None:
    folder = tmp_path / "cong_van"
    folder.mkdir()
    for name in ("form.toml", "title.txt", "addressee.txt", "body.txt"):
        (folder / name).write_bytes((OURS / "pxl_2025" / name).read_bytes())
    assert "cong_van" in Forms(tmp_path).codes
    settings = Letters(templates=tmp_path, agencies=(LetterAgency(form="cong_van"),))
    assert check_templates(settings) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("body.txt", "{{ co_quan }} {{ ma_ho_so }} {{ ly_do }}", "{{ han_moi }}"),  # the law asks for the new date
        ("body.txt", "{{ co_quan }} {{ ma_ho_so }} {{ han_moi }}", "{{ ly_do }}"),  # and for the reason
        ("addressee.txt", "Kính gửi: ông bà", "{{ nguoi_nop }}"),
        ("title.txt", "{% if da_qua_han %}PHIẾU{% endif %}", "không in ra chữ nào"),  # nothing before the due date
        ("signature.txt", "(Ký ✍)", "không in được"),  # no such character in the fonts
        ("form.toml", "name = 3", "thiếu name"),
        ("form.toml", "name = ", "không phải TOML"),
    ],
)
def test_a_form_that_breaks_its_duty_is_told_by_check(tmp_path: Path, file: str, text: str, said: str) -> None:
    folder = tmp_path / "pxl_2025"
    folder.mkdir()
    (folder / file).write_text(text, "utf-8")
    problems = check_templates(Letters(templates=tmp_path))
    assert [p.file for p in problems] == [folder / file]
    assert said in problems[0].wrong.vi


@pytest.mark.parametrize("code", ["khong_co", "../pxl_2025", "pxl_2025/../pxl_2018", ""])
def test_a_form_that_does_not_exist_is_told(code: str) -> None:
    problems = check_templates(Letters(agencies=(LetterAgency(form=code),)))
    assert len(problems) == 1
    assert "pxl_2025" in problems[0].fix.vi
