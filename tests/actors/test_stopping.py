"""The service stops in peace: what is on its way to disk gets there, and nothing is left behind."""

import asyncio

import pytest
from pykka import ActorRegistry

from actor_ticketing.actors.journaling import Order
from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.commands import ExpireDue
from actor_ticketing.domain.errors import Draining
from support.service import eventually, fatal, hold, list_event, list_ticket_type, turns
from support.stores import StoreDouble

HARMLESS = Order(command=ExpireDue(limit=1))


@pytest.fixture
def storage(store: StoreDouble) -> Storage:
    return Storage(store=store, queries=store)


async def release_late(store: StoreDouble) -> None:
    """Let the commit through when the service has begun to stop."""
    await turns()
    store.release()


async def test_a_hold_that_is_on_its_way_to_disk_gets_there(
    storage: Storage, store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        store.hold()
        request = asyncio.create_task(hold(backend))
        await eventually(lambda: store.committing == 1)
        late = asyncio.create_task(release_late(store))
    await late
    made = await request
    assert (await store.reservation(made.id)).reservation == made


async def test_an_expiry_that_is_on_its_way_to_disk_gets_there(
    storage: Storage, store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        await hold(backend, minutes=1)
        store.hold()
        clock.advance(60_000)
        await eventually(lambda: store.committing == 1)
        late = asyncio.create_task(release_late(store))
    await late
    assert (await store.catalogue()).counters["tt"].reserved == 0


async def test_requests_that_come_too_late_are_answered(
    storage: Storage, store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        store.hold_loads("tt")
        request = asyncio.create_task(hold(backend))
        await turns()
    with pytest.raises(Draining):
        await request


async def test_no_actor_and_no_task_is_left_behind(storage: Storage, settings: Settings, clock: ManualClock) -> None:
    before = set(ActorRegistry.get_all())
    tasks = asyncio.all_tasks()
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        await hold(backend)
    assert asyncio.all_tasks() == tasks
    assert set(ActorRegistry.get_all()) == before


async def test_nothing_happens_after_the_end(storage: Storage, settings: Settings, clock: ManualClock) -> None:
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        held = await hold(backend, minutes=1)
    clock.advance(24 * 3_600_000)
    await turns()
    assert (await storage.queries.reservation(held.id)).reservation == held


async def test_mail_that_comes_while_actors_are_stopped_is_answered(
    storage: Storage, store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    async with open_backend(storage, settings, clock, on_fatal=fatal) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        roster = backend.box_office._roster
        store.hold_loads("tt")
        mail = [roster.ask("tt", HARMLESS)]
        await turns()
        stopping = asyncio.create_task(roster.stop())
        await turns(1)
        mail.append(roster.ask("tt", HARMLESS))
        await stopping
        mail.append(roster.ask("tt", HARMLESS))
        store.release_loads("tt")
        await turns()
        answered = [future.done() for future in mail]
    assert answered == [True, True, True]
