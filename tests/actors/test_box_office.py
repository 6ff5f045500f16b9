"""The box office: one ticket type at a time."""

import asyncio

import pytest

from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.errors import (
    Draining,
    Forbidden,
    Invalid,
    NotEnoughTickets,
    NotFound,
    ReservationCancelled,
    ReservationConverted,
    ReservationExpired,
    SalesClosed,
    SalesNotOpen,
    StorageUnavailable,
)
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.context import Backend
from support.service import ADA, buy, eventually, hold, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
SESSION = Owner(session_id="s")
ACTIONS = ["extend", "release", "buy"]


async def act(shop: Backend, action: str, held: Reservation, owner: Owner = SESSION) -> object:
    """Extend, release or buy."""
    if action == "extend":
        return await shop.box_office.extend(held.id, owner, MINUTE)
    if action == "release":
        return await shop.box_office.release(held.id, owner)
    return await shop.box_office.purchase([(held.id, [ADA] * held.quantity)], owner, ADA)


async def test_several_lines_of_one_type_are_one_decision_in_the_order_asked(shop: Backend) -> None:
    office = shop.box_office
    made = await office.reserve([("tt", 2), ("tt", 3), ("tt", 1)], session_id="s", user_id=None)
    assert [each.quantity for each in made] == [2, 3, 1]
    assert len({each.id for each in made} | {each.code for each in made}) == 6
    with pytest.raises(NotEnoughTickets) as refused:
        await office.reserve([("tt", 4), ("tt", 1)], session_id="s", user_id=None)
    assert refused.value.details == {"requested": 5, "available": 4, "ticketTypeId": "tt"}
    assert stock(shop) == (10, 0, 6)


async def test_lines_of_one_type_are_summed_against_its_maximum(shop: Backend) -> None:
    await list_ticket_type(shop, "few", maximum=3)
    with pytest.raises(Invalid):
        await shop.box_office.reserve([("few", 2), ("few", 2)], session_id="s", user_id=None)
    await shop.box_office.reserve([("few", 2), ("few", 1)], session_id="s", user_id=None)


async def test_a_reservation_keeps_what_it_was_made_with(shop: Backend, store: StoreDouble, clock: ManualClock) -> None:
    now = clock.now()
    [made] = await shop.box_office.reserve(
        [("tt", 2)], session_id="s", user_id="u", duration_ms=5 * MINUTE, metadata='{"seat":"A1"}'
    )
    assert (made.reserved_at, made.expires_at) == (now, now + 5 * MINUTE)
    assert (made.session_id, made.user_id, made.metadata) == ("s", "u", '{"seat":"A1"}')
    await shop.desk.change_ticket_type("tt", {"price": 9_999}, window={}, total=None)
    [purchase] = await buy(shop, made)
    assert (made.unit_price, purchase.transaction.total_price) == (4_500, 9_000)
    assert (await store.reservation(made.id)).transaction == purchase.transaction


async def test_a_ticket_type_that_does_not_exist_is_not_found(shop: Backend) -> None:
    with pytest.raises(NotFound):
        await hold(shop, of="nowhere")


async def test_reserve_is_accepted_within_the_on_sale_window_only(shop: Backend, clock: ManualClock) -> None:
    window = SalesWindow(start=clock.now() + MINUTE, end=clock.now() + 2 * MINUTE)
    await list_ticket_type(shop, "later", window=window)
    with pytest.raises(SalesNotOpen):
        await hold(shop, of="later")
    clock.advance(MINUTE)
    held = await hold(shop, of="later")
    clock.advance(MINUTE)
    with pytest.raises(SalesClosed):
        await hold(shop, of="later")
    await buy(shop, held)


