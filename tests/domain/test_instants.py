import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.instants import from_datetime, rfc3339

MILLISECOND = timedelta(milliseconds=1)
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LATEST = 253_402_300_799_999
INSTANTS = st.integers(0, LATEST)


def test_an_instant_is_written_in_utc_with_z_and_milliseconds() -> None:
    assert rfc3339(from_datetime(datetime(2027, 3, 20, 19, 0, tzinfo=UTC))) == "2027-03-20T19:00:00.000Z"


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_050, "2000-02-29T00:00:00.050Z"),
    ],
)
def test_milliseconds_are_always_three_digits(instant: int, text: str) -> None:
    assert rfc3339(instant) == text


@given(instant=INSTANTS)
def test_an_instant_survives_being_written_and_read(instant: int) -> None:
    text = rfc3339(instant)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert from_datetime(datetime.fromisoformat(text)) == instant


@given(first=INSTANTS, second=INSTANTS)
def test_the_text_sorts_as_the_instant_does(first: int, second: int) -> None:
    assert (rfc3339(first) < rfc3339(second)) is (first < second)


@given(moment=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9998, 12, 30), timezones=OFFSETS))  # noqa: DTZ001
def test_a_moment_loses_its_offset_and_what_is_below_a_millisecond_and_nothing_else(moment: datetime) -> None:
    back = datetime.fromisoformat(rfc3339(from_datetime(moment)))
    assert timedelta(0) <= moment - back < MILLISECOND


def test_the_same_moment_in_two_zones_is_one_instant() -> None:
    utc = datetime.fromisoformat("2027-03-20T19:00:00Z")
    jakarta = datetime.fromisoformat("2027-03-21T02:00:00+07:00")
    assert from_datetime(utc) == from_datetime(jakarta)


def test_microseconds_are_cut_off_and_not_rounded() -> None:
    assert from_datetime(datetime(1970, 1, 1, microsecond=1_999, tzinfo=UTC)) == 1


def test_a_naive_moment_is_refused_since_it_names_no_instant() -> None:
    with pytest.raises(ValueError, match="needs its offset"):
        from_datetime(datetime(2027, 3, 20, 19, 0))  # noqa: DTZ001


def test_even_an_instant_of_the_year_1_is_written_with_four_digits() -> None:
    assert rfc3339(-62_135_596_800_000) == "0001-01-01T00:00:00.000Z"


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59+05:00"])
def test_the_first_and_the_last_instant_that_are_read_can_be_written_again(text: str) -> None:
    assert rfc3339(from_datetime(datetime.fromisoformat(text)))


@pytest.mark.parametrize(
    "text",
    [
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_a_moment_outside_the_years_1970_to_9999_in_utc_is_refused_since_it_could_not_be_shown(text: str) -> None:
    with pytest.raises(ValueError, match="1970 to 9999"):
        from_datetime(datetime.fromisoformat(text))
