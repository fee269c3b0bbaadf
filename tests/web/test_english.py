"""The pages in English: every text has one, no page shows a Vietnamese one, and who never asked stays with Vietnamese."""

import ast
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from jinja2 import Environment, nodes

from monitor import TEMPLATES
from monitor.explain import _HEADINGS
from monitor.reports import figures_table, office
from monitor.web import words
from monitor.web.speaking import speaking
from monitor.web.wording import COOKIE, Wording, english
from monitor.web.words import Word
from tests.web import desk
from tests.web.conftest import served
from tests.web.journeys import bring, letter_of
from tests.web.test_axe import PAGES

WEB = Path(__file__).resolve().parents[2] / "monitor" / "web"
FILES = sorted((TEMPLATES / "web").glob("*.html"))
LETTER = re.compile(r"[^\W\d_]")
VIETNAMESE = re.compile(r"[À-ỹ]")
SPOKEN = frozenset({"aria-label", "alt", "title", "placeholder", "data-label"})
NAMES = frozenset({"Đúng Hẹn", "PDF", "DOCX", "SSO"})  # the same in every language
# names of rows that the figures make up where the store has none
MADE_UP = ("Cơ quan chưa có trong danh bạ", "Chưa rõ thủ tục", "Chưa rõ")


def _environment() -> Environment:
    return Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)


def _in_table(table: Any) -> Iterator[str]:
    if isinstance(table, Word):
        yield table.text
    elif isinstance(table, Mapping):
        for value in table.values():
            yield from _in_table(value)
    elif isinstance(table, tuple):
        for value in table:
            yield from _in_table(value)
    elif isinstance(table, str):
        yield table


def _in_templates() -> Iterator[str]:
    for file in FILES:
        for _, function, said in _environment().extract_translations(file.read_text("utf-8")):
            assert function in ("_", "pgettext"), f"{file.name}: a text and its plural: the English ones do without"
            if function == "pgettext":
                yield "|".join(part for part in said if part)
                continue
            text = said[0] if isinstance(said, tuple) else said  # a tuple where values come in
            if text:  # None where what is looked up is itself computed
                yield text


def _in_code() -> Iterator[str]:
    for file in sorted(WEB.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in ("say", "_say") and isinstance(node.args[0].value, str):
                    yield node.args[0].value


def _all_texts() -> set[str]:
    found = {*_in_templates(), *_in_code(), *MADE_UP}
    for name, table in vars(words).items():
        if name.isupper():
            found |= {text for text in _in_table(table) if text}
    for column in figures_table.COLUMNS:
        found |= {column.group, column.title}
    return found | {*figures_table.BY_WORDS.values(), *office.LEVELS.values(), *_HEADINGS.values()}


def test_every_text_has_its_english_and_no_english_is_left_over() -> None:
    """What is added to a page without its English fails here, and so does an English whose text went away."""
    wanted = _all_texts()
    assert len(wanted) > 500, "the search finds what it is there for"
    assert sorted(wanted - english().keys()) == [], "add them to templates/web/english"
    assert sorted(english().keys() - wanted) == [], "nobody says these any more"


def test_both_languages_take_the_same_values_and_the_english_is_english() -> None:
    field, tag = re.compile(r"%\((\w+)\)s"), re.compile(r"</?\w+>")
    for text, said in english().items():
        assert sorted(field.findall(text)) == sorted(field.findall(said)), text
        assert sorted(tag.findall(text)) == sorted(tag.findall(said)), text
        assert not VIETNAMESE.search(said.replace("×", "")), text
        assert said.strip() == said != "", text
        for one in (text, said):
            assert "%" not in field.sub("", one), f"{one}: a lone % would be taken for a value"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_template_holds_no_text_that_is_not_looked_up(file: Path) -> None:
    """Read from the parsed template: words between tags, words in spoken attributes, words in expressions."""
    assert _bare(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Xem</p>", ["Xem"]),
        ('<a aria-label="Xem {{ code }}">{{ code }}</a>', ["Xem"]),
        ('{{ "Đã ký" if signed else _("Chưa ký") }}', ["Đã ký"]),
        ('<p class="lead">{{ _("Xem") }}</p>', []),
    ],
)
def test_the_search_for_bare_text_sees_it(template: str, found: list[str]) -> None:
    assert _bare(template) == found


def _bare(source: str) -> list[str]:
    environment = _environment()
    tree = environment.parse(source)
    looked_up = {
        id(one)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "pgettext")
        for one in call.args
    }
    found = [
        node.value
        for node in tree.find_all(nodes.Const)
        if isinstance(node.value, str) and VIETNAMESE.search(node.value) and id(node) not in looked_up
    ]
    # what is left of the page when all that is computed is gone
    data = "".join(
        text if kind == "data" else "\x01" if kind.endswith("_begin") else ""
        for _, kind, text in environment.lex(source)
    )
    seen = _Seen()
    seen.feed(data)
    texts = [part.strip(" \n–·.,:;()“”") for text in seen.texts for part in text.split("\x01")]
    return found + [text for text in texts if LETTER.search(text) and text not in NAMES]


