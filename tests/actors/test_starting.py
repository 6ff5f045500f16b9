"""Starting on what an earlier run has left behind."""

import pytest

from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.reservation import Reservation
from support.service import OpenBackend, eventually, fatal, hold, let_pass, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


@pytest.fixture
def reopen(store: StoreDouble, settings: Settings) -> OpenBackend:
    """Open the service on the same store again."""
    return lambda clock: open_backend(Storage(store=store, queries=store), settings, clock, on_fatal=fatal)


@pytest.fixture
async def held(reopen: OpenBackend, clock: ManualClock) -> Reservation:
    """What an earlier run has left: a hold of ten minutes."""
    async with reopen(clock) as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        return await hold(backend, 3, minutes=10)


async def test_a_clock_that_went_back_stops_the_start_when_the_holds_cannot_be_rescheduled(
    reopen: OpenBackend, store: StoreDouble, clock: ManualClock, held: Reservation
) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        async with reopen(ManualClock(clock.now() - DAY)):
            pytest.fail("the service has started")
    assert (await store.reservation(held.id)).reservation == held


async def test_the_next_start_reschedules_them(
    reopen: OpenBackend, store: StoreDouble, clock: ManualClock, held: Reservation
) -> None:
    yesterday = ManualClock(clock.now() - DAY)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        async with reopen(yesterday):
            pytest.fail("the service has started")
    async with reopen(yesterday) as backend:
        record = await store.reservation(held.id)
        assert record.reservation.expires_at == yesterday.now() + 10 * MINUTE
        await turns()
        yesterday.advance(10 * MINUTE)
        await eventually(lambda: stock(backend) == (10, 0, 0))


async def test_what_recovery_releases_is_counted_by_the_start_up_sweep_and_not_as_expiry_lag(
    reopen: OpenBackend, clock: ManualClock, held: Reservation
) -> None:
    let_pass(clock, DAY)
    async with reopen(clock) as backend:
        assert held.id not in backend.box_office.board.live.by_id
        assert stock(backend) == (10, 0, 0)
        assert backend.statistics.sweeps["startup"].expired == 1
        assert backend.statistics.expiry_lag.summary().count == 0
        await hold(backend, minutes=1)
        clock.advance(MINUTE)
        await eventually(lambda: backend.statistics.expiry_lag.summary().count == 1)
        assert backend.statistics.expiry_lag.summary().max == 0
