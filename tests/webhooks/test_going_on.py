"""After a restart, a crash, a replay, another secret and another configuration."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.webhooks import DisabledBecause
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.webhooks.endpoints import Notes
from support.service import hold, list_event
from support.webhooks import HOUR, OTHER, SECRET, Receiver, holds, noted, open_teller, shop, tell


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
