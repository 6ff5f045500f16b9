import json
from collections import Counter
from pathlib import Path

from actor_ticketing.catalogue.file import read_catalogue
from bench import catalogues
from bench.catalogues import Type


def test_the_service_reads_the_catalogue(tmp_path: Path) -> None:
    file = catalogues.write(catalogues.numbered("many", 250), tmp_path)
    catalogue = read_catalogue(file)
    assert [len(event.ticket_types) for event in catalogue.events] == [100, 100, 50]


def test_every_buyer_has_a_session_of_their_own() -> None:
    sessions = {catalogues.reservation("tt")["sessionId"] for _ in range(100)}
    assert len(sessions) == 100


def test_uniform_requests_take_every_type_about_as_often_and_can_be_repeated() -> None:
    types = catalogues.numbered("many", 10)
    drawn = [each["ticketTypeId"] for each in catalogues.uniform(types, 10_000, seed=1)]
    assert drawn == [each["ticketTypeId"] for each in catalogues.uniform(types, 10_000, seed=1)]
    assert len(Counter(drawn)) == 10
    assert all(800 < count < 1200 for count in Counter(drawn).values())


def test_bodies_are_one_a_line(tmp_path: Path) -> None:
    file = catalogues.write_bodies([catalogues.bulk(["tt_1", "tt_2"]), catalogues.reservation("tt_3", 2)], tmp_path)
    several, one = map(json.loads, file.read_text().splitlines())
    assert [line["ticketTypeId"] for line in several["reservations"]] == ["tt_1", "tt_2"]
    assert one["quantity"] == 2


def test_a_type_has_the_stock_it_was_given() -> None:
    [event] = catalogues.document([Type(id="tt", total=7)])["events"]
    assert event["ticketTypes"][0]["total"] == 7
