"""A sweep meets commits that are on their way, and other sweeps."""

import asyncio

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.http.context import Backend
from support.service import eventually, hold, let_pass, list_ticket_type, stock, turns
from support.stores import StoreDouble

SECOND = 1_000
MINUTE = 60_000
SECONDLY = Settings(sweep={"interval_seconds": 1})


async def test_a_sweep_waits_for_expiries_that_are_on_their_way_and_leaves_their_actor_alone(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    await hold(shop, 3, minutes=1)
    actor = roster._slots["tt"].actor
    store.hold()
    clock.advance(MINUTE)
    await eventually(lambda: store.committing == 1)
    with capture_logs() as logs:
        sweep = asyncio.create_task(shop.sweeper.sweep("manual"))
        await turns()
        assert not sweep.done()
        store.release()
        assert (await sweep)[0] == 0  # It was the timer that released it.
    assert (stock(shop), logs) == ((10, 0, 0), [])
    assert roster._slots["tt"].actor is actor


async def overtake_a_slow_commit(shop: Backend, store: StoreDouble, clock: ManualClock) -> int:
    """Have a hold of `aa` be overdue when its commit, which a sweep of `tt` has waited for, is through.

    Return how many holds the sweep says that it has released.
    """
    await list_ticket_type(shop, "aa")
    await hold(shop, 2, minutes=1)
    let_pass(clock, MINUTE)
    store.hold()
    slow = asyncio.create_task(hold(shop, 3, of="aa", minutes=1 / 60))
    await eventually(lambda: store.committing == 1)
    let_pass(clock, 2 * SECOND)
    sweep = asyncio.create_task(shop.sweeper.sweep("manual"))
    await turns()
    store.release()
    await slow
    return (await sweep)[0]


async def test_a_sweep_rebuilds_no_actor_whose_hold_was_committed_only_after_its_deadline(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    await list_ticket_type(shop, "zz")
    with capture_logs() as logs:
        store.loads.clear()
        await overtake_a_slow_commit(shop, store, clock)
    assert not [line for line in logs if line["event"] == "actor_lost_holds"]
    assert sorted(store.loads) == ["aa", "tt"]  # Once each, by the first message.
    assert all(slot.actor is not None for slot in roster._slots.values())


async def test_a_sweep_counts_what_it_has_released_only_at_the_second_look(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    assert await overtake_a_slow_commit(shop, store, clock) == 2
    assert shop.statistics.sweeps["manual"].expired == 2
    assert (stock(shop), stock(shop, "aa")) == ((10, 0, 0), (10, 0, 0))


@pytest.mark.parametrize("settings", [SECONDLY])
async def test_timer_sweeps_do_not_pile_up_while_one_hangs(
    shop: Backend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    may_end = asyncio.Event()

    async def hang(trigger: str) -> tuple[int, int]:
        begun.append(trigger)
        await may_end.wait()
        return 0, 0

    monkeypatch.setattr(shop.sweeper, "sweep", hang)
    for _ in range(100):
        clock.advance(SECOND)
        await turns(5)
    assert begun == ["timer"]
    may_end.set()
    await turns()
    clock.advance(SECOND)
    await turns()
    assert begun == ["timer"] * 2


@pytest.mark.parametrize("settings", [SECONDLY])
async def test_a_manual_sweep_does_not_wait_for_a_timer_sweep_that_hangs(
    shop: Backend, store: StoreDouble, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    overdue = store.overdue
    may_read = asyncio.Event()

    async def hang_once(now: int) -> object:
        monkeypatch.setattr(store, "overdue", overdue)
        await may_read.wait()
        return await overdue(now)

    monkeypatch.setattr(store, "overdue", hang_once, raising=False)
    clock.advance(SECOND)
    await turns()
    assert (await shop.sweeper.sweep("manual"))[0] == 0
    may_read.set()
    await eventually(lambda: shop.statistics.sweeps["timer"].runs == 1)


async def test_holds_that_periodic_sweeps_find_late_are_counted(shop: Backend, clock: ManualClock) -> None:
    await list_ticket_type(shop, "other")
    for late in (3, 2):
        for of in ("tt", "tt", "other")[:late]:
            await hold(shop, 2, of=of, minutes=1)
        let_pass(clock, MINUTE + SECOND)
        await shop.sweeper.sweep("timer")
    assert shop.statistics.found_late == 5


@pytest.mark.parametrize(("trigger", "late_ms"), [("manual", SECOND), ("cron", SECOND), ("timer", SECOND - 1)])
async def test_holds_that_are_hardly_late_or_swept_on_demand_are_not_counted_as_found_late(
    shop: Backend, clock: ManualClock, trigger: str, late_ms: int
) -> None:
    await hold(shop, minutes=1)
    let_pass(clock, MINUTE + late_ms)
    assert (await shop.sweeper.sweep(trigger))[0] == 1
    assert shop.statistics.found_late == 0
