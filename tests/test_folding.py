"""Many names folded at once are folded as each alone is."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.folding import folded, folded_all, folded_back, turned

NAMES = (
    "Đặng Thị  Hà-Bắc",
    "NGUYỄN VĂN A",
    "",
    " ",
    "Công ty TNHH_Một (thành viên)",
    "Trần\tThị\u00a0B",
    "İstanbul Straße",
)
_LETTERS = st.text(st.sampled_from("aZ09 _-.\t\u00a0đĐắẮỹê\u0301\u0323ßİ"), max_size=30)
_NAME = st.one_of(st.sampled_from(NAMES), _LETTERS, st.text(max_size=30), _LETTERS.map(lambda text: text * 20))


def test_names_as_they_are_looked_up() -> None:
    assert folded_all(NAMES[:5]) == ["dang thi ha bac", "nguyen van a", "", "", "cong ty tnhh mot thanh vien"]
    assert folded_back("Đặng Thị  Hà-Bắc") == "bac ha thi dang"


@given(st.lists(_NAME, max_size=6))
def test_many_names_are_folded_as_each_alone_is(names: list[str]) -> None:
    """One of another script, or with a line end in it, changes nothing for its neighbours."""
    assert folded_all(names) == [folded(name) for name in names]
    assert [turned(name) for name in folded_all(names)] == [folded_back(name) for name in names]
