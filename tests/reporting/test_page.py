"""The page of a report: what is on it, and what is never."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actor_ticketing.domain.analytics import Span
from actor_ticketing.domain.ports import Entry
from actor_ticketing.http.present_analytics import sales
from actor_ticketing.persistence.connections import connect_to_write
from actor_ticketing.persistence.memory import MemoryStore
from actor_ticketing.persistence.schema import migrate
from actor_ticketing.persistence.store import statements_of
from actor_ticketing.reporting import reading
from actor_ticketing.reporting.asking import Asked, instant_of
from actor_ticketing.reporting.page import render
from support.history import EVENT, NOW, Shop, event_listed, ticket_type, type_listed
from support.html_page import Page
from support.service import ADA
from support.vaults import VAULT

HOSTILE = '</title><script src="https://evil.test/x.js">alert(1)</script> & "Söhne"'
UTC = ZoneInfo("UTC")
LATER = NOW + 3_600_000


def some_sales() -> list[Entry]:
    """Two tickets bought early and three late, after an extension; four that expired; one that is held; an event that
    nobody asks for.
    """
    shop, other = Shop(total=20), Shop(replace(ticket_type("other", event_id="evil"), name=HOSTILE), total=5)
    entries = [event_listed(), event_listed(replace(EVENT, id="evil", title=HOSTILE, venue="<b>Hall</b>"))]
    entries += [event_listed(replace(EVENT, id="quiet", title="Nobody's <i>choice</i>"))]
    entries += [type_listed(total=20), type_listed(other.inventory.ticket_type, total=5)]
    entries += [shop.reserve(2), shop.buy(shop.reservation, now=NOW + 60_000)]
    entries += [
        other.reserve(3),
        other.extend(other.reservation, 300_000),
        other.buy(other.reservation, now=NOW + 700_000),
    ]
    entries += [shop.reserve(4), shop.expire(NOW + 600_000), shop.reserve(1, now=NOW + 600_000)]
    return entries


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return database_of(tmp_path, some_sales())


def database_of(tmp_path: Path, entries: Sequence[Entry]) -> Path:
    seq = 0
    for entry in entries:
        seq = entry.last_seq = seq + len(entry.events)
    with closing(connect_to_write(tmp_path / "tickets.db")) as connection:
        migrate(connection, VAULT)
        for sql, parameters, _ in statements_of(entries, VAULT):
            connection.executemany(sql, parameters)
    return tmp_path / "tickets.db"


def page_of(database: Path, **asked: Any) -> Page:
    wanted = Asked(zone=UTC, **asked)
    return Page(render(reading.read(database, wanted, LATER), UTC, LATER))


@pytest.mark.parametrize("portion", [1, 3, 10_000])
def test_the_figures_of_all_and_of_each_event_are_those_of_the_api(
    database: Path, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    monkeypatch.setattr(reading, "PORTION", portion)
    found = reading.read(database, Asked(zone=UTC), LATER)
    memory = MemoryStore()
    asyncio.run(memory.commit(some_sales()))
    assert [each.event.id for each in found.events] == ["ev", "evil"]
    assert [each.id for each in found.quiet] == ["quiet"]
    for figures, types in (
        (found.whole, None),
        (found.events[0].figures, {"tt"}),
        (found.events[1].figures, {"other"}),
    ):
        span = Span(
            start=NOW, end=LATER + 1, bucket=60_000, ticket_type_ids=None if types is None else frozenset(types)
        )
        tally = asyncio.run(memory.tally(span, after=0, until=len(memory.ledger)))
        assert figures == sales(span, tally, LATER, complete_from=None)


def test_it_says_what_was_sold_and_what_was_lost(database: Path) -> None:
    page = page_of(database)
    assert page.tile("Sold") == "5 tickets"
    assert page.tile("Revenue") == "225.00 EUR"
    assert page.tile("Conversion") == "66.7 %"
    assert page.tile("Time to purchase") == "1 min"
    assert page.tile("Lost in expired holds") == "40 ticket-minutes"
    assert page.tile("Brought by extensions") == "135.00 EUR"
    assert page.tile("Peak") == "9 tickets in a minute"
    for row in (
        ["made", "100.0 %", "4", "10"], ["purchased", "50.0 %", "2", "5"], ["expired", "25.0 %", "1", "4"],
        ["cancelled", "0.0 %", "0", "0"], ["still held", "25.0 %", "1", "1"],
        ["extended", "1", "1", "1", "100.0 %"], ["not extended", "3", "2", "1", "50.0 %"],
        ["Stalls Spring Concert", "1", "2", "90.00 EUR"], ["15 Jan 2027, 08:00", "9", "0", "0", "0", "\N{EN DASH}"],
    ):  # fmt: skip
        assert row in page.rows


def test_each_event_has_its_part_and_those_without_sales_are_named(database: Path) -> None:
    page = page_of(database)
    assert [row[1:4] for row in page.rows if row[0] == HOSTILE] == [
        ["3", "135.00 EUR", "100.0 %"],
        ["1", "3", "135.00 EUR"],
    ]
    assert "Nothing happened for: Nobody's <i>choice</i>." in page.texts
    parts = [attributes["id"] for tag, attributes in page.tags if tag == "section" and "id" in attributes]
    assert parts == ["event-1", "event-2"]


def test_it_loads_nothing_and_runs_nothing_whatever_an_event_is_called(database: Path) -> None:
    text = render(reading.read(database, Asked(zone=UTC), LATER), UTC, LATER)
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "h3"),
        *("p", "span", "small", "b", "a", "dl", "div", "dt", "dd", "ul", "li", "figure", "figcaption", "details"),
        *("summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "g", "rect", "line", "text"),
    }
    assert ("b", {}) in page.tags
    assert "<b>Hall</b>" in " ".join(page.texts)
    for _, attributes in page.tags:
        assert not {"src", "style", "onload", "onclick"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    [policy] = [each["content"] for _, each in page.tags if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'", policy
    )
    assert not re.search(r"url\(|@import|<script|<link|<img", text)


def test_plots_are_described_and_their_numbers_stand_in_tables(database: Path) -> None:
    page = page_of(database, event_id="ev")
    described = [each["aria-label"] for tag, each in page.tags if tag == "svg" and each.get("role") == "img"]
    assert described == [
        "Tickets over time: 7 reserved, 2 sold, 4 expired. The same stands below as a table.",
        "How long purchases took: half of 1 up to 1 min, 90 % up to 1 min. The same stands below as a table.",
    ]
    assert ["55 s", "1 min", "1"] in page.rows
    assert page.texts.count("As a table") == 2


def test_percentiles_that_are_the_same_are_not_written_over_each_other(database: Path) -> None:
    text = render(reading.read(database, Asked(zone=UTC, start=NOW), LATER), UTC, LATER)
    first, second = re.findall(r'y="(\d+)" text-anchor="\w+">(?:half|90 %)<', text)[:2]
    assert int(second) - int(first) >= 12


def test_nobody_is_in_it(database: Path) -> None:
    text = render(reading.read(database, Asked(zone=UTC), LATER), UTC, LATER)
    for each in (ADA.full_name, ADA.email, ADA.identity_number, ADA.whatsapp, "Bób"):
        assert each is not None
        assert each not in text


def test_one_event_alone(database: Path) -> None:
    page = page_of(database, event_id="evil")
    assert f"Sales: {HOSTILE}" in " ".join(page.texts)
    assert "Spring Concert" not in " ".join(page.texts)
    assert page.tile("Sold") == "3 tickets"


def test_times_are_in_the_time_zone_that_is_named(database: Path) -> None:
    zone = ZoneInfo("Asia/Jakarta")
    page = Page(render(reading.read(database, Asked(zone=zone), LATER), zone, LATER))
    assert "15 Jan 2027, 15:00" in [row[0] for row in page.rows]
    assert "All times are in the time zone Asia/Jakarta" in " ".join(page.texts)


def test_the_end_of_all_dates_is_a_time_in_each_time_zone(database: Path) -> None:
    east = ZoneInfo("Pacific/Kiritimati")
    asked = Asked(zone=east, end=instant_of("9999-12-31T23:59:59.999Z", "to", east))
    assert "to 31 Dec 9999, 23:59." in render(reading.read(database, asked, LATER), east, LATER)


def test_where_the_ledger_does_not_go_back_so_far_it_says_so(database: Path) -> None:
    with closing(connect_to_write(database)) as connection:
        connection.execute("INSERT INTO ledger_archives VALUES (7, 1, ?, 'a', 'b', 0, NULL)", (NOW - 1,))
        connection.execute("DELETE FROM ledger WHERE seq < 8")
    page = page_of(database, start=NOW - 60_000)
    assert "What happened before 15 Jan 2027, 08:00 is archived, and not in these figures" in " ".join(page.texts)
    assert page.tile("Sold") == "3 tickets"
    assert "not in these figures" not in " ".join(page_of(database, start=NOW + 1).texts)


def test_from_the_first_reservation_is_from_where_the_archived_ones_end_and_says_so(database: Path) -> None:
    with closing(connect_to_write(database)) as connection:
        connection.execute("INSERT INTO ledger_archives VALUES (11, 1, ?, 'a', 'b', 0, NULL)", (NOW,))
        connection.execute("DELETE FROM ledger WHERE seq < 12")
    assert "is archived, and not in these figures" in " ".join(page_of(database).texts)
    assert "is archived, and not in these figures" in " ".join(page_of(database, event_id="ev").texts)


def test_it_begins_with_the_earliest_reservation_though_the_clock_was_set_back(tmp_path: Path) -> None:
    shop, other = Shop(total=20), Shop(ticket_type("other"), total=5)
    bought = [shop.reserve(2), shop.buy(shop.reservation, now=NOW + 60_000)]
    # Its id is the later one, as it is of a later time. It stands first in the ledger.
    ahead = other.reserve(1, now=LATER + 3_600_000)
    entries = [event_listed(), type_listed(total=20), type_listed(other.inventory.ticket_type, total=5), ahead, *bought]
    assert page_of(database_of(tmp_path, entries)).tile("Sold") == "2 tickets"


def test_an_event_of_which_nothing_is_archived_has_all_its_figures(database: Path) -> None:
    with closing(connect_to_write(database)) as connection:
        connection.execute("INSERT INTO ledger_archives VALUES (5, 1, ?, 'a', 'b', 0, NULL)", (NOW - 1,))
        connection.execute("DELETE FROM ledger WHERE seq < 6")
    assert "not in these figures" not in " ".join(page_of(database, event_id="ev").texts)


def test_an_empty_database_makes_a_page_too(tmp_path: Path) -> None:
    with closing(connect_to_write(tmp_path / "tickets.db")) as connection:
        migrate(connection, VAULT)
    page = page_of(tmp_path / "tickets.db")
    assert page.tile("Sold") == "0 tickets"
    assert page.tile("Conversion") == "\N{EN DASH}"
