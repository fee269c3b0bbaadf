"""Instants written many at once are what each of them is."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.store.instants import utc_texts, utc_texts_of_one_length

_INSTANTS = st.lists(
    st.datetimes(timezones=st.just(UTC))
    | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))
)


@given(_INSTANTS)
@example([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_instants_as_text(instants: list[datetime]) -> None:
    assert [datetime.fromisoformat(text) for text in utc_texts(instants)] == instants
    fixed = utc_texts_of_one_length(instants)
    assert fixed == [f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" for at in instants]
    assert sorted(fixed) == utc_texts_of_one_length(sorted(instants))
