"""The door on a store that fails and waits."""

import asyncio

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.errors import NotFound, StorageUnavailable, TicketAlreadyUsed, TicketForAnotherEvent
from actor_ticketing.domain.events import TicketCheckedIn
from actor_ticketing.domain.purchase import CheckIn, Ticket
from actor_ticketing.http.context import Backend
from support.service import buy, eventually, hold, list_ticket_type, stock, turns
from support.stores import StoreDouble


@pytest.fixture
async def tickets(shop: Backend) -> tuple[Ticket, ...]:
    """Two tickets of `tt`."""
    [sale] = await buy(shop, await hold(shop, 2))
    return sale.tickets


async def test_a_ticket_is_let_in_and_says_when_and_by_whom(
    shop: Backend, tickets: tuple[Ticket, ...], clock: ManualClock
) -> None:
    admitted = await shop.door.check_in(tickets[0].code, by="boss")
    assert (admitted.id, admitted.checked_in) == (tickets[0].id, CheckIn(at=clock.now(), by="boss"))
    assert await shop.box_office.ticket(tickets[0].code) == admitted
    assert await shop.box_office.ticket(tickets[1].code) == tickets[1]


async def test_the_second_time_it_is_told_of_the_first(
    shop: Backend, tickets: tuple[Ticket, ...], clock: ManualClock
) -> None:
    await shop.door.check_in(tickets[0].code, by="boss")
    clock.advance(5_000)
    seq = shop.box_office.board.seq
    with pytest.raises(TicketAlreadyUsed) as refusal:
        await shop.door.check_in(tickets[0].code, by="another")
    assert refusal.value.details == {"checkedInAt": "2027-01-15T08:00:00.000Z", "by": "boss"}
    assert shop.box_office.board.seq == seq


async def test_of_many_at_the_same_instant_one_is_let_in(shop: Backend, tickets: tuple[Ticket, ...]) -> None:
    scans = [shop.door.check_in(tickets[0].code, by=f"door {number}") for number in range(20)]
    outcomes = await asyncio.gather(*scans, return_exceptions=True)
    assert sum(isinstance(outcome, Ticket) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, TicketAlreadyUsed) for outcome in outcomes) == 19


async def test_nobody_is_let_in_before_the_commit(
    shop: Backend, tickets: tuple[Ticket, ...], store: StoreDouble
) -> None:
    store.hold()
    first = asyncio.create_task(shop.door.check_in(tickets[0].code, by="a"))
    second = asyncio.create_task(shop.door.check_in(tickets[0].code, by="b"))
    await eventually(lambda: store.committing == 1)
    await turns()
    assert not first.done()
    assert not second.done()
    store.release()
    assert (await first).checked_in == CheckIn(at=shop.clock.now(), by="a")
    with pytest.raises(TicketAlreadyUsed):
        await second


async def test_what_could_not_be_stored_was_not_let_in_and_may_be_scanned_again(
    shop: Backend, tickets: tuple[Ticket, ...], store: StoreDouble
) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await shop.door.check_in(tickets[0].code, by="boss")
    assert (await shop.box_office.ticket(tickets[0].code)).checked_in is None
    assert (await shop.door.check_in(tickets[0].code, by="boss")).checked_in is not None


async def test_whoever_waits_behind_a_failed_commit_is_let_in(
    shop: Backend, tickets: tuple[Ticket, ...], store: StoreDouble
) -> None:
    store.fail_next()
    scans = [shop.door.check_in(tickets[0].code, by=name) for name in ("a", "b")]
    first, second = await asyncio.gather(*scans, return_exceptions=True)
    assert isinstance(first, StorageUnavailable)
    assert isinstance(second, Ticket)


async def test_a_scanner_that_is_gone_does_not_let_the_next_one_in_twice(
    shop: Backend, tickets: tuple[Ticket, ...], store: StoreDouble
) -> None:
    store.hold()
    gone = asyncio.create_task(shop.door.check_in(tickets[0].code, by="gone"))
    await eventually(lambda: store.committing == 1)
    gone.cancel()
    next_one = asyncio.create_task(shop.door.check_in(tickets[0].code, by="next"))
    await turns()
    store.release()
    with pytest.raises(TicketAlreadyUsed) as refusal:
        await next_one
    assert refusal.value.details["by"] == "gone"


async def test_only_what_is_on_tonight_is_let_in(shop: Backend, tickets: tuple[Ticket, ...]) -> None:
    await list_ticket_type(shop, "other")
    with pytest.raises(TicketForAnotherEvent) as refusal:
        await shop.door.check_in(tickets[0].code, ticket_type_ids=["other"], by="boss")
    assert refusal.value.details == {"ticketTypeId": "tt"}
    await shop.door.check_in(tickets[0].code, ticket_type_ids=["other", "tt"], by="boss")


async def test_what_does_not_exist_is_said_to(shop: Backend, tickets: tuple[Ticket, ...]) -> None:
    with pytest.raises(NotFound, match="no such ticket\\."):
        await shop.door.check_in("nothing", by="boss")
    with pytest.raises(NotFound, match="no such ticket type"):
        await shop.door.check_in(tickets[0].code, ticket_type_ids=["nothing"], by="boss")


async def test_the_ledger_tells_of_it_and_the_stock_is_as_it_was(
    shop: Backend, tickets: tuple[Ticket, ...], store: StoreDouble
) -> None:
    before = stock(shop)
    await shop.door.check_in(tickets[0].code, by="boss")
    [event] = [event for entry in store.batches[-1] for event in entry.events]
    assert isinstance(event, TicketCheckedIn)
    assert (event.ticket.id, event.by) == (tickets[0].id, "boss")
    assert stock(shop) == before
