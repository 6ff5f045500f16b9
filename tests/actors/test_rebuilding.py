"""An actor with a defect is discarded and built anew from what is durable. Nothing else is lost."""

import asyncio

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.journaling import Keep, Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.commands import ExpireDue, Line, Reserve
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.reservation import Owner, ReservationStatus
from actor_ticketing.http.context import Backend
from support.service import break_once, eventually, hold, stock, turns
from support.stores import StoreDouble

SESSION = Owner(session_id="s")
RESERVE = Order(
    command=Reserve(lines=(Line(reservation_id="r", quantity=1),), session_id="s", user_id=None, duration_ms=60_000)
)


async def test_a_defect_under_ask_fails_that_command_and_no_other(
    shop: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold(shop, 2)
    break_once(monkeypatch, Inventory, "reserve")
    broken, *behind = [asyncio.create_task(hold(shop, 3)) for _ in range(3)]
    with pytest.raises(LookupError, match="a defect"):
        await broken
    await asyncio.gather(*behind)
    assert stock(shop) == (10, 0, 8)


async def test_a_defect_under_tell_loses_no_mail_behind_it(
    shop: Backend, roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold(shop, 2)
    break_once(monkeypatch, Inventory, "reserve")
    roster._slots["tt"].actor.actor_ref.tell(RESERVE)
    behind = [asyncio.create_task(hold(shop, 3)) for _ in range(2)]
    await asyncio.gather(*behind)
    assert stock(shop) == (10, 0, 8)


async def test_a_defect_half_way_through_a_change_leaves_no_trace(
    shop: Backend, store: StoreDouble, roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold(shop, 2)
    break_once(monkeypatch, Inventory, "apply")
    with pytest.raises(LookupError):
        await hold(shop, 5)
    await hold(shop, 8)
    assert stock(shop) == (10, 0, 10)
    inventory = roster._slots["tt"].actor.inventory
    assert (inventory.reserved, inventory.sold, len(inventory.holds)) == (10, 0, 2)
    assert len(store.ledger) == shop.box_office.board.seq == 4


async def test_a_defect_in_rendering_the_answer_to_keep_changes_nothing(shop: Backend) -> None:
    def keep(outcome: object) -> None:
        raise LookupError(f"cannot render {outcome}")

    with pytest.raises(LookupError):
        await shop.box_office.reserve([("tt", 4)], session_id="s", user_id=None, keep=Keep(keep))
    await hold(shop, 10)
    assert stock(shop) == (10, 0, 10)


async def test_a_defect_is_logged_with_its_cause(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    error = break_once(monkeypatch, Inventory, "reserve")
    with capture_logs() as logs, pytest.raises(LookupError):
        await hold(shop)
    [line] = [line for line in logs if line["event"] == "actor_broke"]
    assert (line["log_level"], line["ticket_type_id"], line["exc_info"]) == ("error", "tt", error)


async def test_what_is_on_its_way_to_disk_is_settled_before_the_load(
    shop: Backend, store: StoreDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold(shop, 1)
    store.hold()
    late = asyncio.create_task(hold(shop, 4, session="late"))
    await eventually(lambda: store.committing == 1)
    store.loads.clear()
    break_once(monkeypatch, Inventory, "reserve")
    with pytest.raises(LookupError):
        await hold(shop, 1)
    behind = asyncio.create_task(hold(shop, 5))
    await turns()
    assert store.loads == []
    assert not late.done()
    assert not behind.done()
    store.release()
    made = await late
    await behind
    assert stock(shop) == (10, 0, 10)
    await shop.box_office.extend(made.id, Owner(session_id="late"), 60_000)


async def test_an_entry_of_the_old_generation_that_fails_is_unknown_to_the_new_one(
    shop: Backend, store: StoreDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.hold()
    late = asyncio.create_task(hold(shop, 4))
    await eventually(lambda: store.committing == 1)
    break_once(monkeypatch, Inventory, "reserve")
    with pytest.raises(LookupError):
        await hold(shop, 1)
    store.fail_next()
    store.release()
    with pytest.raises(StorageUnavailable):
        await late
    await hold(shop, 10)
    assert stock(shop) == (10, 0, 10)


async def test_the_old_generation_decides_nothing_more(shop: Backend, roster: Roster, store: StoreDouble) -> None:
    await hold(shop, 1)
    former = roster._slots["tt"].actor
    mail = roster.ask("tt", RESERVE)
    roster.rebuild(["tt"])
    store.hold_loads("tt")
    await turns()
    assert former.actor_stopped.is_set()
    assert former.inventory.reserved == 1
    store.release_loads("tt")
    [made] = await mail
    assert made.id == "r"
    assert stock(shop) == (10, 0, 2)


async def test_rebuilding_twice_at_once_loads_once(shop: Backend, roster: Roster, store: StoreDouble) -> None:
    await hold(shop, 1)
    store.loads.clear()
    roster.rebuild(["tt"])
    roster.rebuild(["tt"])
    await roster.ask("tt", Order(command=ExpireDue(limit=1)))
    assert store.loads == ["tt"]


async def test_a_hold_expires_at_its_deadline_although_its_actor_was_rebuilt(
    shop: Backend, roster: Roster, clock: ManualClock
) -> None:
    await hold(shop, 3, minutes=1)
    roster.rebuild(["tt"])
    clock.advance(59_999)
    await turns()
    assert stock(shop) == (10, 0, 3)
    clock.advance(1)
    await eventually(lambda: stock(shop) == (10, 0, 0))


async def test_a_hold_expires_although_its_actor_is_being_built_when_the_timer_fires(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    held = await hold(shop, 3, minutes=1)
    store.hold_loads("tt")
    roster.rebuild(["tt"])
    clock.advance(60_000)
    await turns()
    assert (await store.reservation(held.id)).reservation.status is ReservationStatus.ACTIVE
    store.release_loads("tt")
    await eventually(lambda: stock(shop) == (10, 0, 0))