class _Seen(HTMLParser):
    """What a page says, leaving out what stands in an element that says it is Vietnamese."""

    _ALONE = frozenset({"meta", "link", "input", "img", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._marked: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        marked = tag in ("style", "script") or (given.get("lang") == "vi" and tag != "html")
        if not (marked or any(self._marked)):
            self.texts += [value or "" for name, value in attrs if name in SPOKEN]
        if tag not in self._ALONE:
            self._marked.append(marked)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._ALONE and self._marked:
            self._marked.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._marked):
            self.texts.append(data)


@pytest.fixture
def busy(program: Any) -> Any:
    """Something in every list."""
    bring(program, letter_of("H19.31-260209-0007"), "registered")
    bring(program, letter_of("H19.01-260120-0113"), "signed")
    bring(program, letter_of("H19.32-260224-0021"), "counter_told")
    bring(program, letter_of("H19.32.1-260227-0002"), "decided")
    return program


MORE = (
    *(f"/thu/{number}" for number in (2, 3, 4, 5, 7, 8)),
    *(f"/hoso/{case.code}" for case in desk.CASES),
)
# People and accounts bear the names they have.
PERSONS = tuple(person.name for person in desk.PEOPLE)


def test_no_page_in_english_says_anything_in_vietnamese(busy: Any) -> None:
    """Whatever is Vietnamese on it is data, and marked as Vietnamese for a screen reader (WCAG 3.1.2)."""
    left: list[str] = []
    with served(busy) as address, httpx.Client(base_url=address, timeout=30) as client:
        client.cookies.set(COOKIE, "en")
        pages = [client.get("/dang-nhap"), client.get("/khong-co-trang-nay")]
        client.cookies.delete("dunghen")
        desk.sign_in(busy, client, "everyone")
        token = {"form_token": desk.form_token(client)}
        pages += [client.get(path) for path in (*PAGES, *MORE)]
        pages += [
            client.post("/tim", data={**token, "q": "khai sinh"}),
            client.post("/tim", data={**token, "q": "hư cấu"}),
            client.post("/mot-cua/doi-ngay", data=token),
            client.post(f"/thu/{letter_of('H19.31-260226-0015')}/ly-do", data=token),
            client.post("/tai-khoan/hai-buoc", data=token),
        ]
    for page in pages:
        assert page.status_code < 500, page.url
        assert '<html lang="en">' in page.text, page.url
        seen = _Seen()
        seen.feed(page.text)
        for text in seen.texts:
            said = text
            for name in (*NAMES, *PERSONS, "Tiếng Việt"):
                said = said.replace(name, "")
            if VIETNAMESE.search(said.replace("×", "")):
                left.append(f"{page.request.method} {page.url.raw_path.decode()}: {said.strip()}")
    assert sorted(set(left)) == []


def test_a_browser_that_chose_english_keeps_it_and_can_go_back(program: Any) -> None:
    """By a link on every page, a stranger's too; back to where it was; to no other site."""
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        door = client.get("/dang-nhap?ve=%2Fthu")
        assert '<html lang="vi">' in door.text
        link = re.search(r'href="(/ngon-ngu/en\?ve=[^"]+)"', door.text)
        assert link is not None
        chosen = client.get(link[1])
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/dang-nhap?ve=%2Fthu")
        assert "HttpOnly" in chosen.headers["set-cookie"]
        assert "<h1>Sign in</h1>" in client.get("/dang-nhap").text
        client.get("/dang-nhap")
        wrong = client.post("/dang-nhap", data={"form_token": desk.form_token(client), "name": "a", "password": "b"})
        assert "The name or the password is wrong" in wrong.text
        assert client.get("/ngon-ngu/vi?ve=//elsewhere.example").headers["location"] == "/"
        assert "<h1>Đăng nhập</h1>" in client.get("/dang-nhap").text
        assert client.get("/ngon-ngu/fr").status_code == 404


def test_what_leaves_the_house_stays_vietnamese(busy: Any) -> None:
    """The reader's language words the page, never the letter, the record of a step or the exported table."""
    with served(busy) as address, httpx.Client(base_url=address, timeout=20) as client:
        desk.sign_in(busy, client, "everyone")
        in_vietnamese = client.get(f"/letters/{letter_of('H19.31-260209-0007')}.pdf").content
        proofs = re.findall(r'name="proof"[^>]*value="([^"]+)"', client.get("/mot-cua").text)
        client.cookies.set(COOKIE, "en")
        assert client.get(f"/letters/{letter_of('H19.31-260209-0007')}.pdf").content == in_vietnamese
        assert re.findall(r'name="proof"[^>]*value="([^"]+)"', client.get("/mot-cua").text) == proofs != []


def test_a_text_nobody_put_into_english_is_shown_rather_than_missing() -> None:
    assert Wording("en").say("chưa ai dịch câu này") == "chưa ai dịch câu này"
    assert Wording("en").words.stage("nonsense").tone == "unsure"
    assert Wording("en").words.job("pull:motcua") == "Reading source motcua"


def test_texts_without_a_value_are_said_when_a_template_is_compiled() -> None:
    """As the call would say them: markup as it is, a doubled percent sign as one; what holds a value is said later."""
    made = Environment(autoescape=True)
    made.code_generator_class = speaking(Wording("en"))
    text = """{{ _("Hôm nay") }} {{ pgettext("many", "Hồ sơ") }} {{ _("<b>50 %%</b>") }} {{ _("Nguồn") | upper }}"""
    assert made.from_string(text).render() == "Today Dossiers <b>50 %</b> SOURCE"
    assert "Today Dossiers" in str(made.compile(text, raw=True))
    assert "%(n)s" in str(made.compile("""{{ _("%(n)s ngày", n=3) }} {{ _(name) }}""", raw=True))
