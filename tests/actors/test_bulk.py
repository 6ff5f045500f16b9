"""All or nothing across ticket types: reserving."""

import asyncio
import random

import pytest

from actor_ticketing.actors.claims import StockClaim
from actor_ticketing.actors.journaling import Keep
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.errors import NotEnoughTickets, StorageUnavailable
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.reservation import Owner, Reservation
from actor_ticketing.http.context import Backend
from support.service import break_once, eventually, hold, let_pass, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

TYPES = ("a", "b", "c")


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    """Ten tickets each of `a`, `b` and `c`, with actors that are running."""
    await list_event(backend)
    for of in TYPES:
        await list_ticket_type(backend, of)
        held = await hold(backend, of=of)
        await backend.box_office.release(held.id, Owner(session_id="s"))
    return backend


async def reserve(shop: Backend, *lines: tuple[str, int], session: str = "s") -> list[Reservation]:
    """Reserve all lines or none."""
    return await shop.box_office.reserve(lines, session_id=session, user_id=None)


def stall(shop: Backend, store: StoreDouble, of: str) -> None:
    """Have an actor rebuilt, and keep it from being ready: requests that come to it wait."""
    store.hold_loads(of)
    shop.box_office._roster.rebuild([of])


def all_let_go(roster: Roster) -> bool:
    return all(slot.actor is not None and slot.actor.inventory.is_settled for slot in roster._slots.values())


async def test_all_lines_are_reserved_and_returned_in_the_order_asked(shop: Backend) -> None:
    made = await reserve(shop, ("c", 1), ("a", 2), ("b", 3), ("a", 4))
    assert [(each.ticket_type_id, each.quantity) for each in made] == [("c", 1), ("a", 2), ("b", 3), ("a", 4)]
    assert [stock(shop, of)[2] for of in TYPES] == [6, 3, 1]


async def test_all_lines_are_one_entry_of_the_journal(shop: Backend, store: StoreDouble) -> None:
    before = shop.box_office.board.seq
    await reserve(shop, ("b", 1), ("a", 2))
    [entry] = store.batches[-1]
    assert (entry.first_seq, entry.last_seq) == (before + 1, before + 2)
    assert sorted(entry.ticket_type_ids) == ["a", "b"]
    assert {each.ticket_type_id: each.reserved for each in entry.counters} == {"a": 2, "b": 1}


async def test_nothing_is_told_before_the_commit(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    request = asyncio.create_task(reserve(shop, ("a", 1), ("b", 1)))
    await eventually(lambda: store.committing == 1)
    await turns()
    assert not request.done()
    assert stock(shop, "a") == (10, 0, 0)
    store.release()
    await request
    assert stock(shop, "a") == (10, 0, 1)


async def test_one_refusal_lets_all_others_go_and_nothing_was_ever_written(
    shop: Backend, store: StoreDouble, roster: Roster
) -> None:
    before = len(store.ledger)
    with pytest.raises(NotEnoughTickets) as refused:
        await reserve(shop, ("a", 5), ("b", 11), ("c", 5))
    assert refused.value.details["ticketTypeId"] == "b"
    assert len(store.ledger) == before
    assert all_let_go(roster)
    await reserve(shop, ("a", 10), ("b", 10), ("c", 10))


async def test_types_are_claimed_in_the_order_of_their_ids(shop: Backend, store: StoreDouble) -> None:
    shop.box_office._roster.retire_idle(idle_since=shop.clock.now(), limit=3)
    store.loads.clear()
    await reserve(shop, ("c", 1), ("a", 1), ("b", 1))
    assert store.loads == ["a", "b", "c"]


async def test_a_request_that_falls_short_only_because_of_a_claim_waits_and_gets_the_stock_if_it_is_let_go(
    shop: Backend, store: StoreDouble
) -> None:
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 8), ("b", 11)))
    await turns()
    small, large = asyncio.create_task(hold(shop, 2, of="a")), asyncio.create_task(hold(shop, 8, of="a"))
    await small
    await turns()
    assert not large.done()
    store.release_loads("b")
    with pytest.raises(NotEnoughTickets):
        await bulk
    await large
    assert stock(shop, "a") == (10, 0, 10)


async def test_a_request_that_waits_for_a_claim_is_refused_if_the_claim_is_confirmed(
    shop: Backend, store: StoreDouble
) -> None:
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 8), ("b", 1)))
    await turns()
    parked = asyncio.create_task(hold(shop, 3, of="a"))
    await turns()
    assert not parked.done()
    store.hold()
    store.release_loads("b")
    await eventually(lambda: store.committing == 1)
    await turns()
    assert not parked.done()
    store.release()
    await bulk
    with pytest.raises(NotEnoughTickets) as refused:
        await parked
    assert refused.value.details["available"] == 2


async def test_requests_that_wait_for_a_claim_are_asked_again_in_their_order(shop: Backend, store: StoreDouble) -> None:
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 10), ("b", 11)))
    await turns()
    parked = [asyncio.create_task(hold(shop, 6, of="a", session=f"s{number}")) for number in range(2)]
    await turns()
    store.release_loads("b")
    first, second, refused = await asyncio.gather(*parked, bulk, return_exceptions=True)
    assert first.session_id == "s0"
    assert [type(second), type(refused)] == [NotEnoughTickets] * 2


