"""A commit that fails: for certain, so that all of it is taken back; or unknown, so that the process has to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.actors.roster import Roster
from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import CommitFailed, CommitUnknown, StoredAnswer
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.service import buy, eventually, hold, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

SESSION = Owner(session_id="s")


async def test_everything_pending_fails_together(shop: Backend, store: StoreDouble) -> None:
    await list_ticket_type(shop, "other")
    await shop.box_office.release((await hold(shop, of="other")).id, SESSION)
    store.hold()
    first = asyncio.create_task(hold(shop, 1))
    await eventually(lambda: store.committing == 1)
    behind = [asyncio.create_task(hold(shop, 1, of=of)) for of in ("tt", "other")]
    await turns()
    store.fail_next()
    store.release()
    outcomes = await asyncio.gather(first, *behind, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3
    assert stock(shop) == stock(shop, "other") == (10, 0, 0)


async def test_the_same_request_succeeds_afterwards_with_all_of_the_stock(shop: Backend, store: StoreDouble) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await hold(shop, 10)
    await hold(shop, 10)
    assert stock(shop) == (10, 0, 10)


async def test_actors_that_had_a_part_in_it_are_rebuilt_and_no_others(
    shop: Backend, store: StoreDouble, roster: Roster
) -> None:
    await list_ticket_type(shop, "other")
    await hold(shop, 1)
    await hold(shop, 1, of="other")
    former = {key: slot.actor for key, slot in roster._slots.items()}
    store.loads.clear()
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await hold(shop, 1)
    await hold(shop, 1)
    await hold(shop, 1, of="other")
    assert store.loads == ["tt"]
    assert roster._slots["tt"].actor is not former["tt"]
    assert roster._slots["other"].actor is former["other"]


async def test_the_ledger_stays_gapless(shop: Backend, store: StoreDouble) -> None:
    board = shop.box_office.board
    before = board.seq
    await hold(shop)
    for _ in range(3):
        store.fail_next()
        with pytest.raises(StorageUnavailable):
            await hold(shop)
    await hold(shop)
    assert board.seq == before + 2 == len(store.ledger)
    written = [entry.last_seq for batch in store.batches for entry in batch if entry.events]
    assert written == list(range(1, board.seq + 1))


@pytest.mark.parametrize("action", ["extend", "release", "buy"])
async def test_what_was_to_happen_to_a_hold_has_not_happened(shop: Backend, store: StoreDouble, action: str) -> None:
    held = await hold(shop, 2)
    office = shop.box_office
    request = {
        "extend": lambda: office.extend(held.id, SESSION, 60_000),
        "release": lambda: office.release(held.id, SESSION),
        "buy": lambda: buy(shop, held),
    }[action]
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await request()
    assert stock(shop) == (10, 0, 2)
    assert (await office.reservation(held.id, SESSION)).reservation == held
    await request()


@pytest.mark.parametrize(
    "settings",
    [Settings(holds={"max_active_per_session": 2, "max_active_per_user": 2}, sweep={"interval_seconds": 3600})],
)
async def test_the_holders_places_are_given_back(shop: Backend, store: StoreDouble) -> None:
    for _ in range(3):
        store.fail_next()
        with pytest.raises(StorageUnavailable):
            await hold(shop, user="u")
    await hold(shop, user="u")
    await hold(shop, user="u")


async def test_an_answer_that_was_to_be_kept_is_not(shop: Backend, store: StoreDouble) -> None:
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=0)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await shop.box_office.reserve([("tt", 1)], session_id="s", user_id=None, keep=Keep(lambda _: answer))
    assert await store.answer(b"c", "k") is None
    await shop.box_office.reserve([("tt", 1)], session_id="s", user_id=None, keep=Keep(lambda _: answer))
    assert await store.answer(b"c", "k") == replace(answer, seq=shop.box_office.board.seq)


async def test_mail_that_arrives_while_the_actor_is_rebuilt_waits_for_it(shop: Backend, store: StoreDouble) -> None:
    await hold(shop, 1)
    store.hold_loads("tt")
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await hold(shop, 9)
    request = asyncio.create_task(hold(shop, 9))
    await turns()
    assert not request.done()
    store.release_loads("tt")
    await request
    assert stock(shop) == (10, 0, 10)


async def test_a_constraint_that_failed_is_logged_as_a_defect_of_ours(shop: Backend, store: StoreDouble) -> None:
    with capture_logs() as logs:
        store.fail_next(CommitFailed(ValueError("CHECK failed"), is_bug=True))
        with pytest.raises(StorageUnavailable):
            await hold(shop)
        store.fail_next(CommitFailed(OSError("disk full")))
        with pytest.raises(StorageUnavailable):
            await hold(shop)
    seen = [(line["log_level"], line["is_bug"]) for line in logs if line["event"] == "commit_failed"]
    assert seen == [("critical", True), ("error", False)]


@asynccontextmanager
async def doomed(
    store: StoreDouble, settings: Settings, clock: ManualClock, reason: Exception
) -> AsyncIterator[tuple[Backend, list[BaseException]]]:
    """Open the service, and the list of what it wants to end for. It cannot be closed in peace."""
    ends: list[BaseException] = []
    try:
        async with open_backend(Storage(store=store, queries=store), settings, clock, on_fatal=ends.append) as backend:
            yield backend, ends
    except type(reason):
        assert ends == [reason]
    else:
        pytest.fail("the journal has ended in silence")


async def test_an_unknown_outcome_ends_the_process_and_answers_nobody(
    store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    unknown = CommitUnknown("disk I/O error")
    async with doomed(store, settings, clock, unknown) as (backend, ends):
        await list_event(backend)
        await list_ticket_type(backend)
        store.fail_next(unknown)
        store.hold()
        requests = [asyncio.create_task(hold(backend, quantity)) for quantity in (4, 10)]
        await turns()
        store.release()
        await eventually(lambda: bool(ends))
        requests.append(asyncio.create_task(hold(backend)))
        await turns()
        assert not any(request.done() for request in requests)
    for request in requests:
        request.cancel()


async def test_a_store_with_a_defect_of_its_own_ends_the_process_too(
    store: StoreDouble, settings: Settings, clock: ManualClock
) -> None:
    defect = ZeroDivisionError()
    async with doomed(store, settings, clock, defect) as (backend, ends):
        store.fail_next(defect)
        request = asyncio.create_task(list_event(backend))
        await eventually(lambda: bool(ends))
        assert not request.done()
    request.cancel()


async def test_a_pause_that_could_not_be_stored_has_not_happened(shop: Backend, store: StoreDouble) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await shop.desk.set_paused("tt", paused=True, by="boss")
    await hold(shop)
    assert not shop.desk.board.ticket_type("tt").paused
