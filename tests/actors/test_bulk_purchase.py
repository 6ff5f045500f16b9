"""All or nothing across reservations: buying."""

import asyncio
from dataclasses import replace

import pytest

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.errors import (
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    ReservationCancelled,
    ReservationConverted,
    ReservationExpired,
    StorageUnavailable,
)
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.context import Backend
from support.service import ADA, buy, eventually, hold, let_pass, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
SESSION = Owner(session_id="s")


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    """Ten tickets each of `a` and `b`."""
    await list_event(backend)
    await list_ticket_type(backend, "a")
    await list_ticket_type(backend, "b")
    return backend


@pytest.fixture
async def holds(shop: Backend) -> list[Reservation]:
    """Two of `b`, one of `a`, three more of `b`: of one session, for ten minutes."""
    return [await hold(shop, quantity, of=of) for of, quantity in (("b", 2), ("a", 1), ("b", 3))]


async def untouched(shop: Backend, holds: list[Reservation]) -> bool:
    """Whether all of them are held as before, and no claim on any is left."""
    await eventually(lambda: all(slot.actor for slot in shop.box_office._roster._slots.values()))
    records = [await shop.box_office.reservation(each.id, SESSION) for each in holds]
    return [record.reservation for record in records] == holds and all(
        slot.actor.inventory.is_settled for slot in shop.box_office._roster._slots.values()
    )


async def test_all_are_bought_and_returned_in_the_order_asked(
    shop: Backend, holds: list[Reservation], store: StoreDouble
) -> None:
    before = shop.box_office.board.seq
    purchases = await buy(shop, *holds)
    assert [each.reservation.id for each in purchases] == [each.id for each in holds]
    assert [len(each.tickets) for each in purchases] == [2, 1, 3]
    assert (stock(shop, "a"), stock(shop, "b")) == ((10, 1, 0), (10, 5, 0))
    [entry] = store.batches[-1]
    assert (entry.first_seq, entry.last_seq) == (before + 1, before + 3)
    for purchase in purchases:
        record = await store.reservation(purchase.reservation.id)
        assert (record.reservation, record.transaction) == (purchase.reservation, purchase.transaction)


async def settle(shop: Backend, clock: ManualClock, how: str) -> Reservation:
    """Make a reservation that is settled in one of the three ways."""
    held = await hold(shop, minutes=1, of="a")
    if how == "cancelled":
        await shop.box_office.release(held.id, SESSION)
    elif how == "converted":
        await buy(shop, held)
    else:
        clock.advance(MINUTE)
        await eventually(lambda: held.id not in shop.box_office.board.live.by_id)
    return held


@pytest.mark.parametrize(
    ("how", "refusal"),
    [("cancelled", ReservationCancelled), ("converted", ReservationConverted), ("expired", ReservationExpired)],
)
async def test_one_that_is_settled_refuses_all_by_what_became_of_it(
    shop: Backend, holds: list[Reservation], clock: ManualClock, how: str, refusal: type[Refusal]
) -> None:
    settled = await settle(shop, clock, how)
    for order in ([settled, *holds], [*holds, settled]):
        with pytest.raises(refusal):
            await buy(shop, *order)
    assert await untouched(shop, holds)


async def test_one_that_is_overdue_refuses_all_before_its_timer_fires(
    shop: Backend, holds: list[Reservation], clock: ManualClock
) -> None:
    short = await hold(shop, of="a", minutes=1)
    let_pass(clock, MINUTE)
    with pytest.raises(ReservationExpired):
        await buy(shop, *holds, short)
    assert await untouched(shop, holds)


async def test_one_that_is_being_cancelled_refuses_all_once_that_is_durable(
    shop: Backend, holds: list[Reservation], store: StoreDouble
) -> None:
    store.hold()
    release = asyncio.create_task(shop.box_office.release(holds[1].id, SESSION))
    purchase = asyncio.create_task(buy(shop, *holds))
    await turns()
    assert not purchase.done()
    store.release()
    await release
    with pytest.raises(ReservationCancelled):
        await purchase
    assert await untouched(shop, [holds[0], holds[2]])


async def test_one_that_is_unknown_or_someone_elses_refuses_all(shop: Backend, holds: list[Reservation]) -> None:
    foreign = await hold(shop, of="a", session="t")
    with pytest.raises(Forbidden):
        await buy(shop, *holds, foreign)
    with pytest.raises(NotFound):
        await shop.box_office.purchase([(holds[0].id, [ADA] * 2), ("nowhere", [ADA])], SESSION, ADA)
    assert await untouched(shop, holds)


async def test_a_wrong_number_of_holders_for_one_refuses_all(shop: Backend, holds: list[Reservation]) -> None:
    orders = [(each.id, [ADA] * each.quantity) for each in holds]
    orders[2] = (holds[2].id, [ADA] * 2)
    with pytest.raises(Invalid):
        await shop.box_office.purchase(orders, SESSION, ADA)
    assert await untouched(shop, holds)


