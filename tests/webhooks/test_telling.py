"""What stands in the ledger reaches a real receiver: in order, signed, and at least once, however often either dies."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from actor_ticketing.app import DATABASE
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.errors import Draining, StorageUnavailable
from actor_ticketing.domain.webhooks import DisabledBecause, LedgerPortion
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.queries import SqliteQueries
from actor_ticketing.webhooks.endpoints import NOTE_MS, STORAGE_PAUSE_MS, Notes
from support.service import hold, list_event, list_ticket_type, turns
from support.stores import StoreDouble
from support.webhooks import Receiver, holds, noted, open_teller, step_until, tell

SECOND, HOUR = 1_000, 3_600_000
SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "B" * 43 + "="


class Between:
    """Puts a store that fails and waits between the service and its own."""

    double: StoreDouble

    def __call__(self, storage: Storage) -> Storage:
        self.double = StoreDouble(storage.store)
        return Storage(store=self.double, queries=storage.queries)


async def shop(backend: Backend) -> None:
    """Two entries: an event, and 100 tickets."""
    await list_event(backend)
    await list_ticket_type(backend, total=100)


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


async def test_a_restart_goes_on_where_it_was(tmp_path: Path, clock: ManualClock, receiver: Receiver) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: len(receiver.taken) == 2)
        await receiver.die()
        await hold(backend)
    await receiver.start()
    async with open_teller(tmp_path, clock) as backend:
        await hold(backend)
        await holds(lambda: len(receiver.taken) == 4)
    assert receiver.seqs == [1, 2, 3, 4]


async def test_a_crash_in_the_middle_leaves_no_gap_and_repeats_come_under_the_same_ids(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: backend.webhooks.behind(endpoint) == 0)
        assert (await noted(backend, clock, endpoint)).cursor == 2
        with monkeypatch.context() as patch:
            # Nothing is written down any more, as if the process were killed before it could be.
            patch.setattr(Notes, "write", lambda _: None)
            await hold(backend)
            await holds(lambda: len(receiver.taken) == 3)
            await backend.webhooks.couriers.stop()
        backend.webhooks.couriers.notes.forget(endpoint)
    async with open_teller(tmp_path, clock) as backend:
        await hold(backend)
        await holds(lambda: len(receiver.taken) == 5)
    assert receiver.seqs == [1, 2, 3, 3, 4]
    assert receiver.ids[2] == receiver.ids[3]


async def test_replay_tells_again_and_may_also_skip(tmp_path: Path, clock: ManualClock, receiver: Receiver) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: len(receiver.taken) == 2)
        await backend.webhooks.replay(endpoint.webhook.id, 1)
        await holds(lambda: len(receiver.taken) == 4)
        # One that is never taken would keep all others back for ever.
        receiver.answers = [500] * 100
        await hold(backend)
        await holds(lambda: endpoint.tries)
        await backend.webhooks.replay(endpoint.webhook.id, 4)
        receiver.answers = []
        await hold(backend)
        await holds(lambda: len(receiver.taken) == 5)
    assert receiver.seqs == [1, 2, 1, 2, 4]
    assert receiver.ids[:2] == receiver.ids[2:4]


async def test_a_new_secret_signs_beside_the_one_before_for_a_day(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        old = receiver.secret
        await backend.webhooks.rotate(endpoint.webhook.id)
        new = endpoint.webhook.secrets[0].text
        await list_event(backend)
        await holds(lambda: len(receiver.taken) == 1)
        receiver.secret = new
        await list_event(backend, event_id="second")
        await holds(lambda: len(receiver.taken) == 2)
    async with open_teller(tmp_path, clock) as backend:
        [endpoint] = backend.webhooks.endpoints
        assert [each.text for each in endpoint.webhook.secrets] == [new, old]
        clock.advance(24 * HOUR)
        await list_event(backend, event_id="third")
        await holds(lambda: len(receiver.taken) == 3)
        receiver.secret = old
        await list_event(backend, event_id="fourth")
        await holds(lambda: endpoint.state.last_failure == "status_500")
    assert old != new
    assert receiver.seqs == [1, 2, 3]


async def test_what_was_archived_before_it_was_told_is_named_and_the_rest_is_told(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await receiver.die()
        await tell(backend, receiver)
        await shop(backend)
        for _ in range(3):
            await hold(backend)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("DROP TRIGGER only_what_is_archived_may_go")
        connection.execute("DELETE FROM ledger WHERE seq < 4")
    await receiver.start()
    with capture_logs() as logs:
        async with open_teller(tmp_path, clock) as backend:
            [endpoint] = backend.webhooks.endpoints
            await holds(lambda: len(receiver.taken) == 2)
            assert endpoint.state.missed == (1, 3)
            assert (await noted(backend, clock, endpoint)).missed == (1, 3)
    assert receiver.seqs == [4, 5]
    [missed] = [each for each in logs if each["event"] == "webhook_missed_entries"]
    assert (missed["first"], missed["last"]) == (1, 3)


async def test_an_endpoint_of_the_configuration_goes_on_where_it_was(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    configured = [{"name": "crm", "url": receiver.url, "secrets": [OTHER, SECRET], "kinds": ["event.created"]}]
    receiver.secret = SECRET
    async with open_teller(tmp_path, clock) as backend:
        await shop(backend)
    async with open_teller(tmp_path, clock, endpoints=configured) as backend:
        await list_event(backend, event_id="second")
        await holds(lambda: len(receiver.taken) == 1)
        await receiver.die()
        await list_event(backend, event_id="third")
    await receiver.start()
    async with open_teller(tmp_path, clock, endpoints=configured) as backend:
        await holds(lambda: len(receiver.taken) == 2)
        [endpoint] = backend.webhooks.endpoints
        assert (endpoint.webhook.id, endpoint.webhook.is_configured) == ("crm", True)
        await backend.webhooks.change("crm", {}, enabled=False)
    async with open_teller(tmp_path, clock, endpoints=configured) as backend:
        [endpoint] = backend.webhooks.endpoints
        assert endpoint.state.disabled_because is DisabledBecause.OPERATOR
    assert receiver.seqs == [3, 4]


async def test_one_that_was_added_to_the_configuration_is_told_what_comes_even_after_a_crash(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = [{"name": "crm", "url": receiver.url, "secrets": [SECRET]}]
    receiver.secret = SECRET
    await receiver.die()
    async with open_teller(tmp_path, clock, endpoints=configured) as backend:
        await list_event(backend)
        monkeypatch.setattr(Notes, "write", lambda _: None)
    monkeypatch.undo()
    assert receiver.taken == []
    async with open_teller(tmp_path, clock, endpoints=configured) as backend:
        assert backend.webhooks.endpoints[0].state.cursor == 0


async def test_a_ledger_that_was_read_to_its_end_is_not_read_again_before_there_is_more(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = SqliteQueries.ledger_after

    async def counted(self: SqliteQueries, position: int, **others: Any) -> LedgerPortion:
        portion = await read(self, position, **others)
        reads.append(position)
        return portion

    monkeypatch.setattr(SqliteQueries, "ledger_after", counted)
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await holds(lambda: reads == [0])
        await list_event(backend)
        await holds(lambda: endpoint.state.cursor == 1)
        await list_ticket_type(backend)
        await holds(lambda: endpoint.state.cursor == 2)
        await turns(100)
    assert reads == [0, 0, 1]


async def test_a_ledger_that_cannot_be_read_is_read_later(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise StorageUnavailable("not now")

    async with open_teller(tmp_path, clock) as backend:
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(SqliteQueries, "ledger_after", broken)
            endpoint = await tell(backend, receiver)
            await holds(lambda: endpoint.next_try_at)
            await shop(backend)
            assert [each["event"] for each in logs].count("webhook_paused") == 1
        clock.advance(STORAGE_PAUSE_MS)
        await holds(lambda: len(receiver.taken) == 2)


async def test_a_defect_is_logged_and_stays_with_the_one_endpoint(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise LookupError("a secret")

    async with open_teller(tmp_path, clock) as backend:
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr("actor_ticketing.webhooks.courier.message_of", broken)
            endpoint = await tell(backend, receiver)
            await shop(backend)
            await holds(lambda: endpoint.next_try_at)
        assert [each["log_level"] for each in logs if each["event"] == "webhook_failed"] == ["error"]
        clock.advance(STORAGE_PAUSE_MS)
        await holds(lambda: len(receiver.taken) == 2)


async def test_what_could_not_be_written_down_is_written_down_later(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    store = Between()
    async with open_teller(tmp_path, clock, around=store) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: backend.webhooks.behind(endpoint) == 0)
        store.double.fail_next()
        assert (await noted(backend, clock, endpoint)).cursor == 0
        clock.advance(STORAGE_PAUSE_MS)
        assert (await noted(backend, clock, endpoint)).cursor == 2


async def test_how_far_it_was_told_is_written_down_once_a_second_and_not_each_time(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    store = Between()
    async with open_teller(tmp_path, clock, around=store) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        for number in range(20):
            await list_event(backend, event_id=f"e{number}")
        await holds(lambda: backend.webhooks.behind(endpoint) == 0)
        before = len(store.double.batches)
        assert (await noted(backend, clock, endpoint)).cursor == 22
        clock.advance(10 * NOTE_MS)
        await backend.outbox._journal.settled()
        assert len(store.double.batches) == before + 1


async def test_no_message_is_begun_while_a_buyer_waits_for_the_disk(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    store, may_answer = Between(), asyncio.Event()
    receiver.answers = [may_answer]
    async with open_teller(tmp_path, clock, around=store) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: receiver.asked)
        store.double.hold()
        buyer = asyncio.create_task(hold(backend))
        await holds(lambda: store.double.committing)
        may_answer.set()
        await holds(lambda: endpoint.state.cursor == 1)
        await turns(100)
        assert len(receiver.asked) == 1
        store.double.release()
        await buyer
        await holds(lambda: len(receiver.taken) == 3)


async def test_what_cannot_be_read_at_the_start_is_told_to_nobody_and_the_sale_goes_on(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await tell(backend, receiver)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("ALTER TABLE webhook_states RENAME COLUMN cursor TO gone")
    with capture_logs() as logs:
        async with open_teller(tmp_path, clock) as backend:
            await shop(backend)
            assert (await hold(backend)).quantity == 1
            assert backend.webhooks.endpoints == []
    assert [each["log_level"] for each in logs if each["event"] == "webhooks_not_started"] == ["error"]


async def test_without_an_endpoint_nothing_runs(tmp_path: Path, clock: ManualClock) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await shop(backend)
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("webhook")]
        assert backend.webhooks.couriers._carrier is None


async def test_while_webhooks_are_off_nothing_is_sent(tmp_path: Path, clock: ManualClock, receiver: Receiver) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await tell(backend, receiver)
    async with open_teller(tmp_path, clock, enabled=False) as backend:
        await shop(backend)
        assert backend.webhooks.couriers._couriers == {}
        assert [each.state.cursor for each in backend.webhooks.endpoints] == [0]
    assert receiver.asked == []


async def test_nothing_new_is_begun_once_the_service_is_draining(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    may_answer = asyncio.Event()
    receiver.answers = [may_answer]
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: receiver.asked)
        backend.webhooks.drain()
        may_answer.set()
        await holds(lambda: endpoint.state.cursor == 1)
    assert receiver.seqs == [1]


async def test_a_message_under_way_does_not_hold_up_the_end(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    may_answer = asyncio.Event()
    receiver.answers = [may_answer]
    async with open_teller(tmp_path, clock) as backend:
        await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: receiver.asked)
    may_answer.set()
    assert receiver.taken == []


async def test_a_trial_under_way_does_not_hold_up_the_end_either(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    may_answer = asyncio.Event()
    receiver.answers = [may_answer]
    async with open_teller(tmp_path, clock, timeout_seconds=60) as backend:
        endpoint = await tell(backend, receiver)
        trial = asyncio.create_task(backend.webhooks.test(endpoint.webhook.id))
        await holds(lambda: receiver.asked)
        backend.webhooks.drain()
        async with asyncio.timeout(30):
            with pytest.raises(Draining):
                await trial
        with pytest.raises(Draining):
            await backend.webhooks.test(endpoint.webhook.id)
    may_answer.set()
    assert len(receiver.asked) == 1


async def test_one_that_is_deleted_is_told_nothing_more(tmp_path: Path, clock: ManualClock, receiver: Receiver) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await list_event(backend)
        await holds(lambda: len(receiver.taken) == 1)
        await backend.webhooks.delete(endpoint.webhook.id)
        await list_ticket_type(backend)
        assert backend.webhooks.couriers._couriers == {}
    async with open_teller(tmp_path, clock) as backend:
        assert backend.webhooks.endpoints == []
    assert receiver.seqs == [1]


async def test_a_change_that_cannot_be_stored_changes_nothing(
    tmp_path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    store = Between()
    async with open_teller(tmp_path, clock, around=store) as backend:
        endpoint = await tell(backend, receiver)
        await list_event(backend)
        await holds(lambda: len(receiver.taken) == 1)
        webhook_id = endpoint.webhook.id
        for change in (
            lambda: backend.webhooks.change(webhook_id, {"name": "S"}, enabled=False),
            lambda: backend.webhooks.replay(webhook_id, 1),
            lambda: backend.webhooks.rotate(webhook_id),
            lambda: backend.webhooks.delete(webhook_id),
        ):
            store.double.fail_next()
            with pytest.raises(StorageUnavailable):
                await change()
        assert backend.webhooks.endpoints == [endpoint]
        await list_ticket_type(backend)
        await holds(lambda: backend.webhooks.behind(endpoint) == 0)
        assert (endpoint.webhook.name, (await noted(backend, clock, endpoint)).cursor) == ("R", 2)
    assert receiver.seqs == [1, 2]
