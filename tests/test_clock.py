import asyncio
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.clock import ManualClock, SystemClock

START = 1_800_000_000_000
MS = 1_000_000
SECOND = 1_000 * MS
HOUR = 3_600 * SECOND


class Machine:
    """A computer whose two clocks a test can turn, in ns. Boot time has an origin of its own."""

    def __init__(self) -> None:
        self.wall = START * MS
        self.boot = 123_456 * SECOND

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.boot)

    def run(self, nanoseconds: int) -> None:
        """Time passes, and both clocks show it."""
        self.wall += nanoseconds
        self.boot += nanoseconds


# The system clock, carried on by boot time


def test_at_first_the_clock_shows_the_system_clocks_time() -> None:
    assert Machine().clock().now() == START


def test_the_clock_runs_as_boot_time_does() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.run(90 * SECOND + 7 * MS)
    assert clock.now() == START + 90_007


def test_parts_of_a_millisecond_are_cut_off() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.run(MS - 1)
    assert clock.now() == START
    machine.run(1)
    assert clock.now() == START + 1


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "backward"])
def test_a_step_of_the_system_clock_is_not_seen_at_once(step: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += step
    assert clock.now() == START
    machine.run(999 * MS)
    assert clock.now() == START + 999


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "backward"])
def test_a_step_is_worked_off_by_half_a_millisecond_a_second(step: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += step
    for second in range(1, 1_001):
        machine.run(SECOND)
        assert abs(clock.now() - (START + 1_000 * second)) <= 0.0005 * 1_000 * second + 1
    worked_off = clock.now() - (START + 1_000_000)
    assert worked_off == (500 if step > 0 else -500)


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "backward"])
def test_after_long_enough_the_clock_meets_the_system_clock_and_stays_with_it(step: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += step
    for _ in range(1_999):
        machine.run(HOUR)
        clock.now()
    assert clock.now() != machine.wall // MS
    for _ in range(10):
        machine.run(HOUR)
        clock.now()
        machine.run(SECOND)
    assert clock.now() == machine.wall // MS


def test_a_small_difference_is_worked_off_exactly_and_not_overshot() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += 3 * MS
    machine.run(HOUR)
    assert clock.now() == machine.wall // MS
    assert clock.offset_ms() == 0


def test_a_suspension_counts_even_when_the_system_clock_has_not_noticed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.boot += 8 * HOUR
    drift = 8 * 3_600 * 0.5
    assert clock.now() == START + 8 * 3_600_000 - drift


def test_boot_time_is_what_carries_the_clock_on(monkeypatch: pytest.MonkeyPatch) -> None:
    boot = {time.CLOCK_BOOTTIME: 5 * SECOND}
    monkeypatch.setattr(time, "clock_gettime_ns", boot.__getitem__)
    clock = SystemClock(wall_ns=lambda: START * MS)
    boot[time.CLOCK_BOOTTIME] += 250 * MS
    assert clock.now() == START + 250


@given(
    moves=st.lists(
        st.tuples(st.integers(0, 5 * SECOND), st.sampled_from([0, 0, 0, HOUR, -HOUR, MS, -MS, SECOND, -SECOND])),
        max_size=60,
    )
)
def test_however_the_system_clock_is_stepped_now_never_goes_back_nor_strays(moves: list[tuple[int, int]]) -> None:
    machine = Machine()
    clock = machine.clock()
    former, passed = clock.now(), 0
    for elapsed, step in moves:
        machine.run(elapsed)
        machine.wall += step
        passed += elapsed
        now = clock.now()
        assert now >= former
        assert abs(now - START - passed / MS) <= 0.0005 * passed / MS + 1
        former = now


def test_the_offset_says_how_far_the_system_clock_is_ahead() -> None:
    machine = Machine()
    clock = machine.clock()
    assert clock.offset_ms() == 0
    machine.wall += HOUR
    assert clock.offset_ms() == 3_600_000
    machine.wall -= 2 * HOUR
    assert clock.offset_ms() == -3_600_000


def test_the_offset_shrinks_as_the_difference_is_worked_off() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += HOUR
    machine.run(1_000 * SECOND)
    assert clock.offset_ms() == 3_600_000 - 500


def test_the_clock_of_this_machine_agrees_with_its_system_clock() -> None:
    assert abs(SystemClock().now() - time.time() * 1_000) < 1_000


# Timers on the event loop


async def test_a_call_comes_when_it_is_due_and_not_before() -> None:
    clock = SystemClock()
    called: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    due = clock.now() + 5
    clock.call_at(due, lambda: called.set_result(clock.now()))
    assert await asyncio.wait_for(called, 5) >= due


async def test_a_call_that_is_overdue_comes_soon_but_not_within_call_at() -> None:
    clock = SystemClock()
    called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    clock.call_at(clock.now() - 60_000, lambda: called.set_result(None))
    assert not called.done()
    await asyncio.wait_for(called, 5)


async def test_a_cancelled_call_never_comes() -> None:
    clock = SystemClock()
    calls: list[str] = []
    later: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    clock.call_at(clock.now() + 1, lambda: calls.append("cancelled")).cancel()
    clock.call_at(clock.now() + 5, lambda: later.set_result(None))
    await asyncio.wait_for(later, 5)
    assert calls == []


async def test_a_far_call_comes_in_a_minute_at_the_latest_since_a_suspension_would_make_it_late() -> None:
    clock = SystemClock()
    loop = asyncio.get_running_loop()
    timer = clock.call_at(clock.now() + 3_600_000, lambda: None)
    assert isinstance(timer, asyncio.TimerHandle)
    assert 59 < timer.when() - loop.time() <= 60
    timer.cancel()


# The clock of the tests


def test_a_manual_clock_stands_still_until_it_is_stepped() -> None:
    clock = ManualClock(START)
    assert (clock.now(), clock.now()) == (START, START)
    clock.advance(250)
    assert clock.now() == START + 250


def test_a_call_comes_in_the_step_that_reaches_it() -> None:
    clock, calls = ManualClock(START), list[str]()
    clock.call_at(START + 10, lambda: calls.append("due"))
    clock.advance(9)
    assert calls == []
    clock.advance(1)
    assert calls == ["due"]
    clock.advance(100)
    assert calls == ["due"]


def test_calls_come_in_the_order_of_their_instants_and_those_of_one_instant_as_they_were_asked_for() -> None:
    clock, calls = ManualClock(START), list[str]()
    for instant, name in [(30, "d"), (10, "a"), (20, "b"), (20, "c")]:
        clock.call_at(START + instant, partial(calls.append, name))
    clock.advance(30)
    assert calls == ["a", "b", "c", "d"]


def test_each_call_sees_its_own_instant() -> None:
    clock, seen = ManualClock(START), list[int]()
    for instant in (30, 10, 20):
        clock.call_at(START + instant, lambda: seen.append(clock.now()))
    clock.advance(100)
    assert seen == [START + 10, START + 20, START + 30]
    assert clock.now() == START + 100


def test_a_call_for_the_past_comes_with_the_next_step_and_time_does_not_go_back() -> None:
    clock, seen = ManualClock(START), list[int]()
    clock.call_at(START - 50, lambda: seen.append(clock.now()))
    assert seen == []
    clock.advance(0)
    assert seen == [START]


def test_a_call_may_ask_for_another_that_falls_into_the_same_step() -> None:
    clock, seen = ManualClock(START), list[int]()

    def again() -> None:
        seen.append(clock.now())
        clock.call_at(clock.now() + 10, again)

    clock.call_at(START + 10, again)
    clock.advance(35)
    assert seen == [START + 10, START + 20, START + 30]
    clock.advance(5)
    assert seen[-1] == START + 40


def test_a_cancelled_call_on_a_manual_clock_never_comes() -> None:
    clock, calls = ManualClock(START), list[str]()
    timer = clock.call_at(START + 10, lambda: calls.append("cancelled"))
    timer.cancel()
    timer.cancel()
    clock.advance(100)
    assert calls == []


def test_one_call_can_cancel_another_of_the_same_instant() -> None:
    clock, calls = ManualClock(START), list[str]()

    def cancel_the_other() -> None:
        second.cancel()

    clock.call_at(START + 10, cancel_the_other)
    second = clock.call_at(START + 10, lambda: calls.append("second"))
    clock.advance(10)
    assert calls == []


def test_cancelling_a_call_that_was_made_does_nothing() -> None:
    clock, calls = ManualClock(START), list[str]()
    timer = clock.call_at(START + 10, lambda: calls.append("due"))
    clock.advance(10)
    timer.cancel()
    assert calls == ["due"]
