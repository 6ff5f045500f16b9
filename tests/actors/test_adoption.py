"""A guest signs in: the box office, the actors and the board."""

import asyncio

import pytest

from actor_ticketing.actors import adoption
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import Draining, HolderLimitReached, Overloaded, StorageUnavailable
from actor_ticketing.domain.events import ReservationAdopted
from actor_ticketing.domain.purchase import Person
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.service import ADA, buy, eventually, hold, let_pass, list_ticket_type, stock, turns
from support.stores import StoreDouble


def users_of(backend: Backend, session: str = "s") -> list[str | None]:
    holds, _ = backend.box_office.active(Owner(session_id=session), offset=0, limit=1000)
    return [each.user_id for each in holds]


async def test_holds_of_several_ticket_types_become_the_users(shop: Backend) -> None:
    await list_ticket_type(shop, "other")
    made = [await hold(shop), await hold(shop, 2, of="other"), await hold(shop, session="t")]
    assert await shop.box_office.adopt("s", "ada") == 2
    assert users_of(shop) == ["ada", "ada"]
    assert users_of(shop, "t") == [None]
    of_user, _ = shop.box_office.active(Owner(user_id="ada"), offset=0, limit=10)
    assert {each.id for each in of_user} == {each.id for each in made[:2]}


async def test_they_are_the_users_in_the_store_as_well(shop: Backend) -> None:
    made = await hold(shop)
    await shop.box_office.adopt("s", "ada")
    record = await shop.box_office.reservation(made.id, Owner(user_id="ada"))
    assert (record.reservation.user_id, record.reservation.session_id) == ("ada", "s")


async def test_a_session_without_holds_is_nothing_to_adopt(shop: Backend) -> None:
    assert await shop.box_office.adopt("nobody", "ada") == 0


async def test_adopting_again_finds_nothing_more(shop: Backend) -> None:
    await hold(shop)
    assert await shop.box_office.adopt("s", "ada") == 1
    assert await shop.box_office.adopt("s", "ada") == 0
    assert await shop.box_office.adopt("s", "bob") == 0
    assert users_of(shop) == ["ada"]


async def test_many_holds_go_in_slices(shop: Backend, store: StoreDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "SLICE", 2)
    for _ in range(5):
        await hold(shop)
    assert await shop.box_office.adopt("s", "ada") == 5
    entries = [entry for batch in store.batches for entry in batch]
    adopting = [entry.events for entry in entries if entry.events and isinstance(entry.events[0], ReservationAdopted)]
    assert [len(events) for events in adopting] == [2, 2, 1]


async def test_a_hold_that_expires_first_is_passed_over(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, minutes=1)
    await hold(shop, minutes=2)
    let_pass(clock, 60_000)
    assert await shop.box_office.adopt("s", "ada") == 1


async def test_the_end_of_an_adopted_hold_leaves_nothing_behind(shop: Backend, clock: ManualClock) -> None:
    made = [await hold(shop), await hold(shop), await hold(shop, minutes=1)]
    await shop.box_office.adopt("s", "ada")
    await shop.box_office.release(made[0].id, Owner(user_id="ada"))
    await buy(shop, made[1])
    clock.advance(60_000)
    await eventually(lambda: stock(shop) == (10, 1, 0))
    live = shop.box_office.board.live
    assert not live.by_id
    assert live.of(Owner(user_id="ada"), clock.now()) == live.of(Owner(session_id="s"), clock.now()) == []


async def test_a_purchase_of_several_that_is_under_way_comes_first(
    shop: Backend, store: StoreDouble, roster: Roster
) -> None:
    await list_ticket_type(shop, "other")
    one, two, third = await hold(shop), await hold(shop, of="other"), await hold(shop)
    store.hold_loads("other")
    roster.rebuild(["other"])
    orders: list[tuple[str, list[Person]]] = [(each.id, [ADA]) for each in (one, two)]
    # The actor of `other` is claimed first, and that of `tt` has not been asked by the purchase when `adopt` comes.
    buying = asyncio.create_task(shop.box_office.purchase(orders, Owner(session_id="s"), ADA))
    await eventually(lambda: bool(roster._slots["other"].waiting))
    adopting = asyncio.create_task(shop.box_office.adopt("s", "ada"))
    await turns()
    store.release_loads("other")
    assert [each.reservation.user_id for each in await buying] == ["ada", None]
    assert await adopting == 2
    of_user, _ = shop.box_office.active(Owner(user_id="ada"), offset=0, limit=10)
    assert [each.id for each in of_user] == [third.id]


async def test_what_could_not_be_stored_has_not_happened(shop: Backend, store: StoreDouble) -> None:
    await hold(shop)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await shop.box_office.adopt("s", "ada")
    assert users_of(shop) == [None]
    assert await shop.box_office.adopt("s", "ada") == 1


async def test_nobody_is_told_before_the_commit(shop: Backend, store: StoreDouble) -> None:
    await hold(shop)
    store.hold()
    adopting = asyncio.create_task(shop.box_office.adopt("s", "ada"))
    await eventually(lambda: store.committing == 1)
    assert users_of(shop) == [None]
    assert not adopting.done()
    store.release()
    assert await adopting == 1


async def test_a_service_that_is_stopping_adopts_nothing(shop: Backend) -> None:
    await hold(shop)
    shop.box_office.drain()
    with pytest.raises(Draining):
        await shop.box_office.adopt("s", "ada")


async def test_the_admission_limit_holds_here_too(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    await hold(shop)
    monkeypatch.setattr(shop.box_office._roster, "_mailbox_limit", 0)
    with pytest.raises(Overloaded):
        await shop.box_office.adopt("s", "ada")


class TestWithALimit:
    """A user may have two reservations at a time."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(holds={"max_active_per_user": 2}, sweep={"interval_seconds": 3600})

    async def test_adopting_may_go_beyond_it_and_counts(self, shop: Backend) -> None:
        made = [await hold(shop) for _ in range(3)]
        assert await shop.box_office.adopt("s", "ada") == 3
        with pytest.raises(HolderLimitReached):
            await hold(shop, user="ada")
        for each in made[:2]:
            await shop.box_office.release(each.id, Owner(user_id="ada"))
        await hold(shop, user="ada")
        with pytest.raises(HolderLimitReached):
            await hold(shop, user="ada")

    async def test_nothing_is_counted_any_more_when_all_have_ended(self, shop: Backend) -> None:
        made = [await hold(shop), await hold(shop)]
        await shop.box_office.adopt("s", "ada")
        for each in made:
            await shop.box_office.release(each.id, Owner(session_id="s"))
        holders = shop.box_office.board.holders
        assert not holders._claimed
        assert not holders._committed
