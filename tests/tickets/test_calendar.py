import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.catalogue import Event
from actor_ticketing.tickets.calendar import calendar_file

START = 1_805_569_200_999
NOW = 1_795_373_455_023
NASTY = [
    "Spring Concert",
    'Semi;colon, comma, back\\slash and "quotes": all of them',
    "two\nlines\r\nand\rmore\\n",
    "👩‍👩‍👧 " * 30,
    "ä" * 200,
    "x" + "東京" * 60,
    "BEGIN:VALARM\r\nEND:VEVENT",
    "a" * 66,
    "a" * 67,
    " leading and trailing ",
]


def entry(title: str = "Spring Concert", venue: str = "City Hall") -> bytes:
    return calendar_file([Event(id="ev", title=title, venue=venue, start_date=START)], now=NOW)


def properties(file: bytes) -> list[tuple[str, str]]:
    """Read a file by the rules of RFC 5545, sections 3.1 and 3.3.11."""
    assert file.endswith(b"\r\n")
    lines = file[:-2].split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    unfolded = b"\r\n".join(lines).replace(b"\r\n ", b"").decode()
    pairs = [line.partition(":")[::2] for line in unfolded.split("\r\n")]
    for name, value in pairs:
        if name in {"SUMMARY", "LOCATION"}:
            assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,n])*", value)
    unescape = {"\\n": "\n"}
    return [(name, re.sub(r"\\(.)", lambda found: unescape.get(found[0], found[1]), value)) for name, value in pairs]


def test_an_entry_has_what_the_rfc_demands_in_order() -> None:
    assert entry().decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//actor-ticketing//tickets//EN",
        "BEGIN:VEVENT",
        "UID:ev@actor-ticketing",
        "DTSTAMP:20261122T185055Z",
        "DTSTART:20270320T190000Z",
        "SUMMARY:Spring Concert",
        "LOCATION:City Hall",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@pytest.mark.parametrize("text", NASTY)
def test_what_somebody_typed_comes_back_and_nothing_else_does(text: str) -> None:
    plain, read = properties(entry()), properties(entry(title=text, venue=text))
    assert [name for name, _ in read] == [name for name, _ in plain]
    as_lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert {name: value for name, value in read if name in {"SUMMARY", "LOCATION"}} == {
        "SUMMARY": as_lines,
        "LOCATION": as_lines,
    }


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_any_text_comes_back(text: str) -> None:
    assert ("SUMMARY", text) in properties(entry(title=text))


@pytest.mark.parametrize("text", NASTY)
def test_no_character_is_cut_by_a_fold(text: str) -> None:
    for line in entry(title=text).split(b"\r\n"):
        line.decode()


def test_a_line_is_as_long_as_it_may_be_before_it_is_folded() -> None:
    assert b"\r\nSUMMARY:" + b"a" * 67 + b"\r\nLOCATION" in entry(title="a" * 67)
    assert b"\r\nSUMMARY:" + b"a" * 67 + b"\r\n a\r\nLOCATION" in entry(title="a" * 68)


def test_a_later_file_of_a_moved_event_is_the_same_entry() -> None:
    moved = dict(properties(calendar_file([Event(id="ev", title="T", venue="V", start_date=0)], now=NOW + 60_000)))
    former = dict(properties(entry()))
    assert moved["UID"] == former["UID"]
    assert moved["DTSTAMP"] > former["DTSTAMP"]
    assert moved["DTSTART"] == "19700101T000000Z"


def test_several_events_are_as_many_entries_of_one_calendar() -> None:
    events = [Event(id=each, title=each.upper(), venue="V", start_date=START) for each in ("one", "two")]
    names = [name for name, _ in properties(calendar_file(events, now=NOW))]
    inner = ["BEGIN", "UID", "DTSTAMP", "DTSTART", "SUMMARY", "LOCATION", "END"]
    assert names == ["BEGIN", "VERSION", "PRODID", *inner, *inner, "END"]
