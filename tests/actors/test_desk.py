"""The organiser's desk: events and ticket types."""

import asyncio

import pytest

from actor_ticketing.actors.catalogue import CatalogueActor
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.errors import (
    AlreadyExists,
    Invalid,
    NotEnoughTickets,
    NotFound,
    Refusal,
    StorageUnavailable,
    TotalTooLow,
)
from actor_ticketing.http.context import Backend
from support.service import break_once, buy, eventually, hold, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble


async def change(shop: Backend, *, total: int | None = None, **changes: object) -> object:
    """Change the ticket type `tt`."""
    return await shop.desk.change_ticket_type("tt", changes, window={}, total=total)


async def test_ids_are_made_where_none_are_given(shop: Backend) -> None:
    event = await shop.desk.create_event(event_id=None, title="t", venue="v", start_date=1)
    terms = {"name": "n", "price": 1, "currency": "EUR"}
    ticket_type, counters = await shop.desk.create_ticket_type(
        ticket_type_id=None, event_id=event.id, terms=terms, window=SalesWindow(), total=7
    )
    assert (event.id[:3], ticket_type.id[:3]) == ("ev_", "tt_")
    assert (counters.total, counters.sold, counters.reserved) == (7, 0, 0)
    assert shop.desk.board.ticket_type(ticket_type.id) == ticket_type
    assert list(shop.desk.board.ticket_types_of(event.id)) == [ticket_type]


async def test_an_id_is_given_once(shop: Backend, store: StoreDouble) -> None:
    before = len(store.ledger)
    with pytest.raises(AlreadyExists):
        await list_event(shop)
    with pytest.raises(AlreadyExists):
        await list_ticket_type(shop)
    assert len(store.ledger) == before


async def test_a_ticket_type_needs_an_event_and_a_window_that_does_not_end_before_it_starts(shop: Backend) -> None:
    with pytest.raises(NotFound):
        await list_ticket_type(shop, "other", event_id="nowhere")
    with pytest.raises(Invalid):
        await list_ticket_type(shop, "other", window=SalesWindow(start=2, end=1))
    await list_ticket_type(shop, "other", window=SalesWindow(start=1, end=2))


async def test_an_event_is_changed_field_by_field(shop: Backend, store: StoreDouble) -> None:
    changed = await shop.desk.change_event("ev", {"title": "Autumn Concert"})
    assert (changed.title, changed.venue) == ("Autumn Concert", "City Hall")
    assert shop.desk.board.event("ev") == changed
    assert (await store.catalogue()).events == [changed]
    with pytest.raises(NotFound):
        await shop.desk.change_event("nowhere", {"title": "t"})


async def test_a_ticket_type_is_changed_and_sold_on_its_new_terms(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, 2)
    terms, counters = await change(shop, total=20, name="Stalls", price=100)
    assert (terms.name, terms.price, terms.currency) == ("Stalls", 100, "EUR")
    assert (counters.total, counters.reserved) == stock(shop)[::2] == (20, 2)
    assert (await hold(shop, 18)).unit_price == 100
    await shop.desk.change_ticket_type("tt", {}, window={"end": clock.now()}, total=None)
    assert shop.desk.board.ticket_type("tt").window == SalesWindow(end=clock.now())
    with pytest.raises(NotFound):
        await shop.desk.change_ticket_type("nowhere", {}, window={}, total=1)


async def test_the_total_does_not_go_below_what_is_sold_and_held(shop: Backend) -> None:
    await buy(shop, await hold(shop, 3))
    await hold(shop, 2)
    with pytest.raises(TotalTooLow) as refused:
        await change(shop, total=4)
    assert refused.value.details == {"sold": 3, "reserved": 2}
    await change(shop, total=5)
    assert stock(shop) == (5, 3, 2)
    with pytest.raises(NotEnoughTickets):
        await hold(shop)


