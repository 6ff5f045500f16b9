"""A clock may call early, as the system's does after a minute: nothing is done before its time."""

from collections.abc import Callable

import pytest

from actor_ticketing.clock import ManualClock, Timer
from actor_ticketing.config import Settings
from actor_ticketing.domain.events import ReservationExpired
from actor_ticketing.http.context import Backend
from support.service import eventually, hold, stock, turns
from support.stores import StoreDouble

SECOND = 1_000
MINUTE = 60_000


class EarlyClock(ManualClock):
    """Calls back after a minute at the latest."""

    def call_at(self, instant: int, callback: Callable[[], None]) -> Timer:
        return super().call_at(min(instant, self.now() + MINUTE), callback)


@pytest.fixture
def clock() -> ManualClock:
    return EarlyClock()


@pytest.fixture
def settings() -> Settings:
    return Settings(sweep={"interval_seconds": 600}, actors={"passivate_after_seconds": 300})


async def run_for(clock: ManualClock, milliseconds: int) -> None:
    """Step on second by second, with the loop's turns in between."""
    for _ in range(milliseconds // SECOND):
        clock.advance(SECOND)
        await turns(5)


async def test_a_sweep_interval_of_ten_minutes_sweeps_once_in_ten_minutes(shop: Backend, clock: ManualClock) -> None:
    await run_for(clock, 599 * SECOND)
    assert shop.statistics.sweeps["timer"].runs == 0
    await run_for(clock, 101 * SECOND)
    assert shop.statistics.sweeps["timer"].runs == 1
    await run_for(clock, 500 * SECOND)
    assert shop.statistics.sweeps["timer"].runs == 2


async def test_an_idle_actor_is_looked_for_when_the_interval_is_over(shop: Backend, clock: ManualClock) -> None:
    roster = shop.box_office._roster
    looks: list[int] = []
    retire_idle = roster.retire_idle

    def counting(*, idle_since: int, limit: int) -> int:
        looks.append(clock.now())
        return retire_idle(idle_since=idle_since, limit=limit)

    roster.retire_idle = counting
    begin = clock.now()
    await run_for(clock, 700 * SECOND)
    assert [each - begin for each in looks] == [300 * SECOND, 600 * SECOND]


@pytest.mark.parametrize("minutes", [1.5, 2, 9.25])
async def test_a_hold_of_more_than_a_minute_expires_once_and_on_time(
    shop: Backend, store: StoreDouble, clock: ManualClock, minutes: float
) -> None:
    held = await hold(shop, 3, minutes=minutes)
    await run_for(clock, round(minutes * MINUTE) - SECOND)
    clock.advance(SECOND - 1)
    await turns()
    assert stock(shop) == (10, 0, 3)
    clock.advance(1)
    await eventually(lambda: stock(shop) == (10, 0, 0))
    await run_for(clock, 3 * MINUTE)
    [expired] = [event for event in store.ledger if isinstance(event, ReservationExpired)]
    assert (expired.reservation.id, expired.at) == (held.id, held.expires_at)
