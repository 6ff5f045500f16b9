"""The places of sessions and users: how many ACTIVE reservations they have, across ticket types."""

import asyncio

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import HolderLimitReached, NotEnoughTickets, NotFound, StorageUnavailable
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.service import break_once, buy, eventually, hold, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
SESSION = Owner(session_id="s")


@pytest.fixture
def settings() -> Settings:
    return Settings(
        holds={"max_active_per_session": 2, "max_active_per_user": 3, "max_active_per_address": 4},
        sweep={"interval_seconds": 3600},
    )


@pytest.fixture
async def shop(shop: Backend) -> Backend:
    await list_ticket_type(shop, "other")
    return shop


async def is_full(shop: Backend, session: str = "s", user: str | None = None) -> bool:
    """Whether one more hold is too many; if not, it is released again."""
    try:
        held = await hold(shop, session=session, user=user)
    except HolderLimitReached:
        return True
    await shop.box_office.release(held.id, Owner(session_id=session))
    return False


async def test_a_sessions_places_span_ticket_types(shop: Backend) -> None:
    await hold(shop)
    await hold(shop, of="other")
    with pytest.raises(HolderLimitReached) as refused:
        await hold(shop)
    assert refused.value.details == {"limit": 2, "scope": "session"}
    assert not await is_full(shop, "another")


async def test_a_users_places_span_sessions(shop: Backend) -> None:
    for number in range(3):
        await hold(shop, session=f"s{number}", user="u")
    with pytest.raises(HolderLimitReached) as refused:
        await hold(shop, session="s3", user="u")
    assert refused.value.details == {"limit": 3, "scope": "user"}
    assert not await is_full(shop, "s3", "v")


async def test_every_line_takes_a_place_and_all_or_none_are_taken(shop: Backend) -> None:
    for lines in ([("tt", 1)] * 3, [("tt", 1), ("other", 1), ("tt", 1)]):
        with pytest.raises(HolderLimitReached):
            await shop.box_office.reserve(lines, session_id="s", user_id=None)
    await shop.box_office.reserve([("tt", 1), ("other", 1)], session_id="s", user_id=None)
    assert await is_full(shop)


@pytest.mark.parametrize("end", ["release", "buy", "expire"])
async def test_a_place_comes_free_when_the_reservation_ends(shop: Backend, clock: ManualClock, end: str) -> None:
    held, _ = await hold(shop, minutes=1), await hold(shop, of="other")
    assert await is_full(shop)
    if end == "release":
        await shop.box_office.release(held.id, SESSION)
    elif end == "buy":
        await buy(shop, held)
    else:
        clock.advance(MINUTE)
        await eventually(lambda: stock(shop)[2] == 0)
    assert not await is_full(shop)
    await hold(shop)
    assert await is_full(shop)


async def test_a_place_comes_free_only_when_the_end_is_durable(shop: Backend, store: StoreDouble) -> None:
    held, _ = await hold(shop), await hold(shop, of="other")
    store.hold()
    release = asyncio.create_task(shop.box_office.release(held.id, SESSION))
    await eventually(lambda: store.committing == 1)
    with pytest.raises(HolderLimitReached):
        await hold(shop, of="other")
    store.release()
    await release
    assert not await is_full(shop)


