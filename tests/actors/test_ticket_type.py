"""One ticket type's actor: it decides at once, and answers after the commit."""

import asyncio

import pytest

from actor_ticketing.actors.journaling import Keep, Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import NotEnoughTickets, ReservationExpired, StorageUnavailable
from actor_ticketing.domain.events import ReservationCreated
from actor_ticketing.domain.events import ReservationExpired as Expired
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.reservation import Owner, ReservationStatus
from actor_ticketing.http.context import Backend
from support.service import ADA, buy, eventually, hold, let_pass, list_ticket_type, stock, turns
from support.stores import StoreDouble

SESSION = Owner(session_id="s")


async def test_an_acceptance_is_told_after_its_commit(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    request = asyncio.create_task(hold(shop, 2))
    await eventually(lambda: store.committing == 1)
    await turns()
    assert not request.done()
    store.release()
    made = await request
    record = await store.reservation(made.id)
    assert record.reservation == made


async def test_the_actor_goes_on_deciding_while_a_commit_is_on_its_way(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    requests = [asyncio.create_task(hold(shop, 4, session=str(number))) for number in range(3)]
    await turns()
    assert not any(request.done() for request in requests)
    store.release()
    first, second, third = await asyncio.gather(*requests, return_exceptions=True)
    assert [first.session_id, second.session_id] == ["0", "1"]
    assert isinstance(third, NotEnoughTickets)
    assert third.details["available"] == 2
    assert stock(shop) == (10, 0, 8)


async def test_a_refusal_is_told_after_the_commits_it_was_based_on(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    winner = asyncio.create_task(hold(shop, 10))
    loser = asyncio.create_task(hold(shop, 1, session="late"))
    await turns()
    assert not loser.done()
    store.release()
    await winner
    with pytest.raises(NotEnoughTickets):
        await loser


async def test_a_refusal_is_unavailable_when_a_commit_it_was_based_on_fails(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    winner = asyncio.create_task(hold(shop, 10))
    loser = asyncio.create_task(hold(shop, 1, session="late"))
    await turns()
    store.fail_next()
    store.release()
    for request in (winner, loser):
        with pytest.raises(StorageUnavailable):
            await request


async def test_a_refusal_based_on_what_is_durable_waits_for_no_other_types_commit(
    shop: Backend, store: StoreDouble
) -> None:
    await list_ticket_type(shop, "other")
    await hold(shop, 10)
    store.hold()
    slow = asyncio.create_task(hold(shop, of="other"))
    await eventually(lambda: store.committing == 1)
    with pytest.raises(NotEnoughTickets):
        await hold(shop, 1)
    store.release()
    await slow


async def test_a_hold_is_gone_at_its_deadline_however_late_the_timer_is(shop: Backend, clock: ManualClock) -> None:
    held = await hold(shop, minutes=1)
    let_pass(clock, 59_999)
    await shop.box_office.extend(held.id, SESSION, 1)
    let_pass(clock, 2)
    with pytest.raises(ReservationExpired):
        await shop.box_office.extend(held.id, SESSION, 60_000)
    with pytest.raises(ReservationExpired):
        await buy(shop, held)
    with pytest.raises(ReservationExpired):
        await shop.box_office.release(held.id, SESSION)


async def test_an_overdue_holds_stock_is_there_for_the_next_reserve_at_once(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop, 10, minutes=1)
    let_pass(clock, 60_000)
    made = await hold(shop, 3, session="next")
    assert stock(shop) == (10, 0, 3)
    assert (await store.reservation(held.id)).reservation.status is ReservationStatus.EXPIRED
    assert (await store.reservation(made.id)).reservation.status is ReservationStatus.ACTIVE
    assert [type(event) for event in store.ledger[-2:]] == [Expired, ReservationCreated]


async def test_a_reserve_expires_no_more_overdue_holds_than_it_needs(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    holds = [await hold(shop, 2, session=str(number), minutes=number + 1) for number in range(5)]
    let_pass(clock, 10 * 60_000)
    await hold(shop, 3, session="next")
    states = [(await store.reservation(each.id)).reservation.status.value for each in holds]
    assert states == ["EXPIRED", "EXPIRED", "ACTIVE", "ACTIVE", "ACTIVE"]
    assert stock(shop) == (10, 0, 9)


@pytest.mark.parametrize("settings", [Settings(holds={"max_quantity": 1_000}, sweep={"interval_seconds": 3600})])
async def test_a_reserve_gets_the_stock_of_all_overdue_holds_however_many_they_are(
    shop: Backend, clock: ManualClock
) -> None:
    await list_ticket_type(shop, "big", total=600)
    await shop.box_office.reserve([("big", 1)] * 600, session_id="s", user_id=None, duration_ms=60_000)
    let_pass(clock, 60_000)
    made = await hold(shop, 600, of="big", session="next")
    assert made.quantity == 600


async def test_overdue_stock_that_is_not_enough_is_refused_after_its_own_release(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    await hold(shop, 5)
    overdue = await hold(shop, 5, minutes=1)
    let_pass(clock, 60_000)
    store.hold()
    request = asyncio.create_task(hold(shop, 6, session="next"))
    await turns()
    assert not request.done()
    store.release()
    with pytest.raises(NotEnoughTickets) as refused:
        await request
    assert refused.value.details == {"requested": 6, "available": 5, "ticketTypeId": "tt"}
    assert (await store.reservation(overdue.id)).reservation.status is ReservationStatus.EXPIRED


async def test_an_answer_to_keep_is_rendered_before_the_commit_and_stored_with_its_effect(
    shop: Backend, store: StoreDouble
) -> None:
    rendered = []

    def keep(outcome: object) -> StoredAnswer:
        rendered.append(outcome)
        return StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=0)

    store.hold()
    request = asyncio.create_task(
        shop.box_office.reserve([("tt", 1)], session_id="s", user_id=None, keep=Keep(keep)),
    )
    await eventually(lambda: store.committing == 1)
    assert len(rendered) == 1
    assert await store.answer(b"c", "k") is None
    store.release()
    assert await request == rendered[0]
    assert (await store.answer(b"c", "k")).body == b"{}"
    assert [entry.answer is not None for entry in store.batches[-1]] == [True]


async def test_a_purchase_turns_a_hold_into_tickets(shop: Backend, store: StoreDouble) -> None:
    held = await hold(shop, 2)
    [purchase] = await buy(shop, held)
    assert purchase.reservation.status is ReservationStatus.CONVERTED
    assert [ticket.position for ticket in purchase.tickets] == [0, 1]
    assert (purchase.transaction.total_price, purchase.transaction.buyer) == (9_000, ADA)
    assert stock(shop) == (10, 2, 0)
    assert await store.ticket(purchase.tickets[1].code) == purchase.tickets[1]


async def test_an_order_that_no_actor_decides_fails_the_asker_and_the_actor_comes_back(
    shop: Backend, roster: Roster
) -> None:
    await hold(shop, 2)
    with pytest.raises(TypeError, match="no actor decides"):
        await roster.ask("tt", Order(command="nonsense"))
    await hold(shop, 1)
    assert stock(shop) == (10, 0, 3)