async def test_one_reservation_cannot_be_bought_twice_over(shop: Backend, holds: list[Reservation]) -> None:
    with pytest.raises(Invalid):
        await buy(shop, holds[0], holds[1], holds[0])
    assert await untouched(shop, holds)


async def test_of_two_purchases_at_once_one_gets_all_and_the_other_nothing(
    shop: Backend, holds: list[Reservation]
) -> None:
    outcomes = await asyncio.gather(
        buy(shop, *holds), buy(shop, *reversed(holds)), buy(shop, holds[0]), return_exceptions=True
    )
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["ReservationConverted", "ReservationConverted", "list"]
    assert (stock(shop, "a"), stock(shop, "b")) in (((10, 1, 0), (10, 5, 0)), ((10, 0, 1), (10, 2, 3)))


@pytest.mark.parametrize("action", ["extend", "release"])
async def test_what_else_is_asked_of_a_claimed_hold_waits_for_the_purchase(
    shop: Backend, holds: list[Reservation], store: StoreDouble, action: str
) -> None:
    store.hold_loads("b")
    shop.box_office._roster.rebuild(["b"])
    purchase = asyncio.create_task(buy(shop, *holds))
    await turns()
    office = shop.box_office
    request = asyncio.create_task(
        office.extend(holds[1].id, SESSION, MINUTE) if action == "extend" else office.release(holds[1].id, SESSION)
    )
    await turns()
    assert not request.done()
    store.release_loads("b")
    await purchase
    with pytest.raises(ReservationConverted):
        await request


async def test_a_purchase_that_was_in_time_is_not_overtaken_by_the_deadline(
    shop: Backend, holds: list[Reservation], store: StoreDouble, clock: ManualClock
) -> None:
    store.hold_loads("b")
    shop.box_office._roster.rebuild(["b"])
    short = await hold(shop, of="a", minutes=1)
    long = [each for each in holds if each.ticket_type_id == "b"]
    purchase = asyncio.create_task(buy(shop, short, *long))
    await turns()
    clock.advance(MINUTE)
    await turns()
    store.release_loads("b")
    assert [each.reservation.status for each in await purchase] == [ReservationStatus.CONVERTED] * 3


async def test_a_purchase_that_cannot_be_stored_leaves_all_held(
    shop: Backend, holds: list[Reservation], store: StoreDouble
) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await buy(shop, *holds)
    assert await untouched(shop, holds)
    await buy(shop, *holds)


async def test_an_actor_that_is_rebuilt_meanwhile_voids_the_purchase(
    shop: Backend, holds: list[Reservation], store: StoreDouble, roster: Roster
) -> None:
    store.hold_loads("b")
    roster.rebuild(["b"])
    purchase = asyncio.create_task(buy(shop, *holds))
    await turns()
    roster.rebuild(["a"])
    store.release_loads("b")
    with pytest.raises(StorageUnavailable):
        await purchase
    assert await untouched(shop, holds)
    await buy(shop, *holds)


async def test_a_buyer_who_gives_up_leaves_no_claim_behind(
    shop: Backend, holds: list[Reservation], store: StoreDouble, roster: Roster
) -> None:
    store.hold_loads("b")
    roster.rebuild(["b"])
    orders = [(each.id, [ADA] * each.quantity) for each in holds[:2]] + [(holds[2].id, [ADA])]
    purchase = asyncio.create_task(shop.box_office.purchase(orders, SESSION, ADA))
    await turns()
    purchase.cancel()
    await turns()
    store.release_loads("b")
    await eventually(lambda: not shop.box_office._unbroken._under_way)
    assert await untouched(shop, holds)


async def test_a_hold_that_its_actor_has_lost_is_unavailable_and_there_the_next_time(
    shop: Backend, holds: list[Reservation], roster: Roster
) -> None:
    inventory = roster._slots["a"].actor.inventory
    del inventory.holds[holds[1].id]
    with pytest.raises(StorageUnavailable):
        await buy(shop, *holds)
    assert len(await buy(shop, *holds)) == 3


@pytest.mark.parametrize("number", [1, 3])
async def test_an_answer_to_keep_is_rendered_from_the_list_of_purchases(
    shop: Backend, holds: list[Reservation], store: StoreDouble, number: int
) -> None:
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=0)
    kept = []
    orders = [(each.id, [ADA] * each.quantity) for each in holds[:number]]
    purchases = await shop.box_office.purchase(
        orders, SESSION, ADA, keep=Keep(lambda outcome: kept.append(outcome) or answer)
    )
    assert kept == [purchases]
    assert await store.answer(b"c", "k") == replace(answer, seq=shop.box_office.board.seq)
