"""Whoever bought for an event that is long past is forgotten by itself."""

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.privacy import DAY_MS, PAUSE_MS
from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.purchase import Purchase
from actor_ticketing.domain.records import Forget
from actor_ticketing.http.answers import to_json
from actor_ticketing.http.context import Backend
from actor_ticketing.http.present import transaction
from actor_ticketing.persistence import people
from support.people import BEA, people_on, sell
from support.service import ADA, eventually, fatal, list_ticket_type, turns

DAYS = 30
FORGOTTEN = (None, [None, None])
KNOWN = ("Ada Lovelace", ["Ada Lovelace", "Bea Brown"])


def remembering(days: int) -> Settings:
    return Settings(privacy={"retention_days": days})


async def sell_for(shop: Backend, starts_at: int, event_id: str) -> Purchase:
    await shop.desk.create_event(event_id=event_id, title="t", venue="v", start_date=starts_at)
    await list_ticket_type(shop, f"tt_{event_id}", event_id=event_id)
    return await sell(shop, ADA, [ADA, BEA], of=f"tt_{event_id}")


async def keep_answer(shop: Backend, bought: Purchase) -> None:
    """Keep the answer to whoever bought, under the purchase's id."""
    body = to_json({"transaction": transaction(bought.transaction)}).encode()
    answer = StoredAnswer(
        caller=b"c", key=bought.transaction.id, fingerprint=b"", status=201, body=body, created_at=shop.clock.now()
    )
    await shop.answers.keep(answer)


async def done(
    logs: list[dict[str, object]], number: int = 1, *, clock: ManualClock | None = None
) -> dict[str, object]:
    """Wait for so many runs to have ended, and return what the last one logged.

    :param clock: stepped meanwhile, for a run that pauses.
    """

    def ends() -> list[dict[str, object]]:
        return [each for each in logs if str(each["event"]).startswith("retention_")]

    def is_over() -> bool:
        if clock is not None:
            clock.advance(PAUSE_MS)
        return len(ends()) >= number

    await eventually(is_over)
    assert len(ends()) == number
    return ends()[-1]


async def test_at_the_start_only_people_of_long_past_events_are_forgotten(storage: Storage, clock: ManualClock) -> None:
    now = clock.now()
    async with open_backend(storage, remembering(0), clock, on_fatal=fatal) as shop:
        past = await sell_for(shop, now - DAYS * DAY_MS - 1, "past")
        just = await sell_for(shop, now - DAYS * DAY_MS, "just")
        await turns()
        assert await people_on(shop, past) == KNOWN
    with capture_logs() as logs:
        async with open_backend(storage, remembering(DAYS), clock, on_fatal=fatal, serving=True) as shop:
            line = await done(logs)
            assert await people_on(shop, past) == FORGOTTEN
            assert await people_on(shop, just) == KNOWN
    assert {name: line[name] for name in ("days", "transactions", "tickets")} == {
        "days": DAYS,
        "transactions": 1,
        "tickets": 2,
    }


async def test_kept_answers_that_name_the_people_of_long_past_events_are_dropped(
    storage: Storage, clock: ManualClock
) -> None:
    now = clock.now()
    async with open_backend(storage, remembering(0), clock, on_fatal=fatal) as shop:
        past, just = await sell_for(shop, now - 3 * DAY_MS, "past"), await sell_for(shop, now, "just")
        for bought in (past, just):
            await keep_answer(shop, bought)
    with capture_logs() as logs:
        async with open_backend(storage, remembering(1), clock, on_fatal=fatal, serving=True) as shop:
            assert (await done(logs))["answers"] == 1
            assert await shop.answers.find(b"c", past.transaction.id) is None
            assert await shop.answers.find(b"c", just.transaction.id) is not None


async def test_every_day_those_are_forgotten_whose_time_is_over(storage: Storage, clock: ManualClock) -> None:
    with capture_logs() as logs:
        async with open_backend(storage, remembering(DAYS), clock, on_fatal=fatal, serving=True) as shop:
            await done(logs)
            bought = await sell_for(shop, clock.now() - (DAYS - 1) * DAY_MS, "ev")
            clock.advance(DAY_MS - 1)
            await turns()
            await done(logs, 1)
            clock.advance(1)
            await done(logs, 2)
            assert await people_on(shop, bought) == KNOWN  # Thirty days ago to the millisecond.
            clock.advance(DAY_MS)
            await done(logs, 3)
            assert await people_on(shop, bought) == FORGOTTEN


