"""What a catalogue file may say."""

import json
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.catalogue.demo import demo_catalogue
from actor_ticketing.catalogue.file import CatalogueFileError, parse_catalogue, read_catalogue

ROOT = Path(__file__).parent.parent.parent
TICKET_TYPE = {"id": "tt", "name": "Seat", "price": 100, "currency": "EUR", "total": 5}
EVENT = {"id": "ev", "title": "Concert", "venue": "Hall", "startDate": "2027-03-20T19:00:00Z"}


def problems_of(content: Any) -> str:
    with pytest.raises(CatalogueFileError) as refused:
        parse_catalogue(content, source="file")
    return str(refused.value)


def test_the_example_in_toml_and_the_one_in_json_are_the_same() -> None:
    toml, as_json = (read_catalogue(ROOT / "examples" / f"catalogue.{ending}") for ending in ("toml", "json"))
    assert toml == as_json
    assert toml.size == 6


def test_a_toml_time_may_be_written_without_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[[events]]\ntitle = "A"\nvenue = "B"\nstartDate = 2027-03-20T19:00:00Z\n', encoding="utf-8")
    assert read_catalogue(path).events[0].document()["startDate"] == "2027-03-20T19:00:00.000Z"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({}, "events is required"),
        ({"events": [{**EVENT, "colour": "red"}]}, "events.0.colour is not known here"),
        ({"events": [{**EVENT, "startDate": "soon"}]}, "events.0.startDate must be an RFC 3339 time"),
        ({"events": [{**EVENT, "ticketTypes": [{**TICKET_TYPE, "total": -1}]}]}, "events.0.ticketTypes.0.total"),
        ({"events": [{**EVENT, "ticketTypes": [{**TICKET_TYPE, "price": True}]}]}, "must be an integer"),
        (
            {"events": [{**EVENT, "ticketTypes": [{**TICKET_TYPE, "extensionPolicy": "lenient"}]}]},
            "events.0.ticketTypes.0.extensionPolicy",
        ),
        ({"events": [EVENT, EVENT]}, "names events twice: ev"),
        ({"events": [{**EVENT, "ticketTypes": [TICKET_TYPE, TICKET_TYPE]}]}, "names ticket types twice: tt"),
        ([], "must be an object"),
    ],
)
def test_a_mistake_is_named_with_its_place(content: Any, problem: str) -> None:
    assert problem in problems_of(content)


def test_every_mistake_has_a_line() -> None:
    bad = {"events": [{**EVENT, "title": "", "venue": 3}]}
    assert len(problems_of(bad).splitlines()) == 2


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    window = {"salesStart": "2027-02-01T00:00:00Z", "salesEnd": "2027-01-01T00:00:00Z"}
    assert "salesEnd" in problems_of({"events": [{**EVENT, "ticketTypes": [{**TICKET_TYPE, **window}]}]})


def test_one_ticket_type_of_two_events_is_refused() -> None:
    events = [{**EVENT, "ticketTypes": [TICKET_TYPE]}, {**EVENT, "id": "ev2", "ticketTypes": [TICKET_TYPE]}]
    assert "names ticket types twice: tt" in problems_of({"events": events})


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.yaml", "", "ends in .toml or .json"),
        ("a.toml", "events = [", "a.toml"),
        ("a.json", "{", "a.json"),
        ("a.json", '{"events": [], "events2": NaN}', "a.json"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueFileError, match=problem):
        read_catalogue(tmp_path / name)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFileError, match="No such file"):
        read_catalogue(tmp_path / "missing.toml")


def test_a_file_that_is_no_utf_8_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(json.dumps({"events": []}).encode("utf-16"))
    with pytest.raises(CatalogueFileError, match="utf-8"):
        read_catalogue(tmp_path / "a.json")


def test_the_demonstration_catalogue_is_in_the_future_whenever_it_is_made() -> None:
    now = 1_900_000_000_000
    catalogue = demo_catalogue(now)
    assert len(catalogue.events) == 3
    assert sum(len(event.ticket_types) for event in catalogue.events) == 10
    assert all(event.start_date > now for event in catalogue.events)
