"""What cannot be read or written, and the end of the service."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.errors import Draining, StorageUnavailable
from actor_ticketing.domain.webhooks import LedgerPortion
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.queries import SqliteQueries
from actor_ticketing.webhooks.endpoints import NOTE_MS, STORAGE_PAUSE_MS
from support.service import hold, list_event, list_ticket_type, turns
from support.webhooks import Between, Receiver, holds, noted, open_teller, shop, tell


@pytest.fixture
def may_answer(receiver: Receiver) -> asyncio.Event:
    """The receiver answers what comes first only when this is set."""
    event = asyncio.Event()
    receiver.answers = [event]
    return event


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
    tmp_path: Path, clock: ManualClock, receiver: Receiver, may_answer: asyncio.Event
) -> None:
    store = Between()
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
    tmp_path: Path, clock: ManualClock, receiver: Receiver, may_answer: asyncio.Event
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        endpoint = await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: receiver.asked)
        backend.webhooks.drain()
        may_answer.set()
        await holds(lambda: endpoint.state.cursor == 1)
    assert receiver.seqs == [1]


async def test_a_message_under_way_does_not_hold_up_the_end(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, may_answer: asyncio.Event
) -> None:
    async with open_teller(tmp_path, clock) as backend:
        await tell(backend, receiver)
        await shop(backend)
        await holds(lambda: receiver.asked)
    may_answer.set()
    assert receiver.taken == []


async def test_a_trial_under_way_does_not_hold_up_the_end_either(
    tmp_path: Path, clock: ManualClock, receiver: Receiver, may_answer: asyncio.Event
) -> None:
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