async def test_more_than_fits_into_one_step_is_forgotten_too(
    storage: Storage, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PORTION", 2)
    async with open_backend(storage, remembering(0), clock, on_fatal=fatal) as shop:
        every = [await sell_for(shop, 0, f"ev{number}") for number in range(5)]
    with capture_logs() as logs:
        async with open_backend(storage, remembering(DAYS), clock, on_fatal=fatal, serving=True) as shop:
            assert (await done(logs, clock=clock))["transactions"] == 5
            assert [await people_on(shop, each) for each in every] == [FORGOTTEN] * 5


async def test_sales_have_the_writer_to_themselves_between_two_portions(
    storage: Storage, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PORTION", 2)
    async with open_backend(storage, remembering(0), clock, on_fatal=fatal) as shop:
        for number in range(3):
            await sell_for(shop, 0, f"ev{number}")
    storage.store.batches.clear()
    with capture_logs() as logs:
        async with open_backend(storage, remembering(DAYS), clock, on_fatal=fatal, serving=True) as shop:
            await eventually(lambda: len(storage.store.batches) == 1)
            await sell_for(shop, clock.now(), "ev")
            after = [record for batch in storage.store.batches[1:] for entry in batch for record in entry.records]
            assert not any(isinstance(record, Forget) for record in after)
            assert (await done(logs, clock=clock))["transactions"] == 3


async def test_an_event_that_was_put_off_keeps_its_people(storage: Storage, clock: ManualClock) -> None:
    with capture_logs() as logs:
        async with open_backend(storage, remembering(1), clock, on_fatal=fatal, serving=True) as shop:
            await done(logs)
            bought = await sell_for(shop, clock.now() - 9 * DAY_MS, "ev")
            await shop.desk.change_event("ev", {"start_date": clock.now() + 9 * DAY_MS})
            clock.advance(DAY_MS)
            await done(logs, 2)
            assert await people_on(shop, bought) == KNOWN


async def test_with_no_days_nobody_is_forgotten(storage: Storage, clock: ManualClock) -> None:
    with capture_logs() as logs:
        async with open_backend(storage, remembering(0), clock, on_fatal=fatal, serving=True) as shop:
            bought = await sell_for(shop, 0, "ev")
            clock.advance(10 * DAY_MS)
            await turns()
            assert await people_on(shop, bought) == KNOWN
    assert not [each for each in logs if str(each["event"]).startswith("retention_")]


async def test_what_could_not_be_stored_is_forgotten_the_day_after(storage: Storage, clock: ManualClock) -> None:
    with capture_logs() as logs:
        async with open_backend(storage, remembering(1), clock, on_fatal=fatal, serving=True) as shop:
            await done(logs)
            bought = await sell_for(shop, 0, "ev")
            storage.store.fail_next()
            clock.advance(DAY_MS)
            assert (await done(logs, 2))["event"] == "retention_failed"
            assert await people_on(shop, bought) == KNOWN
            clock.advance(DAY_MS)
            assert (await done(logs, 3))["event"] == "retention_done"
            assert await people_on(shop, bought) == FORGOTTEN


async def test_a_run_that_is_under_way_ends_with_the_service(storage: Storage, clock: ManualClock) -> None:
    async with open_backend(storage, remembering(0), clock, on_fatal=fatal) as shop:
        bought = await sell_for(shop, 0, "ev")
    storage.store.hold()
    async with open_backend(storage, remembering(1), clock, on_fatal=fatal, serving=True) as shop:
        await eventually(lambda: storage.store.committing == 1)
        storage.store.release()
    async with open_backend(storage, remembering(0), clock, on_fatal=fatal) as shop:
        assert await people_on(shop, bought) == FORGOTTEN


async def test_a_command_that_is_not_here_to_stay_forgets_nobody(storage: Storage, clock: ManualClock) -> None:
    async with open_backend(storage, remembering(1), clock, on_fatal=fatal) as shop:
        bought = await sell_for(shop, 0, "ev")
        clock.advance(2 * DAY_MS)
        await turns()
        assert await people_on(shop, bought) == KNOWN
