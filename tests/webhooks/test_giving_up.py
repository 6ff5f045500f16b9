"""When an endpoint is told nothing more, and when it is again."""

from pathlib import Path

from structlog.testing import capture_logs

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.webhooks import DisabledBecause
from support.service import hold, list_event
from support.webhooks import HOUR, SECOND, Receiver, holds, noted, open_teller, shop, step_until, tell


async def test_a_receiver_that_is_gone_is_told_nothing_more(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    receiver.answers = [410]
    with capture_logs() as logs:
        async with open_teller(tmp_path, clock) as backend:
            endpoint = await tell(backend, receiver)
            await shop(backend)
            await holds(lambda: not endpoint.state.is_enabled)
            await hold(backend)
            clock.advance(HOUR)
            assert endpoint.state.disabled_because is DisabledBecause.GONE
            assert (await noted(backend, clock, endpoint)).disabled_because is DisabledBecause.GONE
    assert len(receiver.asked) == 1
    [disabled] = [each for each in logs if each["event"] == "webhook_disabled"]
    assert (disabled["because"], disabled["log_level"]) == ("gone", "error")
    assert receiver.url not in str(logs)


async def test_after_long_failure_it_is_disabled_and_once_it_is_enabled_it_goes_on_where_it_was(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock, disable_after_hours=2) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: len(receiver.taken) == 2)
        receiver.answers = [500] * 1_000
        await hold(backend)
        await step_until(clock, lambda: not endpoint.state.is_enabled, by=60 * SECOND)
        assert endpoint.state.disabled_because is DisabledBecause.FAILING
        assert endpoint.state.disabled_at is not None
        assert endpoint.state.failing_since is not None
        assert endpoint.state.disabled_at - endpoint.state.failing_since >= 2 * HOUR
    async with open_teller(tmp_path, clock, disable_after_hours=2) as backend:
        receiver.answers = []
        await hold(backend)
        [endpoint] = backend.webhooks.endpoints
        assert not endpoint.state.is_enabled
        assert backend.webhooks.couriers._couriers == {}
        await backend.webhooks.change(endpoint.webhook.id, {}, enabled=True)
        # What was held at first has expired meanwhile.
        await holds(lambda: len(receiver.taken) == 5)
    assert receiver.seqs == [1, 2, 3, 4, 5]


async def test_another_url_gets_another_chance(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, another: Receiver
) -> None:
    async with open_teller(tmp_path, clock, disable_after_hours=1) as backend:
        endpoint = await tell(backend, receiver)
        receiver.answers = [500] * 1_000
        await list_event(backend)
        await step_until(clock, lambda: endpoint.tries == 4, by=10 * SECOND)
        another.secret, another.answers = receiver.secret, [500]
        clock.advance(HOUR)
        await backend.webhooks.change(endpoint.webhook.id, {"url": another.url}, enabled=None)
        await holds(lambda: endpoint.tries == 1)
        assert endpoint.state.failing_since == clock.now()
        await step_until(clock, lambda: another.taken)


async def test_a_success_in_between_begins_the_count_anew(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    receiver.answers = [500, 204, 500, 204]
    async with open_teller(tmp_path, clock, disable_after_hours=1, retry_first_seconds=2400) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await step_until(clock, lambda: len(receiver.taken) == 2, by=60 * SECOND)
        assert endpoint.state.is_enabled
