"""What stands in the ledger reaches a real receiver: in order, signed, and at least once, however often either dies."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.clock import ManualClock
from support.service import hold, list_ticket_type
from support.webhooks import SECOND, Receiver, holds, open_teller, shop, step_until, tell


async def test_each_entry_is_told_in_order_and_signed(tmp_path: Path, clock: ManualClock, receiver: Receiver) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await asyncio.gather(*(hold(backend) for _ in range(60)))
        await holds(lambda: len(receiver.taken) == 62)
        assert receiver.seqs == list(range(1, 63))
        assert [each["type"] for each in receiver.taken[:3]] == [
            "event.created", "ticket_type.created", "reservation.created",
        ]  # fmt: skip
        assert len(set(receiver.ids)) == 62
        await holds(lambda: backend.webhooks.behind(endpoint) == 0)
        assert endpoint.state.last_success_at == clock.now()


async def test_a_new_endpoint_is_told_what_comes_and_not_what_was(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await shop(backend)
        await tell(backend, receiver)
        await hold(backend)
        await holds(lambda: receiver.taken)
    assert receiver.seqs == [3]


async def test_or_all_from_a_position_that_was_asked_for(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await shop(backend)
        await tell(backend, receiver, from_seq=2)
        await hold(backend)
        await holds(lambda: len(receiver.taken) == 2)
    assert receiver.seqs == [2, 3]


async def test_only_the_kinds_that_were_asked_for_are_told(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver, kinds=("reservation.created",))
        await shop(backend)
        await hold(backend)
        await list_ticket_type(backend, "vip")
        await holds(lambda: backend.webhooks.behind(endpoint) == 0)
    assert receiver.seqs == [3]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
async def test_what_is_not_taken_is_sent_again_under_its_id_before_anything_else(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, another: Receiver, status: int
) -> None:
    receiver.answers = [(status, {"Location": another.url})] * 3
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: endpoint.tries == 1)
        assert endpoint.state.last_failure == f"status_{status}"
        await hold(backend)
        await step_until(clock, lambda: len(receiver.taken) == 3)
        assert endpoint.state.failing_since is None
        outcomes = backend.webhooks.couriers.notes.outcomes
        assert outcomes == {f"status_{status // 100}xx": 3, "delivered": 3}
    assert receiver.asked[:4] == [receiver.ids[0]] * 4
    assert receiver.seqs == [1, 2, 3]
    assert another.asked == []


async def test_pauses_grow_up_to_the_longest_and_news_shorten_none(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    receiver.answers = [500] * 7
    with capture_logs() as logs:
        async with open_teller(tmp_path, clock, retry_first_seconds=10, retry_max_seconds=100) as backend:
            endpoint = await tell(backend, receiver)
            await shop(backend)

            def pauses() -> list[float]:
                return [each["pause_seconds"] for each in logs if each["event"] == "webhook_not_taken"]

            for number in range(7):
                await step_until(clock, lambda number=number: len(pauses()) > number, by=5 * SECOND)
                longest = min(10 * 2**number, 100)
                assert longest * 0.75 <= pauses()[number] <= longest
                assert endpoint.next_try_at is not None
                await hold(backend)
            assert len(receiver.asked) == 7
            await step_until(clock, lambda: len(receiver.taken) == 9, by=5 * SECOND)
    assert receiver.seqs == list(range(1, 10))


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_receiver_that_names_a_time_is_left_alone_until_then(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, form: str
) -> None:
    # 1_800_000_000, at which the clock stands, and two minutes.
    retry_after = {"seconds": "120", "date": "Fri, 15 Jan 2027 08:02:00 GMT"}[form]
    receiver.answers = [(429, {"Retry-After": retry_after})]
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: endpoint.next_try_at)
        assert endpoint.next_try_at == clock.now() + 120 * SECOND
        await step_until(clock, lambda: len(receiver.taken) == 2, by=10 * SECOND)


@pytest.mark.parametrize("retry_after", ["999999999999999", "soon", "-5", "Fri, 15 Jan 2100 08:02:00 GMT", "٣"])
async def test_and_never_for_longer_than_the_longest_pause(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, retry_after: str
) -> None:
    receiver.answers = [(503, {"Retry-After": retry_after})]
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: endpoint.next_try_at)
        assert 0 < (endpoint.next_try_at or 0) - clock.now() <= 900 * SECOND


async def test_a_receiver_that_dies_gets_the_rest_when_it_is_back(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: len(receiver.taken) == 2)
        await receiver.die()
        for _ in range(3):
            await hold(backend)
        await step_until(clock, lambda: endpoint.tries >= 2)
        assert endpoint.state.last_failure == "unreachable"
        await receiver.start()
        await step_until(clock, lambda: len(receiver.taken) == 5)
    assert receiver.seqs == [1, 2, 3, 4, 5]


async def test_a_receiver_that_does_not_answer_keeps_no_other_waiting(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, another: Receiver
) -> None:
    may_answer = asyncio.Event()
    receiver.answers = [may_answer] * 100
    async with open_teller(tmp_path, clock, timeout_seconds=0.3) as backend:
        slow, _ = await tell(backend, receiver), await tell(backend, another)
        await shop(backend)
        await holds(lambda: len(another.taken) == 2)
        assert slow.state.last_success_at is None
        await holds(lambda: slow.state.last_failure == "timeout")
        receiver.answers = []
        await step_until(clock, lambda: len(receiver.taken) >= 2)
        may_answer.set()
