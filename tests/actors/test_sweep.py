"""The sweep: it looks into the store itself, and finds what the timers have missed."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.claims import ClaimHolds
from actor_ticketing.actors.journaling import Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.commands import Convert, NewTicket
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import CommitFailed, Entry
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.context import Backend
from support.service import ADA, eventually, hold, let_pass, list_ticket_type, stock, turns
from support.stores import StoreDouble

HOUR = 3_600_000
MINUTE = 60_000


@pytest.fixture
def settings() -> Settings:
    """No actor is retired unless a test asks for it: coming back, it would know what it had forgotten."""
    return Settings(sweep={"interval_seconds": 3600}, actors={"passivate_after_seconds": 86_400})


def forget(roster: Roster, held: Reservation) -> None:
    """Take a hold out of its actor's memory."""
    inventory = roster._slots[held.ticket_type_id].actor.inventory
    del inventory.holds[held.id]
    inventory.reserved -= held.quantity


async def test_a_hold_that_its_actor_has_forgotten_is_released(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop, 3, minutes=1)
    forget(roster, held)
    clock.advance(MINUTE)
    await turns()
    assert stock(shop) == (10, 0, 3)
    with capture_logs() as logs:
        expired, _ = await shop.sweeper.sweep("manual")
    assert expired == 1
    assert stock(shop) == (10, 0, 0)
    assert (await store.reservation(held.id)).reservation.status is ReservationStatus.EXPIRED
    assert [line["log_level"] for line in logs if line["event"] == "actor_lost_holds"] == ["error"]
    await hold(shop, 10)


async def test_the_periodic_sweep_finds_it_within_its_interval(
    shop: Backend, roster: Roster, clock: ManualClock
) -> None:
    forget(roster, await hold(shop, 3, minutes=1))
    clock.advance(HOUR)
    await eventually(lambda: stock(shop) == (10, 0, 0))
    await eventually(lambda: shop.statistics.sweeps["timer"].expired == 1)


@pytest.mark.parametrize(
    "settings", [Settings(sweep={"interval_seconds": 3600}, actors={"passivate_after_seconds": 90})]
)
async def test_a_forgotten_hold_whose_actor_has_been_retired_is_released(
    shop: Backend, roster: Roster, clock: ManualClock
) -> None:
    forget(roster, await hold(shop, 3, minutes=1))
    for _ in range(4):
        clock.advance(MINUTE)
        await turns()
    assert (roster.running, stock(shop)) == (0, (10, 0, 3))
    assert (await shop.sweeper.sweep("manual"))[0] == 1
    assert stock(shop) == (10, 0, 0)


async def test_a_sweep_releases_what_the_timers_are_late_for_and_counts_it(shop: Backend, clock: ManualClock) -> None:
    await list_ticket_type(shop, "other")
    for of in ("tt", "tt", "other"):
        await hold(shop, 1, of=of, minutes=1)
    await hold(shop, 4, minutes=5)
    let_pass(clock, MINUTE)
    assert (await shop.sweeper.sweep("cron"))[0] == 3
    assert stock(shop) == (10, 0, 4)
    assert stock(shop, "other") == (10, 0, 0)
    assert (await shop.sweeper.sweep("cron"))[0] == 0


async def test_a_sweep_of_a_healthy_service_disturbs_nobody(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    await hold(shop, 2, minutes=1)
    await hold(shop, 3, minutes=5)
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop) == (10, 0, 3))
    actor = roster._slots["tt"].actor
    store.loads.clear()
    with capture_logs() as logs:
        assert (await shop.sweeper.sweep("timer"))[0] == 0
    assert (store.loads, logs) == ([], [])
    assert roster._slots["tt"].actor is actor


