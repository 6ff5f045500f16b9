"""The live holds: whose they are."""

from collections.abc import Iterable

import pytest

from actor_ticketing.actors.live import LiveHolds
from actor_ticketing.domain.reservation import Owner, Reservation
from tests.domain.builders import MINUTE, NOW, reservation


def live(holds: Iterable[Reservation]) -> LiveHolds:
    index = LiveHolds()
    for hold in holds:
        index.add(hold)
    return index


def test_an_owner_without_holds_has_none() -> None:
    index = live([reservation(session_id="s", user_id="u")])
    for owner in (Owner(session_id="t"), Owner(user_id="v"), Owner()):
        assert index.of(owner, NOW) == []


def test_holds_come_oldest_first_and_by_id_within_an_instant() -> None:
    holds = [reservation(session_id="s", reserved_at=NOW + number % 7) for number in range(25)]
    holds = holds[::3] + holds[1::3] + holds[2::3]
    expected = sorted(holds, key=lambda hold: (hold.reserved_at, hold.id))
    assert live(holds).of(Owner(session_id="s"), NOW) == expected


def test_a_session_goes_before_a_user() -> None:
    mine, other = reservation(session_id="s", user_id="u"), reservation(session_id="t", user_id="u")
    index = live([mine, other])
    assert index.of(Owner(session_id="s", user_id="u"), NOW) == [mine]
    assert index.of(Owner(user_id="u"), NOW) == [mine, other]


def test_a_hold_of_a_user_whose_name_is_anothers_session_is_not_taken_for_theirs() -> None:
    index = live([reservation(session_id="same", user_id=None), reservation(session_id="s", user_id="same")])
    assert len(index.of(Owner(session_id="same"), NOW)) == 1
    assert len(index.of(Owner(user_id="same"), NOW)) == 1


def test_overdue_holds_are_left_out() -> None:
    short, long = (reservation(session_id="s", expires_at=NOW + each * MINUTE) for each in (1, 2))
    index = live([short, long])
    assert index.of(Owner(session_id="s"), short.expires_at - 1) == [short, long]
    assert index.of(Owner(session_id="s"), short.expires_at) == [long]


def test_a_hold_that_was_extended_is_shown_with_its_new_deadline() -> None:
    hold = reservation(session_id="s")
    index = live([hold])
    extended = hold.moved_to(hold.expires_at + 1, extensions=1)
    index.replace(extended)
    assert index.of(Owner(session_id="s"), NOW) == [extended]


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_nothing_is_left_of_holds_that_have_ended(number: int) -> None:
    holds = [reservation(session_id="s", user_id="u") for _ in range(number)]
    index = live(holds)
    holds = holds[::2] + holds[1::2]
    while holds:
        index.remove(holds.pop())
        assert {each.id for each in index.of(Owner(session_id="s"), NOW)} == {each.id for each in holds}
        assert {each.id for each in index.of(Owner(user_id="u"), NOW)} == {each.id for each in holds}
    assert all(not getattr(index, name) for name in LiveHolds.__slots__)
