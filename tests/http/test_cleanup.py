"""The sweep, and what operators are told of expiry."""

from typing import Any

from support.service import eventually, list_event, list_ticket_type
from support.web import ADMIN_TOKEN, CLEANUP, CRON, CRON_SECRET, Api, OpenApi

NOTHING = {"runs": 0, "expired": 0, "lastAt": None, "lastDurationMs": None}


async def statistics(api: Api) -> Any:
    return (await api.call("GET", CLEANUP, token=ADMIN_TOKEN, status=200))["data"]


async def test_the_counts_are_of_every_state(api: Api) -> None:
    assert (await statistics(api))["counts"] == {"ACTIVE": 0, "EXPIRED": 0, "CONVERTED": 0, "CANCELLED": 0}
    await api.reserve(2, expirationMinutes=1)
    cancelled, converted = await api.reserve(), await api.reserve()
    await api.reserve()
    await api.reserve()
    await api.cancel(cancelled)
    await api.buy(converted)
    await api.pass_time(60_000)
    assert (await statistics(api))["counts"] == {"ACTIVE": 2, "EXPIRED": 1, "CONVERTED": 1, "CANCELLED": 1}


async def test_before_any_expiry_there_is_no_lag(api: Api) -> None:
    data = await statistics(api)
    assert data["expiryLagMs"] == {"p50": None, "p99": None, "max": None, "count": 0}
    assert data["overdue"] == 0
    assert data["nextDueAt"] is None


async def test_a_hold_that_expires_when_it_is_due_has_no_lag(api: Api) -> None:
    for _ in range(3):
        await api.reserve(expirationMinutes=1)
    await api.pass_time(60_000)
    assert (await statistics(api))["expiryLagMs"] == {"p50": 0, "p99": 0, "max": 0, "count": 3}


async def test_the_lag_of_each_ticket_type_is_told(api: Api) -> None:
    assert (await statistics(api))["expiryLagByType"] == {}
    await list_ticket_type(api.backend, "vip")
    for of in ("tt", "tt", "vip"):
        await api.reserve(of=of, expirationMinutes=1)
    api.lose_timers(60_250)
    await api.call("POST", CLEANUP, token=ADMIN_TOKEN, status=200)
    by_type = {"tt": {"max": 250, "count": 2}, "vip": {"max": 250, "count": 1}}
    assert (await statistics(api))["expiryLagByType"] == by_type
    await api.reserve(of="vip", expirationMinutes=1)
    await api.pass_time(60_000)
    by_type["vip"]["count"] = 2
    assert (await statistics(api))["expiryLagByType"] == by_type


async def test_the_next_deadline_of_all_is_told(api: Api) -> None:
    await list_ticket_type(api.backend, "vip")
    await api.reserve(expirationMinutes=20)
    early = await api.reserve(of="vip", expirationMinutes=5)
    data = await statistics(api)
    assert data["nextDueAt"] == "2027-01-15T08:05:00.000Z"
    assert data["serverTime"] == "2027-01-15T08:00:00.000Z"
    await api.extend(early, 10)
    assert (await statistics(api))["nextDueAt"] == "2027-01-15T08:15:00.000Z"
    await api.cancel(early)
    assert (await statistics(api))["nextDueAt"] == "2027-01-15T08:20:00.000Z"


async def test_a_hold_that_nobody_released_is_overdue(api: Api) -> None:
    await api.reserve(2, expirationMinutes=1)
    await api.reserve(1, expirationMinutes=1)
    await api.reserve()
    api.lose_timers(60_000)
    data = await statistics(api)
    assert data["overdue"] == 2
    assert data["counts"]["ACTIVE"] == 3


async def test_an_admin_sweeps_by_hand(api: Api) -> None:
    await api.reserve(2, expirationMinutes=1)
    await api.reserve(3, expirationMinutes=1)
    await api.reserve(1)
    api.lose_timers(60_250)
    document = await api.call("POST", CLEANUP, token=ADMIN_TOKEN, status=200)
    assert document["success"] is True
    assert document["data"]["expired"] == 2
    assert document["data"]["durationMs"] >= 0
    assert await api.counters() == (10, 0, 1, 9)
    data = await statistics(api)
    assert data["overdue"] == 0
    assert data["sweeps"]["manual"]["runs"] == 1
    assert data["sweeps"]["manual"]["expired"] == 2
    assert data["sweeps"]["manual"]["lastAt"] == "2027-01-15T08:01:00.250Z"
    assert data["sweeps"]["manual"]["lastDurationMs"] >= 0
    assert data["sweeps"]["cron"] == NOTHING
    assert data["expiryLagMs"] == {"p50": 250, "p99": 250, "max": 250, "count": 2}


async def test_a_scheduler_sweeps_as_well(api: Api) -> None:
    await api.reserve(2, expirationMinutes=1)
    api.lose_timers(60_000)
    document = await api.call("GET", CRON, token=CRON_SECRET, status=200)
    assert document["data"]["expired"] == 1
    assert document["data"]["durationMs"] >= 0
    sweeps = (await statistics(api))["sweeps"]
    assert (sweeps["cron"]["runs"], sweeps["cron"]["expired"]) == (1, 1)
    assert sweeps["manual"] == NOTHING


async def test_a_sweep_with_nothing_to_do_says_so(api: Api) -> None:
    await api.reserve()
    for _ in range(2):
        assert (await api.call("POST", CLEANUP, {}, token=ADMIN_TOKEN, status=200))["data"]["expired"] == 0
    assert (await statistics(api))["sweeps"]["manual"]["runs"] == 2
    assert await api.counters() == (10, 0, 1, 9)


async def test_a_sweep_takes_no_orders(api: Api) -> None:
    await api.refused("POST", CLEANUP, {"force": True}, token=ADMIN_TOKEN, status=400, code="validation_error")


async def test_the_service_sweeps_by_itself_every_five_minutes(api: Api) -> None:
    sweeps = api.backend.statistics.sweeps
    for runs in (1, 2):
        api.clock.advance(300_000)
        await eventually(lambda runs=runs: sweeps["timer"].runs == runs)
    assert (await statistics(api))["sweeps"]["timer"]["lastAt"] == "2027-01-15T08:10:00.000Z"


async def test_what_fell_due_while_the_service_was_down_is_released_at_its_start(open_api: OpenApi) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        await api.reserve(2, expirationMinutes=1)
        await api.reserve(1, expirationMinutes=10)
    api.clock.advance(60_000)
    async with open_api() as api:
        data = await statistics(api)
        assert (data["sweeps"]["startup"]["runs"], data["sweeps"]["startup"]["expired"]) == (1, 1)
        assert data["overdue"] == 0
        assert data["nextDueAt"] == "2027-01-15T08:10:00.000Z"
        assert await api.counters() == (10, 0, 1, 9)


async def test_a_manual_sweep_at_the_deadline_and_the_timer_release_a_hold_once(api: Api) -> None:
    await api.reserve(4, expirationMinutes=1)
    api.clock.advance(60_000)
    await api.call("POST", CLEANUP, token=ADMIN_TOKEN, status=200)
    await api.pass_time(0)
    assert await api.counters() == (10, 0, 0, 10)
    assert (await statistics(api))["counts"]["EXPIRED"] == 1