@pytest.mark.parametrize("action", ACTIONS)
async def test_someone_elses_hold_is_forbidden(shop: Backend, action: str) -> None:
    held = await hold(shop, user="u")
    for stranger in (Owner(session_id="t"), Owner(user_id="v"), Owner()):
        with pytest.raises(Forbidden):
            await act(shop, action, held, stranger)
    await act(shop, action, held, Owner(session_id="t", user_id="u"))


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_settled_reservation_is_refused_by_what_became_of_it(
    shop: Backend, clock: ManualClock, action: str
) -> None:
    expired = await hold(shop, minutes=1)
    clock.advance(MINUTE)
    await eventually(lambda: stock(shop) == (10, 0, 0))
    cancelled, converted = await hold(shop), await hold(shop)
    await shop.box_office.release(cancelled.id, SESSION)
    await buy(shop, converted)
    for held, refusal in (
        (expired, ReservationExpired),
        (cancelled, ReservationCancelled),
        (converted, ReservationConverted),
    ):
        with pytest.raises(refusal):
            await act(shop, action, held)
        with pytest.raises(Forbidden):
            await act(shop, action, held, Owner(session_id="t"))


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_second_of_two_at_once_learns_what_the_first_did(
    shop: Backend, store: StoreDouble, action: str
) -> None:
    held = await hold(shop)
    store.hold()
    first = asyncio.create_task(shop.box_office.release(held.id, SESSION))
    second = asyncio.create_task(act(shop, action, held))
    await turns()
    assert not second.done()
    store.release()
    assert (await first).status is ReservationStatus.CANCELLED
    with pytest.raises(ReservationCancelled):
        await second


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_second_of_two_at_once_knows_nothing_when_the_first_fails(
    shop: Backend, store: StoreDouble, action: str
) -> None:
    held = await hold(shop)
    store.hold()
    requests = [asyncio.create_task(shop.box_office.release(held.id, SESSION))]
    requests.append(asyncio.create_task(act(shop, action, held)))
    await turns()
    store.fail_next()
    store.release()
    for request in requests:
        with pytest.raises(StorageUnavailable):
            await request
    await act(shop, action, held)


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_reservation_that_does_not_exist_is_not_found(shop: Backend, action: str) -> None:
    held = await hold(shop)
    with pytest.raises(NotFound):
        await act(shop, action, Reservation(**{**_fields(held), "id": "nowhere"}))


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_hold_that_its_actor_has_lost_is_unavailable_and_there_the_next_time(
    shop: Backend, roster: Roster, action: str
) -> None:
    held = await hold(shop)
    inventory = roster._slots["tt"].actor.inventory
    del inventory.holds[held.id]
    with pytest.raises(StorageUnavailable):
        await act(shop, action, held)
    await act(shop, action, held)


def _fields(held: Reservation) -> dict[str, object]:
    return {name: getattr(held, name) for name in Reservation.__slots__}


async def test_a_purchase_needs_one_holder_for_each_ticket(shop: Backend) -> None:
    held = await hold(shop, 2)
    for holders in ([], [ADA], [ADA] * 3):
        with pytest.raises(Invalid):
            await shop.box_office.purchase([(held.id, holders)], SESSION, ADA)
    assert stock(shop) == (10, 0, 2)


async def test_while_draining_new_changes_are_turned_away_and_what_is_under_way_goes_on(
    shop: Backend, store: StoreDouble
) -> None:
    held = await hold(shop)
    store.hold()
    under_way = asyncio.create_task(hold(shop))
    await eventually(lambda: store.committing == 1)
    shop.box_office.drain()
    for action in ACTIONS:
        with pytest.raises(Draining):
            await act(shop, action, held)
    with pytest.raises(Draining):
        await hold(shop)
    store.release()
    assert (await under_way).quantity == 1
    assert (await shop.box_office.reservation(held.id, SESSION)).reservation == held


async def test_an_answer_behind_which_no_decision_stands_is_kept_by_itself(shop: Backend, store: StoreDouble) -> None:
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=0)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await shop.answers.keep(answer)
    assert await store.answer(b"c", "k") is None
    await shop.answers.keep(answer)
    assert await store.answer(b"c", "k") == answer
    assert shop.box_office.board.seq == len(store.ledger)


async def test_a_caller_who_gives_up_on_an_answer_to_keep_disturbs_nobody(shop: Backend, store: StoreDouble) -> None:
    answer = StoredAnswer(caller=b"c", key="k", fingerprint=b"f", status=201, body=b"{}", created_at=0)
    store.hold()
    request = asyncio.create_task(shop.answers.keep(answer))
    await eventually(lambda: store.committing == 1)
    request.cancel()
    await turns()
    store.release()
    await hold(shop)
    assert await store.answer(b"c", "k") == answer


async def test_a_caller_who_gives_up_disturbs_nobody(shop: Backend, store: StoreDouble) -> None:
    store.hold()
    gone = asyncio.create_task(hold(shop, 4, session="gone"))
    stays = asyncio.create_task(hold(shop, 4))
    await eventually(lambda: store.committing == 1)
    gone.cancel()
    await turns()
    store.release()
    await stays
    assert stock(shop) == (10, 0, 8)


async def test_guest_sessions_are_not_guessed(shop: Backend) -> None:
    ids = {shop.box_office.new_session_id() for _ in range(100)}
    assert len(ids) == 100
    assert {len(each) for each in ids} == {32}