async def test_a_lower_total_waits_for_a_claim_too(shop: Backend, store: StoreDouble) -> None:
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 8), ("b", 11)))
    await turns()
    change = asyncio.create_task(shop.desk.change_ticket_type("a", {}, window={}, total=5))
    await turns()
    assert not change.done()
    store.release_loads("b")
    await asyncio.gather(bulk, change, return_exceptions=True)
    assert stock(shop, "a") == (5, 0, 0)


async def test_requests_that_cross_never_wait_for_each_other(shop: Backend, roster: Roster) -> None:
    dice = random.Random(5)  # noqa: S311 - it shuffles a test.
    requests = []
    for number in range(200):
        lines = [(of, dice.randint(1, 3)) for of in dice.sample(TYPES, dice.randint(1, 3))]
        requests.append(asyncio.create_task(reserve(shop, *lines, session=f"s{number}")))
        if number % 10 == 0:
            await turns(dice.randint(0, 3))
            roster.rebuild([dice.choice(TYPES)])
    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
    made = [each for outcome in outcomes if isinstance(outcome, list) for each in outcome]
    assert {type(outcome) for outcome in outcomes} <= {list, NotEnoughTickets, StorageUnavailable}
    for of in TYPES:
        assert stock(shop, of) == (10, 0, sum(each.quantity for each in made if each.ticket_type_id == of))
        assert stock(shop, of)[2] > 7
    assert all_let_go(roster)


async def test_an_actor_that_is_rebuilt_meanwhile_voids_its_claim(
    shop: Backend, store: StoreDouble, roster: Roster
) -> None:
    before = len(store.ledger)
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 8), ("b", 8), ("c", 8)))
    await turns()
    roster.rebuild(["a"])
    store.release_loads("b")
    with pytest.raises(StorageUnavailable):
        await bulk
    assert len(store.ledger) == before
    await eventually(lambda: all_let_go(roster))
    await reserve(shop, ("a", 10), ("b", 10), ("c", 10))


async def test_a_request_that_waits_for_a_claim_outlives_its_actor(
    shop: Backend, store: StoreDouble, roster: Roster
) -> None:
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 8), ("b", 1)))
    await turns()
    parked = asyncio.create_task(hold(shop, 3, of="a"))
    await turns()
    roster.rebuild(["a"])
    await parked
    store.release_loads("b")
    with pytest.raises(StorageUnavailable):
        await bulk
    assert (stock(shop, "a"), stock(shop, "b")) == ((10, 0, 3), (10, 0, 0))


async def test_a_caller_who_gives_up_leaves_no_claim_behind(shop: Backend, store: StoreDouble, roster: Roster) -> None:
    stall(shop, store, "b")
    bulk = asyncio.create_task(reserve(shop, ("a", 8), ("b", 11)))
    await turns()
    bulk.cancel()
    parked = asyncio.create_task(hold(shop, 10, of="a"))
    await turns()
    store.release_loads("b")
    await parked
    assert all_let_go(roster)
    assert not shop.box_office._unbroken._under_way


async def test_a_bulk_that_cannot_be_stored_is_taken_back_everywhere(
    shop: Backend, store: StoreDouble, roster: Roster
) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await reserve(shop, ("a", 8), ("b", 8))
    await reserve(shop, ("a", 10), ("b", 10))
    assert (stock(shop, "a"), stock(shop, "b")) == ((10, 0, 10), (10, 0, 10))
    assert all_let_go(roster)


@pytest.mark.parametrize(("of", "step"), [(StockClaim, "_events"), (Inventory, "apply")])
async def test_a_defect_half_way_through_the_confirmation_has_all_of_them_rebuilt(
    shop: Backend, store: StoreDouble, roster: Roster, monkeypatch: pytest.MonkeyPatch, of: type, step: str
) -> None:
    former = {each: roster._slots[each].actor for each in TYPES}
    before = len(store.ledger)
    break_once(monkeypatch, of, step)
    with pytest.raises(LookupError):
        await reserve(shop, ("a", 8), ("b", 8))
    await reserve(shop, ("a", 10), ("b", 10), ("c", 10))
    assert [roster._slots[each].actor is former[each] for each in TYPES] == [False, False, True]
    assert len(store.ledger) == before + 3


async def test_a_bulk_gets_the_stock_of_overdue_holds_at_once(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, 9, of="a", minutes=1)
    await hold(shop, 9, of="b", minutes=1)
    let_pass(clock, 60_000)
    await reserve(shop, ("a", 5), ("b", 5))
    assert (stock(shop, "a"), stock(shop, "b")) == ((10, 0, 5), (10, 0, 5))


async def test_an_answer_to_keep_is_stored_with_all_of_its_effect(shop: Backend, store: StoreDouble) -> None:
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=0)
    kept = []
    made = await shop.box_office.reserve(
        [("b", 1), ("a", 1)], session_id="s", user_id=None, keep=Keep(lambda outcome: kept.append(outcome) or answer)
    )
    assert kept == [made]
    [entry] = store.batches[-1]
    assert entry.answer == answer
