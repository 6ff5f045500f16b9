"""The supervisor: every hold ends at its deadline, by one timer, with no sweep within the hour."""

import asyncio

import pytest
from pykka import ActorRegistry
from structlog.testing import capture_logs

from actor_ticketing.actors.claims import ClaimHolds
from actor_ticketing.actors.journaling import Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.supervisor import (
    DeadlineMoved,
    Supervisor,
    TimerFired,
)
from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.commands import Convert, NewTicket
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.ports import CommitFailed
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.context import Backend
from support.service import ADA, break_once, eventually, hold, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
SESSION = Owner(session_id="s")


async def status(store: StoreDouble, held: Reservation) -> ReservationStatus:
    record = await store.reservation(held.id)
    return record.reservation.status


async def test_a_hold_expires_exactly_at_its_deadline(shop: Backend, store: StoreDouble, clock: ManualClock) -> None:
    held = await hold(shop, 3, minutes=1)
    clock.advance(MINUTE - 1)
    await turns()
    assert await status(store, held) is ReservationStatus.ACTIVE
    clock.advance(1)
    await eventually(lambda: stock(shop) == (10, 0, 0))
    settled = (await store.reservation(held.id)).reservation
    assert (settled.status, settled.settled_at) == (ReservationStatus.EXPIRED, held.expires_at)


async def test_a_timer_that_fires_early_expires_nothing_and_is_set_again(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, 3, minutes=1)
    clock.advance(MINUTE - 1)
    [supervisor] = ActorRegistry.get_by_class(Supervisor)
    supervisor.tell(TimerFired())
    await turns()
    assert stock(shop) == (10, 0, 3)
    clock.advance(1)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_a_hold_due_in_a_moment_is_not_late_because_it_was_asked_for_too_early(
    shop: Backend, clock: ManualClock
) -> None:
    await hold(shop, 3, minutes=1)
    clock.advance(MINUTE - 10)
    [supervisor] = ActorRegistry.get_by_class(Supervisor)
    supervisor.tell(DeadlineMoved(ticket_type_id="tt", deadline=clock.now()))
    await turns()
    clock.advance(0)
    await turns()
    clock.advance(10)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_a_timer_that_was_set_while_the_former_one_fired_ends_with_the_supervisor(
    shop: Backend, clock: ManualClock
) -> None:
    await hold(shop, 3, minutes=1)
    [supervisor] = ActorRegistry.get_by_class(Supervisor)
    supervisor.tell(DeadlineMoved(ticket_type_id="tt", deadline=clock.now() + 2 * MINUTE))
    clock.advance(MINUTE)  # Its timer fires, and comes behind the new deadline.
    await turns()
    supervisor.actor_inbox.actor.stop_now()  # type: ignore[attr-defined]
    clock.advance(2 * MINUTE)


async def test_an_extension_moves_the_deadline(shop: Backend, clock: ManualClock) -> None:
    held = await hold(shop, 3, minutes=1)
    await shop.box_office.extend(held.id, SESSION, MINUTE)
    assert shop.next_due_at() == held.expires_at + MINUTE
    clock.advance(2 * MINUTE - 1)
    await turns()
    assert stock(shop) == (10, 0, 3)
    clock.advance(1)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_an_extension_that_is_on_its_way_at_the_old_deadline_counts(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop, 3, minutes=1)
    store.hold()
    extension = asyncio.create_task(shop.box_office.extend(held.id, SESSION, MINUTE))
    await eventually(lambda: store.committing == 1)
    clock.advance(MINUTE)
    await turns()
    store.release()
    await extension
    await turns()
    assert stock(shop) == (10, 0, 3)
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_a_later_hold_with_an_earlier_deadline_goes_first(shop: Backend, clock: ManualClock) -> None:
    await list_ticket_type(shop, "other")
    await hold(shop, 1, minutes=3)
    await hold(shop, 2, minutes=2)
    await hold(shop, 3, of="other", minutes=1)
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop, "other") == (10, 0, 0))
    assert stock(shop) == (10, 0, 3)
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop) == (10, 0, 1))
    await turns()
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_holds_with_the_same_deadline_go_together(shop: Backend, clock: ManualClock) -> None:
    await list_ticket_type(shop, "other")
    for of in ("tt", "tt", "other"):
        await hold(shop, 2, of=of, minutes=1)
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop) == stock(shop, "other") == (10, 0, 0))


