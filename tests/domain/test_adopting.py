"""A guest signs in: what the session holds becomes the user's."""

import pytest

from actor_ticketing.domain.commands import Adopt
from actor_ticketing.domain.events import LedgerEvent, ReservationAdopted
from actor_ticketing.domain.inventory import Contended, Inventory
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from tests.domain.builders import MINUTE, NOW, buy, convert, extend, happen, hold, inventory, release, reservation


def adopt(
    stock: Inventory, *holds: Reservation, session: str = "guest", user: str = "ada", now: int = NOW
) -> list[LedgerEvent]:
    command = Adopt(reservation_ids=tuple(each.id for each in holds), session_id=session, user_id=user)
    return stock.adopt(command, now)


def test_a_guests_holds_become_the_users() -> None:
    stock = inventory()
    holds = [hold(stock), hold(stock)]
    adopted = happen(stock, adopt(stock, *holds))
    assert [(each.id, each.user_id, each.session_id) for each in adopted] == [
        (each.id, "ada", "guest") for each in holds
    ]
    assert [stock.holds[each.id] for each in holds] == adopted


def test_deciding_changes_nothing() -> None:
    stock = inventory()
    held = hold(stock)
    [event] = adopt(stock, held)
    assert isinstance(event, ReservationAdopted)
    assert stock.holds[held.id] == held


def test_neither_stock_nor_deadlines_are_touched() -> None:
    stock = inventory()
    held = hold(stock)
    before = stock.counters()
    [adopted] = happen(stock, adopt(stock, held))
    assert stock.counters() == before
    assert (adopted.expires_at, adopted.extensions) == (held.expires_at, held.extensions)


def test_adopting_again_finds_nothing_more() -> None:
    stock = inventory()
    held = hold(stock)
    happen(stock, adopt(stock, held))
    assert adopt(stock, held) == []
    assert adopt(stock, held, user="bob") == []


def test_holds_of_another_user_or_session_stay_as_they_are() -> None:
    stock = inventory()
    others = [hold(stock, user_id="bob"), hold(stock, session_id="elsewhere")]
    assert adopt(stock, *others) == []


def test_what_has_ended_is_passed_over() -> None:
    stock = inventory()
    bought, released, live = hold(stock), hold(stock), hold(stock)
    buy(stock, bought)
    happen(stock, stock.release(release(released), NOW))
    assert [event.reservation.id for event in adopt(stock, bought, released, live)] == [live.id]  # type: ignore[union-attr]


def test_an_overdue_hold_is_passed_over_however_late_its_timer_is() -> None:
    stock = inventory()
    held = hold(stock)
    assert adopt(stock, held, now=held.expires_at) == []
    assert len(adopt(stock, held, now=held.expires_at - 1)) == 1


def test_a_hold_that_a_purchase_has_claimed_is_waited_for() -> None:
    stock = inventory()
    held = hold(stock)
    claimed = stock.claim_holds([convert(held)], NOW)
    with pytest.raises(Contended):
        adopt(stock, held)
    stock.let_go_holds(claimed)
    assert len(adopt(stock, held)) == 1


def test_both_proofs_serve_afterwards() -> None:
    stock = inventory()
    held = hold(stock)
    happen(stock, adopt(stock, held))
    happen(stock, stock.extend(extend(held, MINUTE, Owner(user_id="ada")), NOW))
    [released] = happen(stock, stock.release(release(held), NOW))
    assert (released.status, released.user_id) == (ReservationStatus.CANCELLED, "ada")
    assert stock.counters().reserved == 0


@pytest.mark.parametrize("fields", [{"user_id": "bob"}, {"status": ReservationStatus.EXPIRED, "settled_at": NOW}])
def test_nobody_takes_over_what_is_somebodys_or_has_ended(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="becomes nobody's"):
        reservation(**fields).adopted_by("ada")
