"""What has outlived its use is dropped, a portion at a time, and only if there is any."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.housekeeping import PAUSE_MS
from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import InvalidRefreshToken
from actor_ticketing.domain.ports import Entry, StoredAnswer
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from support.databases import new_database
from support.people import column
from support.service import eventually, fatal, hold, list_event, list_ticket_type, turns
from support.stores import StoreDouble
from support.vaults import VAULT

HOUR = 3_600_000
EVERY_MS = 300_000
LEFT = "SELECT count(*) FROM idempotency"
SETTINGS = Settings(sweep={"interval_seconds": EVERY_MS / 1_000})


@asynccontextmanager
async def open_shop(storage: Storage, clock: ManualClock, *, serving: bool = True) -> AsyncIterator[Backend]:
    async with open_backend(storage, SETTINGS, clock, on_fatal=fatal, serving=serving) as opened:
        yield opened


def answers(clock: ManualClock, ages: Iterable[int]) -> list[Entry]:
    """Kept answers under the keys 0, 1, ... of these ages."""
    return [
        Entry(
            answer=StoredAnswer(
                caller=b"c", key=f"{number}", fingerprint=b"", status=201, body=b"{}", created_at=clock.now() - age
            )
        )
        for number, age in enumerate(ages)
    ]


async def test_answers_that_have_been_kept_for_a_day_are_dropped(storage: Storage, clock: ManualClock) -> None:
    await storage.store.commit(answers(clock, [24 * HOUR + 1, 24 * HOUR]))
    async with open_shop(storage, clock):
        await eventually(lambda: len(storage.store.batches) == 2)
        assert await storage.queries.answer(b"c", "0") is None
        assert await storage.queries.answer(b"c", "1") is not None


async def test_refresh_tokens_that_have_ended_are_dropped(storage: Storage, clock: ManualClock) -> None:
    async with open_shop(storage, clock, serving=False) as shop:
        signed_in = await shop.accounts.register("ada@example.com", "correct horse battery")
        clock.advance(signed_in.refresh_expires_at - clock.now() + 1)
        assert await storage.queries.has_outlived(answers_before=0, tokens_before=clock.now())
    async with open_shop(storage, clock) as shop:
        await eventually(lambda: len(storage.store.batches) == 2)
        assert not await storage.queries.has_outlived(answers_before=0, tokens_before=clock.now())
        with pytest.raises(InvalidRefreshToken):
            await shop.accounts.refresh(signed_in.refresh_token)


async def test_with_nothing_to_drop_nothing_is_written(storage: Storage, clock: ManualClock) -> None:
    async with open_shop(storage, clock) as shop:
        for _ in range(3):
            await turns()
            await shop.sweeper.sweep("manual")
            clock.advance(EVERY_MS)
    assert storage.store.batches == []


async def test_it_comes_again_at_every_interval(
    storage: Storage, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = storage.queries.has_outlived_mail, []

    async def last_look(before: int) -> bool:
        looks.append(await look(before))
        return looks[-1]

    monkeypatch.setattr(storage.queries, "has_outlived_mail", last_look)
    async with open_shop(storage, clock):
        await eventually(lambda: len(looks) == 1)
        for number in range(1, 4):
            await turns()
            await storage.store.commit(answers(clock, [25 * HOUR]))
            clock.advance(EVERY_MS)
            await eventually(lambda number=number: len(storage.store.batches) == 2 * number)
            # The next interval passes over what has not come to its end.
            while len(looks) == number:
                clock.advance(PAUSE_MS)
                await asyncio.sleep(0)


async def test_what_could_not_be_stored_is_dropped_the_next_time(storage: Storage, clock: ManualClock) -> None:
    await storage.store.commit(answers(clock, [25 * HOUR]))
    storage.store.fail_next()
    with capture_logs() as logs:
        async with open_shop(storage, clock):
            await eventually(lambda: any(line["event"] == "housekeeping_failed" for line in logs))
            clock.advance(EVERY_MS)
            await eventually(lambda: len(storage.store.batches) == 2)
            assert await storage.queries.answer(b"c", "0") is None


async def test_a_command_that_is_not_here_to_stay_drops_nothing(storage: Storage, clock: ManualClock) -> None:
    await storage.store.commit(answers(clock, [25 * HOUR]))
    async with open_shop(storage, clock, serving=False):
        clock.advance(EVERY_MS)
        await turns()
    assert len(storage.store.batches) == 1


async def test_many_go_a_thousand_at_a_time_with_sales_in_between(tmp_path: Path, clock: ManualClock) -> None:
    async with open_storage(new_database(tmp_path / DATABASE), SETTINGS, VAULT) as opened:
        storage = Storage(store=StoreDouble(opened.store), queries=opened.queries)
        await storage.store.commit(answers(clock, [25 * HOUR] * 2_001))
        async with open_shop(storage, clock) as shop:
            await eventually(lambda: len(storage.store.batches) == 2)
            assert column(tmp_path / DATABASE, LEFT) == [1_001]
            await list_event(shop)
            await list_ticket_type(shop)
            await hold(shop)
            assert len(storage.store.batches) == 5

            def dropped_after(commits: int) -> bool:
                # Only over the pause: the hold must not fall due while the disk is waited for.
                if clock._timers[0][0] <= clock.now() + PAUSE_MS:
                    clock.advance(PAUSE_MS)
                return len(storage.store.batches) == commits

            for commits, left in ((6, 1), (7, 0)):
                await eventually(lambda commits=commits: dropped_after(commits))
                assert column(tmp_path / DATABASE, LEFT) == [left]