async def test_a_change_is_on_the_board_and_told_after_its_commit(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    event = asyncio.create_task(list_event(shop, event_id="new"))
    terms = asyncio.create_task(change(shop, total=99))
    await turns()
    assert not event.done()
    assert not terms.done()
    assert "new" not in shop.desk.board.events
    assert stock(shop) == (10, 0, 0)
    store.release()
    await asyncio.gather(event, terms)
    assert "new" in shop.desk.board.events
    assert stock(shop) == (99, 0, 0)


async def test_what_is_decided_is_known_to_the_next_decision_before_its_commit(
    shop: Backend, store: StoreDouble
) -> None:
    store.hold()
    requests = [
        asyncio.create_task(request)
        for request in (
            list_event(shop, event_id="new"),
            list_event(shop, event_id="new"),
            list_ticket_type(shop, "first", event_id="new"),
            list_ticket_type(shop, "first", event_id="new"),
        )
    ]
    await turns()
    assert not any(request.done() for request in requests)
    store.release()
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), AlreadyExists] * 2


async def test_a_refusal_based_on_a_commit_that_fails_is_unavailable_and_the_id_is_free_again(
    shop: Backend, store: StoreDouble
) -> None:
    store.hold()
    requests = [asyncio.create_task(list_event(shop, event_id="new")) for _ in range(2)]
    await turns()
    store.fail_next()
    store.release()
    for request in requests:
        with pytest.raises(StorageUnavailable):
            await request
    with pytest.raises(NotFound):
        await list_ticket_type(shop, "first", event_id="new")
    await list_event(shop, event_id="new")
    await list_ticket_type(shop, "first", event_id="new")


async def test_a_failure_of_others_takes_nothing_back_that_is_durable(shop: Backend, store: StoreDouble) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await hold(shop)
    with pytest.raises(AlreadyExists):
        await list_event(shop)
    await list_ticket_type(shop, "other")


async def test_a_request_that_meets_a_failure_on_its_way_is_not_decided_on_what_was_taken_back(
    shop: Backend, store: StoreDouble
) -> None:
    store.hold()
    event = asyncio.create_task(list_event(shop, event_id="new"))
    await eventually(lambda: store.committing == 1)
    # Its mail is in the mailbox when the commit fails, but has not been handled.
    ticket_type = asyncio.create_task(list_ticket_type(shop, "first", event_id="new"))
    store.fail_next()
    store.release()
    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(event, ticket_type, return_exceptions=True)
    assert all(isinstance(outcome, Refusal) for outcome in outcomes), outcomes
    assert "first" not in shop.desk.board.ticket_types


async def test_after_a_defect_the_catalogue_goes_on_with_all_it_had_decided(
    shop: Backend, store: StoreDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.hold()
    decided = asyncio.create_task(list_event(shop, event_id="new"))
    await eventually(lambda: store.committing == 1)
    break_once(monkeypatch, CatalogueActor, "_decide")
    with pytest.raises(LookupError):
        await list_event(shop, event_id="broken")
    again = asyncio.create_task(list_event(shop, event_id="new"))
    await turns()
    store.release()
    await decided
    with pytest.raises(AlreadyExists):
        await again
    await list_event(shop, event_id="broken")
    await list_ticket_type(shop, "first", event_id="new")


async def test_mail_behind_a_defect_is_answered(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    break_once(monkeypatch, CatalogueActor, "_decide")
    broken, behind = [asyncio.create_task(list_event(shop, event_id=event_id)) for event_id in ("x", "y")]
    with pytest.raises(LookupError):
        await broken
    await turns()
    answered = behind.done()
    behind.cancel()
    assert answered


async def test_two_requests_after_a_defect_meet_the_same_catalogue(
    shop: Backend, store: StoreDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.hold()
    decided = asyncio.create_task(hold(shop))
    await eventually(lambda: store.committing == 1)
    break_once(monkeypatch, CatalogueActor, "_decide")
    with pytest.raises(LookupError):
        await list_event(shop, event_id="broken")
    twins = [asyncio.create_task(list_event(shop, event_id="new")) for _ in range(2)]
    await turns()
    store.release()
    await decided
    outcomes = await asyncio.gather(*twins, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), AlreadyExists]
