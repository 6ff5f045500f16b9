"""What may be asked of a report."""

from zoneinfo import ZoneInfo

import pytest

from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.reporting.asking import DAY_MS, Asked, ReportError, instant_of, points_of, zone_of

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
NOW = instant_of("2027-03-20T12:34:56", "to", UTC)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2027-03-20", UTC, "2027-03-20T00:00:00.000Z"),
        ("2027-03-20", BERLIN, "2027-03-19T23:00:00.000Z"),
        ("2027-07-20", BERLIN, "2027-07-19T22:00:00.000Z"),
        ("2027-03-20T19:30", BERLIN, "2027-03-20T18:30:00.000Z"),
        ("2027-03-20T19:30:05Z", BERLIN, "2027-03-20T19:30:05.000Z"),
        ("2027-03-20 19:30+02:00", UTC, "2027-03-20T17:30:00.000Z"),
    ],
)
def test_a_day_or_a_time_is_of_the_time_zone_unless_it_says_another(text: str, zone: ZoneInfo, expected: str) -> None:
    assert rfc3339(instant_of(text, "from", zone)) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2027-02-30", "20.03.2027", "1800000000", "0001-01-01", "9999-12-32"]
)
def test_what_is_neither_is_named(text: str) -> None:
    with pytest.raises(ReportError, match=r"--from: .* is neither a day"):
        instant_of(text, "from", UTC)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "Europe", "/etc/passwd", "../../etc/passwd", "Europe/Berlin "])
def test_an_unknown_time_zone_is_named(name: str) -> None:
    with pytest.raises(ReportError, match="--timezone: there is no time zone"):
        zone_of(name)


def test_a_known_one_is_found() -> None:
    assert zone_of("Asia/Jakarta").key == "Asia/Jakarta"


def test_without_anything_it_is_from_the_first_reservation_to_now() -> None:
    first = NOW - 3 * DAY_MS
    start, end, bucket = points_of(Asked(zone=UTC), first=first, now=NOW)
    assert (rfc3339(start), end, bucket) == ("2027-03-17T12:00:00.000Z", NOW + 1, 3_600_000)
    start, _, _ = points_of(Asked(zone=BERLIN), first=NOW - 100 * DAY_MS, now=NOW)
    assert rfc3339(start) == "2026-12-09T23:00:00.000Z"


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_on_the_days_that_clocks_are_changed_it_begins_no_later_than_the_first_reservation(day: str) -> None:
    now = instant_of(f"{day}T12:00", "to", BERLIN)
    for hours in range(1, 12):
        first = now - hours * 3_600_000 + 1
        start, _, bucket = points_of(Asked(zone=BERLIN), first=first, now=now)
        assert first - bucket < start <= first


def test_where_nothing_was_reserved_it_is_the_last_day() -> None:
    start, end, _ = points_of(Asked(zone=UTC), first=None, now=NOW)
    assert DAY_MS <= end - start < DAY_MS + 3_600_000


def test_what_was_asked_for_is_taken_as_it_is() -> None:
    asked = Asked(zone=UTC, start=NOW - 90_001, end=NOW, bucket_ms=60_000)
    assert points_of(asked, first=0, now=NOW * 2) == (NOW - 90_001, NOW, 60_000)


def test_however_long_it_is_there_are_points_enough_and_not_too_many() -> None:
    for days in (1, 30, 1_000, 20_000):
        start, end, bucket = points_of(Asked(zone=UTC), first=NOW - days * DAY_MS, now=NOW)
        assert 10 <= (end - start) / bucket <= 125


@pytest.mark.parametrize(("start", "end"), [(NOW, NOW), (NOW + 1, NOW)])
def test_an_end_before_the_beginning_is_refused(start: int, end: int) -> None:
    with pytest.raises(ReportError, match="--to must be after --from"):
        points_of(Asked(zone=UTC, start=start, end=end), first=None, now=NOW)


def test_too_many_points_are_refused() -> None:
    with pytest.raises(ReportError, match="--bucket must be longer: these would be 2001 points"):
        points_of(Asked(zone=UTC, start=NOW - 2_000 * 60_000 - 1, end=NOW, bucket_ms=60_000), first=None, now=NOW)
