"""Which actors run: started by their first message, rebuilt after a defect, retired when idle."""

import asyncio

import pytest
from pykka import ActorRegistry

from actor_ticketing.actors.journaling import Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.supervisor import RETIRE_SLICE
from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.commands import ExpireDue, Line, Reserve
from actor_ticketing.domain.errors import Draining, NotFound, Overloaded, StorageUnavailable
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.service import eventually, hold, list_ticket_type, stock, turns
from support.stores import StoreDouble

SESSION = Owner(session_id="s")
HARMLESS = Order(command=ExpireDue(limit=1))
SMALL = Settings(actors={"mailbox_limit": 2}, sweep={"interval_seconds": 3600})


def order(quantity: int, reservation_id: str) -> Order:
    """A reserve as the box office would send it."""
    line = Line(reservation_id=reservation_id, quantity=quantity)
    return Order(command=Reserve(lines=(line,), session_id="s", user_id=None, duration_ms=60_000))


async def test_an_actor_is_started_by_its_first_message(shop: Backend, roster: Roster) -> None:
    await list_ticket_type(shop, "other")
    assert roster.running == 0
    await hold(shop)
    assert roster.running == 1


@pytest.mark.usefixtures("shop")
async def test_messages_that_come_while_an_actor_is_built_wait_in_their_order(
    roster: Roster, store: StoreDouble
) -> None:
    store.hold_loads("tt")
    requests = [roster.ask("tt", order(1, f"r{number}")) for number in range(3)]
    await turns()
    store.release_loads("tt")
    await asyncio.gather(*requests)
    assert store.loads == ["tt"]
    assert [event.reservation.id for event in store.ledger[-3:]] == ["r0", "r1", "r2"]


async def test_a_ticket_type_that_is_nowhere_is_refused(shop: Backend, roster: Roster) -> None:
    assert isinstance(await roster.ask("nowhere", HARMLESS), NotFound)
    assert isinstance(await roster.ask("nowhere", HARMLESS), NotFound)
    await list_ticket_type(shop, "nowhere")
    assert not isinstance(await roster.ask("nowhere", HARMLESS), NotFound)


@pytest.mark.parametrize("error", [StorageUnavailable(), ZeroDivisionError()])
async def test_a_load_that_fails_is_answered_and_tried_again_by_the_next_message(
    shop: Backend, store: StoreDouble, error: Exception
) -> None:
    store.fail_next_load(error)
    with pytest.raises(StorageUnavailable):
        await hold(shop)
    await hold(shop)
    assert stock(shop) == (10, 0, 1)


@pytest.mark.parametrize("settings", [SMALL])
async def test_more_mail_than_the_limit_is_turned_away_and_expiry_is_let_in(
    shop: Backend, roster: Roster, store: StoreDouble
) -> None:
    store.hold_loads("tt")
    accepted = [asyncio.create_task(hold(shop)) for _ in range(2)]
    await turns()
    with pytest.raises(Overloaded):
        await hold(shop)
    expiry = roster.ask("tt", HARMLESS)
    store.release_loads("tt")
    await asyncio.gather(*accepted, expiry)
    await hold(shop)
    assert stock(shop) == (10, 0, 3)


@pytest.mark.parametrize("settings", [SMALL])
async def test_the_limit_holds_for_a_running_actors_mailbox(shop: Backend, roster: Roster) -> None:
    await hold(shop)
    mail = [roster.ask("tt", HARMLESS) for _ in range(2)]
    with pytest.raises(Overloaded):
        roster.admit("tt")
    await asyncio.gather(*mail)
    roster.admit("tt")


@pytest.mark.parametrize("settings", [SMALL])
async def test_the_limit_holds_for_entries_that_wait_for_the_journal(shop: Backend, store: StoreDouble) -> None:
    await list_ticket_type(shop, "other")
    store.hold()
    accepted = [asyncio.create_task(hold(shop)) for _ in range(2)]
    await turns()
    with pytest.raises(Overloaded):
        await hold(shop, of="other")
    store.release()
    await asyncio.gather(*accepted)
    await hold(shop, of="other")


async def test_an_idle_actor_is_retired_and_comes_back_with_nothing_lost(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop, 3)
    await shop.box_office.release(held.id, SESSION)
    clock.advance(60_000)
    await eventually(lambda: roster.running == 0)
    assert not ActorRegistry.get_by_class(TicketTypeActor)
    store.loads.clear()
    await hold(shop, 10)
    assert (stock(shop), store.loads) == ((10, 0, 10), ["tt"])


async def test_an_actor_used_a_moment_ago_is_not_retired(shop: Backend, roster: Roster, clock: ManualClock) -> None:
    clock.advance(30_000)
    held = await hold(shop)
    await shop.box_office.release(held.id, SESSION)
    clock.advance(30_000)
    await turns()
    assert roster.running == 1


async def test_an_actor_with_live_holds_is_not_retired(shop: Backend, roster: Roster, clock: ManualClock) -> None:
    await hold(shop, minutes=5)
    clock.advance(4 * 60_000)
    await turns()
    assert roster.running == 1


async def test_an_actor_with_something_pending_is_not_retired(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop)
    store.hold()
    release = asyncio.create_task(shop.box_office.release(held.id, SESSION))
    await eventually(lambda: store.committing == 1)
    assert roster.retire_idle(idle_since=clock.now(), limit=10) == 0
    store.release()
    await release
    mail = roster.ask("tt", HARMLESS)
    assert roster.retire_idle(idle_since=clock.now(), limit=10) == 0
    await mail
    assert roster.retire_idle(idle_since=clock.now(), limit=10) == 1


async def test_a_great_many_idle_actors_are_retired_in_slices(
    shop: Backend, roster: Roster, clock: ManualClock
) -> None:
    for number in range(RETIRE_SLICE + 20):
        await list_ticket_type(shop, f"t{number}")
        await roster.ask(f"t{number}", HARMLESS)
    clock.advance(60_000)
    await turns()
    assert roster.running == 20
    clock.advance(10)
    await eventually(lambda: roster.running == 0)


async def test_stopping_answers_the_mail_that_is_still_there(shop: Backend, roster: Roster, store: StoreDouble) -> None:
    await list_ticket_type(shop, "other")
    await hold(shop)
    store.hold_loads("other")
    waiting = [roster.ask("tt", HARMLESS), roster.ask("other", HARMLESS)]
    await roster.stop()
    assert [type(outcome) for outcome in await asyncio.gather(*waiting)] == [Draining] * 2
    assert roster.running == 0