async def test_a_reserve_that_is_refused_gives_its_places_back(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        with pytest.raises(NotEnoughTickets):
            await hold(shop, 11)
        with pytest.raises(NotEnoughTickets):
            await shop.box_office.reserve([("other", 1), ("tt", 11)], session_id="s", user_id="u")
        with pytest.raises(NotFound):
            await hold(shop, of="nowhere")
        break_once(monkeypatch, Inventory, "reserve")
        with pytest.raises(LookupError):
            await hold(shop)
    await hold(shop)
    await hold(shop)
    assert await is_full(shop)


async def test_a_bulk_that_cannot_be_stored_gives_its_places_back(shop: Backend, store: StoreDouble) -> None:
    for _ in range(2):
        store.fail_next()
        with pytest.raises(StorageUnavailable):
            await shop.box_office.reserve([("other", 1), ("tt", 1)], session_id="s", user_id="u")
    await shop.box_office.reserve([("other", 1), ("tt", 1)], session_id="s", user_id="u")


@pytest.mark.parametrize("then", ["release", "extend and release", "adopt and expire"])
async def test_an_actor_that_was_rebuilt_still_knows_from_where_its_holds_came(
    shop: Backend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    held = [await hold(shop, session=f"s{number}", address="198.51.100.1") for number in range(4)]
    break_once(monkeypatch, Inventory, "reserve")
    with pytest.raises(LookupError):
        await hold(shop)
    one, owner = held[0], Owner(session_id="s0")
    match then:
        case "adopt and expire":
            await shop.box_office.adopt("s0", "u")
            clock.advance(10 * MINUTE)
            await eventually(lambda: stock(shop)[2] == 0)
        case _:
            if then.startswith("extend"):
                await shop.box_office.extend(one.id, owner, MINUTE)
            await shop.box_office.release(one.id, owner)
    await hold(shop, session="s5", address="198.51.100.1")
    ended = [each for each in held if each.id not in shop.box_office.board.live.by_id]
    for number in range(len(ended) - 1):
        await hold(shop, session=f"s{number + 6}", address="198.51.100.1")
    with pytest.raises(HolderLimitReached):
        await hold(shop, session="s9", address="198.51.100.1")


@pytest.mark.parametrize("lines", [[("tt", 1)] * 2, [("tt", 1), ("other", 1)]])
async def test_reservations_of_a_caller_who_gave_up_count_when_they_are_made_all_the_same(
    shop: Backend, store: StoreDouble, lines: list[tuple[str, int]]
) -> None:
    store.hold()
    gone = asyncio.create_task(shop.box_office.reserve(lines, session_id="s", user_id=None))
    await eventually(lambda: store.committing == 1)
    gone.cancel()
    await turns()
    store.release()
    await eventually(lambda: len(shop.box_office.board.live.by_id) == 2)
    assert await is_full(shop)


async def test_places_of_a_caller_who_gave_up_come_back_when_its_request_fails(
    shop: Backend, store: StoreDouble
) -> None:
    store.hold()
    gone = asyncio.create_task(shop.box_office.reserve([("tt", 1)] * 2, session_id="s", user_id=None))
    await eventually(lambda: store.committing == 1)
    gone.cancel()
    await turns()
    store.fail_next()
    store.release()
    await eventually(lambda: not shop.box_office._journal.pending)
    await turns()
    assert not await is_full(shop)


async def test_a_refusal_for_want_of_places_waits_for_the_commits_it_was_based_on(
    shop: Backend, store: StoreDouble
) -> None:
    store.hold()
    first = asyncio.create_task(shop.box_office.reserve([("tt", 1)] * 2, session_id="s", user_id=None))
    await eventually(lambda: store.committing == 1)
    second = asyncio.create_task(hold(shop))
    await turns()
    told_early = second.done()
    store.fail_next()
    store.release()
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert not told_early, outcomes[1]


async def test_a_request_that_waits_for_a_place_does_not_keep_the_loop_busy(
    shop: Backend, store: StoreDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders = shop.box_office.board.holders
    claims = []
    claim = holders.claim
    monkeypatch.setattr(holders, "claim", lambda *args: claims.append(args) or claim(*args))
    store.hold_loads("tt")
    first = asyncio.create_task(shop.box_office.reserve([("tt", 1)] * 2, session_id="s", user_id=None))
    second = asyncio.create_task(hold(shop, of="other"))
    await turns(300)
    asked = len(claims)
    store.release_loads("tt")
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(outcomes[1], HolderLimitReached)
    assert asked < 10