async def test_the_next_deadline_is_the_earliest_of_all_that_are_durable(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    await list_ticket_type(shop, "other")
    now = clock.now()
    assert shop.next_due_at() is None
    late = await hold(shop, minutes=9)
    await turns()
    assert shop.next_due_at() == now + 9 * MINUTE
    store.hold()
    request = asyncio.create_task(hold(shop, of="other", minutes=4))
    await eventually(lambda: store.committing == 1)
    await turns()
    assert shop.next_due_at() == now + 9 * MINUTE
    store.release()
    early = await request
    await turns()
    assert shop.next_due_at() == now + 4 * MINUTE
    for held in (early, late):
        await shop.box_office.release(held.id, SESSION)
    await turns()
    assert shop.next_due_at() is None


async def test_an_expiry_that_fails_backs_off_and_then_succeeds(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop, 3, minutes=1)
    for _ in range(3):
        store.fail_next(CommitFailed(ValueError("CHECK failed"), is_bug=True))
    clock.advance(MINUTE)
    for delay in (250, 500, 1_000):
        await eventually(lambda delay=delay: shop.next_due_at() == clock.now() + delay)
        await turns()
        assert await status(store, held) is ReservationStatus.ACTIVE
        clock.advance(delay - 1)
        await turns()
        assert await status(store, held) is ReservationStatus.ACTIVE
        clock.advance(1)
    await eventually(lambda: stock(shop) == (10, 0, 0))
    await turns()
    assert shop.next_due_at() is None


async def test_the_back_off_begins_anew_after_a_success(shop: Backend, store: StoreDouble, clock: ManualClock) -> None:
    for _ in range(2):
        await hold(shop, 3, minutes=1)
        store.fail_next()
        clock.advance(MINUTE)
        await eventually(lambda: shop.next_due_at() == clock.now() + 250)
        clock.advance(250)
        await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_an_expiry_on_which_the_actor_breaks_is_tried_again(
    shop: Backend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold(shop, 3, minutes=1)
    break_once(monkeypatch, Inventory, "expire_due")
    with capture_logs() as logs:
        clock.advance(MINUTE)
        await eventually(lambda: shop.next_due_at() == clock.now() + 250)
    assert [line["log_level"] for line in logs if line["event"] == "expiry_failed"] == ["error"]
    clock.advance(250)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_a_hold_that_a_purchase_has_claimed_in_time_waits_for_it(
    shop: Backend, roster: Roster, clock: ManualClock
) -> None:
    held = await hold(shop, 1, minutes=1)
    ticket = NewTicket(id="t", code="t", holder=ADA)
    convert = Convert(reservation_id=held.id, owner=SESSION, transaction_id="x", buyer=ADA, tickets=(ticket,))
    claim = await roster.ask("tt", Order(command=ClaimHolds(conversions=[convert])))
    clock.advance(MINUTE)
    await turns()
    assert stock(shop) == (10, 0, 1)
    claim.let_go()
    clock.advance(50)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_the_lag_of_each_expiry_is_noted(shop: Backend, store: StoreDouble, clock: ManualClock) -> None:
    await hold(shop, 1, minutes=1)
    store.hold()
    clock.advance(MINUTE)
    await eventually(lambda: store.committing == 1)
    clock.advance(40)
    store.release()
    await eventually(lambda: stock(shop) == (10, 0, 0))
    lag = shop.statistics.expiry_lag.summary()
    assert (lag.count, lag.max) == (1, 40)


async def test_a_supervisor_with_a_defect_ends_the_process(
    store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    ends: list[BaseException] = []
    async with open_backend(Storage(store=store, queries=store), settings, clock, on_fatal=ends.append):
        [supervisor] = ActorRegistry.get_by_class(Supervisor)
        supervisor.tell("nonsense")
        await eventually(lambda: bool(ends))
    assert isinstance(ends[0], TypeError)