async def test_a_sweep_is_counted_under_its_trigger(shop: Backend, clock: ManualClock) -> None:
    begin = clock.now()
    assert shop.statistics.sweeps["startup"].runs == 1
    await hold(shop, minutes=1)
    let_pass(clock, MINUTE)
    await shop.sweeper.sweep("manual")
    await shop.sweeper.sweep("manual")
    await shop.sweeper.sweep("cron")
    counted = {trigger: (each.runs, each.expired, each.last_at) for trigger, each in shop.statistics.sweeps.items()}
    assert counted == {
        "startup": (1, 0, begin),
        "manual": (2, 1, begin + MINUTE),
        "cron": (1, 0, begin + MINUTE),
        "timer": (0, 0, None),
    }
    assert shop.statistics.sweeps["manual"].last_duration_ms == 0


async def test_the_periodic_sweep_comes_again_and_again(shop: Backend, clock: ManualClock) -> None:
    for runs in range(1, 4):
        clock.advance(HOUR)
        await eventually(lambda runs=runs: shop.statistics.sweeps["timer"].runs == runs)


@pytest.mark.parametrize(("late_ms", "reports"), [(1_000, 1), (999, 0)])
async def test_a_periodic_sweep_reports_what_is_overdue_by_a_second(
    shop: Backend, clock: ManualClock, late_ms: int, reports: int
) -> None:
    await hold(shop, minutes=1)
    let_pass(clock, MINUTE + late_ms)
    with capture_logs() as logs:
        assert (await shop.sweeper.sweep("timer"))[0] == 1
    found = [line for line in logs if line["event"] == "sweep_found_overdue_holds"]
    assert [(line["log_level"], line["ticket_types"]) for line in found] == [("error", {"tt": 1})] * reports


async def test_a_sweep_that_cannot_store_says_so_and_counts_what_it_did(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    await hold(shop, 3, minutes=1)
    let_pass(clock, MINUTE)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await shop.sweeper.sweep("manual")
    assert (shop.statistics.sweeps["manual"].runs, shop.statistics.sweeps["manual"].expired) == (1, 1)
    assert (await shop.sweeper.sweep("manual"))[0] == 0


async def test_a_periodic_sweep_that_fails_does_not_end_the_next_one(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    await hold(shop, 3, minutes=1)
    let_pass(clock, MINUTE)
    for _ in range(2):  # Both the timer, which is late, and the sweep try.
        store.fail_next()
    with capture_logs() as logs:
        clock.advance(HOUR)
        await eventually(lambda: any(line["event"] == "sweep_failed" for line in logs))
    clock.advance(HOUR)
    await eventually(lambda: shop.statistics.sweeps["timer"].runs == 1)


async def test_a_sweep_leaves_a_hold_alone_that_a_purchase_has_claimed_in_time(
    shop: Backend, roster: Roster, clock: ManualClock
) -> None:
    held = await hold(shop, 1, minutes=1)
    ticket = NewTicket(id="t", code="t", holder=ADA)
    convert = Convert(
        reservation_id=held.id, owner=Owner(session_id="s"), transaction_id="x", buyer=ADA, tickets=(ticket,)
    )
    claim = await roster.ask("tt", Order(command=ClaimHolds(conversions=[convert])))
    let_pass(clock, MINUTE)
    assert (await shop.sweeper.sweep("timer"))[0] == 0
    assert claim.is_valid
    assert stock(shop) == (10, 0, 1)


async def test_a_sweep_counts_what_went_before_a_later_slice_failed(
    shop: Backend, store: StoreDouble, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actor_ticketing.actors.expiry.SWEEP_SLICE", 2)
    for _ in range(4):
        await hold(shop, 1, minutes=1)
    commit = store.commit
    commits = 0

    async def second_fails(batch: Sequence[Entry]) -> None:
        nonlocal commits
        commits += 1
        if commits == 2:
            raise CommitFailed(OSError("no space left on device"))
        await commit(batch)

    monkeypatch.setattr(store, "commit", second_fails)
    clock._now += MINUTE  # No timer fires: the sweep is alone.
    with pytest.raises(StorageUnavailable):
        await shop.sweeper.sweep("manual")
    assert stock(shop) == (10, 0, 0)
    assert shop.statistics.sweeps["manual"].expired == 4
