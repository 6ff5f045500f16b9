"""The committed state: what reads are answered from."""

import asyncio

import pytest

from actor_ticketing.domain.errors import NotFound, StorageUnavailable
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.service import buy, eventually, hold, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

SESSION = Owner(session_id="s")


async def test_a_read_never_waits_and_shows_what_is_committed(shop: Backend, store: StoreDouble) -> None:
    office = shop.box_office
    sold, released = await hold(shop, 2), await hold(shop, 3)
    seq = office.board.seq
    store.hold()
    changes = [
        asyncio.create_task(change) for change in (hold(shop, 4), buy(shop, sold), office.release(released.id, SESSION))
    ]
    await turns()
    assert (stock(shop), office.board.seq) == ((10, 0, 5), seq)
    found, number = office.active(SESSION, offset=0, limit=10)
    assert ({each.id for each in found}, number) == ({sold.id, released.id}, 2)
    assert (await office.reservation(sold.id, SESSION)).transaction is None
    store.release()
    await asyncio.gather(*changes)
    assert (stock(shop), office.board.seq) == ((10, 2, 4), seq + 3)


async def test_counters_and_ledger_position_agree_at_every_commit(shop: Backend, store: StoreDouble) -> None:
    seen = []

    def note(entry: object) -> None:
        seen.append((shop.box_office.board.seq, stock(shop)))
        assert entry.last_seq == shop.box_office.board.seq

    shop_committed(shop).append(note)
    before = shop.box_office.board.seq
    store.hold()
    requests = [asyncio.create_task(hold(shop, 1)) for _ in range(4)]
    await turns()
    store.release()
    await asyncio.gather(*requests)
    assert seen == [(before + number, (10, 0, number)) for number in range(1, 5)]


def shop_committed(shop: Backend) -> list:
    """The list of those who hear of commits."""
    return shop.box_office._journal._on_commit.subscribers


async def test_subscribers_hear_each_commit_once_and_nothing_that_failed(shop: Backend, store: StoreDouble) -> None:
    heard = []
    shop_committed(shop).append(lambda entry: heard.extend(event.kind for event in entry.events))
    held = await hold(shop, 2)
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await hold(shop, 2)
    await shop.box_office.extend(held.id, SESSION, 1_000)
    await buy(shop, held)
    await shop.box_office.release((await hold(shop)).id, SESSION)
    assert heard == [
        "reservation.created",
        "reservation.extended",
        "reservation.converted",
        "reservation.created",
        "reservation.cancelled",
    ]


async def test_subscribers_hear_of_a_commit_before_the_buyer_does(shop: Backend) -> None:
    order = []
    shop_committed(shop).append(lambda _: order.append("subscriber"))
    request = asyncio.create_task(hold(shop))
    request.add_done_callback(lambda _: order.append("buyer"))
    await request
    await turns(2)
    assert order == ["subscriber", "buyer"]


async def test_the_counters_say_when_the_next_hold_comes_free(shop: Backend) -> None:
    counters = shop.box_office.board.counters
    assert counters["tt"].next_deadline is None
    late, early = await hold(shop, minutes=5), await hold(shop, minutes=2)
    assert counters["tt"].next_deadline == early.expires_at
    await shop.box_office.release(early.id, SESSION)
    assert counters["tt"].next_deadline == late.expires_at
    await buy(shop, late)
    assert counters["tt"].next_deadline is None


async def test_live_holds_have_a_place_on_the_board_until_they_end(shop: Backend) -> None:
    live = shop.box_office.board.live.by_id
    held = await hold(shop)
    extended = await shop.box_office.extend(held.id, SESSION, 1_000)
    assert live == {held.id: extended}
    await buy(shop, held)
    assert live == {}


async def test_the_catalogue_keeps_the_order_in_which_it_was_listed(shop: Backend) -> None:
    await list_event(shop, event_id="other")
    for of, event_id in (("z", "ev"), ("y", "other"), ("a", "ev")):
        await list_ticket_type(shop, of, event_id=event_id)
    await shop.desk.change_ticket_type("tt", {"name": "changed"}, window={}, total=None)
    board = shop.box_office.board
    assert [each.id for each in board.ticket_types_of("ev")] == ["tt", "z", "a"]
    assert [each.id for each in board.ticket_types_of("other")] == ["y"]
    assert list(board.ticket_types_of("nowhere")) == []
    assert board.ticket_type("tt").name == "changed"


async def test_what_is_not_on_sale_is_not_found(shop: Backend) -> None:
    board = shop.box_office.board
    with pytest.raises(NotFound) as no_event:
        board.event("nowhere")
    with pytest.raises(NotFound) as no_type:
        board.ticket_type("nowhere")
    assert (no_event.value.code, no_type.value.code) == ("event_not_found", "ticket_type_not_found")


async def test_a_kept_answer_alone_moves_no_counter_and_no_position(shop: Backend, store: StoreDouble) -> None:
    before = (shop.box_office.board.seq, stock(shop))
    await shop.sweeper.sweep("manual")
    await eventually(lambda: not shop.box_office._journal.pending)
    assert (shop.box_office.board.seq, stock(shop)) == before
    assert len(store.ledger) == before[0]
