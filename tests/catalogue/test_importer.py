"""Bringing a catalogue in: what is new is created, what differs is changed."""

from typing import Any

import pytest

from actor_ticketing.catalogue.file import Catalogue, parse_catalogue
from actor_ticketing.catalogue.importer import DeskTarget, ImportFailed, Outcome, import_catalogue
from actor_ticketing.clock import ManualClock
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore

SEAT = {"id": "seat", "name": "Seat", "price": 100, "currency": "EUR", "total": 5}
EVENT = {"id": "ev", "title": "Concert", "venue": "Hall", "startDate": "2027-03-20T19:00:00Z"}


def catalogue(*types: dict[str, Any], **event: Any) -> Catalogue:
    return parse_catalogue({"events": [{**EVENT, **event, "ticketTypes": list(types or [SEAT])}]}, source="file")


@pytest.fixture
def target(backend: Backend, clock: ManualClock) -> DeskTarget:
    return DeskTarget(backend.desk, clock)


async def test_a_new_catalogue_is_created(backend: Backend, target: DeskTarget) -> None:
    assert await import_catalogue(catalogue(), target) == Outcome(created=2)
    assert backend.desk.board.ticket_types["seat"].price == 100
    assert backend.desk.board.counters["seat"].total == 5


async def test_the_same_catalogue_again_changes_nothing_not_even_the_ledger(
    backend: Backend, target: DeskTarget
) -> None:
    await import_catalogue(catalogue(), target)
    seq = backend.desk.board.seq
    assert await import_catalogue(catalogue(), target) == Outcome(unchanged=2)
    assert backend.desk.board.seq == seq


async def test_what_differs_is_changed_and_nothing_else(backend: Backend, target: DeskTarget) -> None:
    await import_catalogue(catalogue(), target)
    outcome = await import_catalogue(catalogue({**SEAT, "price": 200, "total": 7}, title="Recital"), target)
    assert outcome == Outcome(changed=2)
    assert backend.desk.board.events["ev"].title == "Recital"
    assert backend.desk.board.ticket_types["seat"].price == 200
    assert backend.desk.board.counters["seat"].total == 7


async def test_a_bound_that_is_gone_from_the_file_is_taken_away(backend: Backend, target: DeskTarget) -> None:
    await import_catalogue(catalogue({**SEAT, "maxPerReservation": 2, "salesEnd": "2027-01-01T00:00:00Z"}), target)
    await import_catalogue(catalogue(SEAT), target)
    terms = backend.desk.board.ticket_types["seat"]
    assert (terms.max_per_reservation, terms.window.end) == (None, None)


async def test_an_extension_policy_comes_from_the_file_and_goes_with_it(backend: Backend, target: DeskTarget) -> None:
    strict = catalogue({**SEAT, "extensionPolicy": "strict"})
    await import_catalogue(strict, target)
    assert backend.desk.board.ticket_types["seat"].extension_policy == "strict"
    assert await import_catalogue(strict, target) == Outcome(unchanged=2)
    assert await import_catalogue(catalogue(SEAT), target) == Outcome(changed=1, unchanged=1)
    assert backend.desk.board.ticket_types["seat"].extension_policy is None


async def test_without_ids_an_event_is_known_by_its_nature_and_a_type_by_its_name(
    backend: Backend, target: DeskTarget
) -> None:
    anonymous = catalogue({name: value for name, value in SEAT.items() if name != "id"}, id=None)
    await import_catalogue(anonymous, target)
    assert await import_catalogue(anonymous, target) == Outcome(unchanged=2)
    assert len(backend.desk.board.events) == 1


async def test_ticket_types_keep_the_order_of_the_file(backend: Backend, target: DeskTarget) -> None:
    names = ["zebra", "ape", "monkey"]
    await import_catalogue(catalogue(*({**SEAT, "id": name, "name": name} for name in names)), target)
    assert [each.id for each in backend.desk.board.ticket_types_of("ev")] == names


async def test_a_total_below_what_is_held_is_refused_by_name(backend: Backend, target: DeskTarget) -> None:
    await import_catalogue(catalogue(), target)
    await backend.box_office.reserve([("seat", 4)], session_id="s", user_id=None)
    with pytest.raises(ImportFailed, match="seat"):
        await import_catalogue(catalogue({**SEAT, "total": 3}), target)
    assert backend.desk.board.counters["seat"].total == 5


async def test_a_ticket_type_of_another_event_is_refused(target: DeskTarget) -> None:
    await import_catalogue(catalogue(), target)
    with pytest.raises(ImportFailed, match="Seat"):
        await import_catalogue(catalogue(SEAT, id="other"), target)


async def test_progress_is_told_for_each_event_and_type(target: DeskTarget) -> None:
    steps: list[None] = []
    await import_catalogue(catalogue(), target, lambda: steps.append(None))
    assert len(steps) == 2


async def test_the_ledger_says_that_it_was_an_import(target: DeskTarget, memory: MemoryStore) -> None:
    await import_catalogue(catalogue(), target)
    await import_catalogue(catalogue({**SEAT, "price": 200}, title="Recital"), target)
    assert [(event.kind, getattr(event, "by", None)) for event in memory.ledger] == [
        (kind, "import") for kind in ("event.created", "ticket_type.created", "event.changed", "ticket_type.changed")
    ]
