import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.actors.holders import Holders
from actor_ticketing.domain.errors import HolderLimitReached
from actor_ticketing.domain.reservation import Reservation
from tests.domain.builders import reservation


def holders(*, per_session: int = 0, per_user: int = 0) -> Holders:
    return Holders(max_per_session=per_session, max_per_user=per_user)


def of(session_id: str, user_id: str | None = None) -> Reservation:
    return reservation(session_id=session_id, user_id=user_id)


def hold(held: Holders, session_id: str, user_id: str | None = None, places: int = 1) -> None:
    """Claim places and have the reservations committed."""
    assert held.claim(of(session_id, user_id), places)
    for _ in range(places):
        held.made(of(session_id, user_id))


def refusal(held: Holders, session_id: str, user_id: str | None = None, places: int = 1) -> object:
    with pytest.raises(HolderLimitReached) as refused:
        held.claim(of(session_id, user_id), places)
    return refused.value.details


def test_a_session_can_hold_as_many_reservations_as_it_may_have() -> None:
    held = holders(per_session=3)
    hold(held, "s1")
    hold(held, "s1", places=2)


def test_one_more_is_refused_and_the_refusal_names_the_limit() -> None:
    held = holders(per_session=3)
    hold(held, "s1", places=3)
    assert refusal(held, "s1") == {"limit": 3, "scope": "session"}


def test_a_request_for_more_than_the_limit_is_refused_at_once() -> None:
    assert refusal(holders(per_session=3), "s1", places=4) == {"limit": 3, "scope": "session"}


def test_a_request_that_hangs_on_others_under_way_is_neither_taken_nor_refused() -> None:
    held = holders(per_session=3)
    assert held.claim(of("s1"), 2)
    assert not held.claim(of("s1"), 2)
    assert held.claim(of("s1"), 1)


def test_it_is_refused_once_the_others_are_committed() -> None:
    held = holders(per_session=1)
    hold(held, "s1")
    refusal(held, "s1")


def test_it_is_taken_once_the_others_have_been_turned_down() -> None:
    held = holders(per_session=1)
    assert held.claim(of("s1"), 1)
    held.give_back(of("s1"), 1)
    assert held.claim(of("s1"), 1)


def test_sessions_do_not_share_their_places() -> None:
    held = holders(per_session=1)
    hold(held, "s1")
    hold(held, "s2")


def test_a_user_is_limited_over_all_sessions() -> None:
    held = holders(per_user=2)
    hold(held, "s1", "u1")
    hold(held, "s2", "u1")
    assert refusal(held, "s3", "u1") == {"limit": 2, "scope": "user"}


def test_a_guest_without_a_user_has_only_the_limit_of_the_session() -> None:
    hold(holders(per_session=5, per_user=1), "s1", places=5)


def test_a_user_who_is_refused_costs_the_session_nothing() -> None:
    held = holders(per_session=1, per_user=1)
    hold(held, "s1", "u1")
    refusal(held, "s2", "u1")
    hold(held, "s2", "u2")


def test_a_session_that_is_refused_costs_the_user_nothing() -> None:
    held = holders(per_session=1, per_user=2)
    hold(held, "s1", "u1")
    refusal(held, "s1", "u1")
    hold(held, "s2", "u1")


def test_a_user_and_a_session_of_the_same_name_are_two_holders() -> None:
    held = holders(per_session=1, per_user=1)
    hold(held, "same")
    hold(held, "other", "same")


def test_a_reservation_that_ends_frees_its_place() -> None:
    held = holders(per_session=2, per_user=2)
    hold(held, "s1", "u1", 2)
    held.ended(of("s1", "u1"))
    hold(held, "s1", "u1")
    refusal(held, "s1", "u1")


def test_a_limit_of_zero_is_no_limit() -> None:
    held = holders(per_session=0, per_user=0)
    assert not held.are_limited
    hold(held, "s1", "u1", 1_000)


def test_recovered_holds_take_a_place_each_whatever_their_quantity() -> None:
    held = holders(per_session=2, per_user=2)
    held.recover(reservation(session_id="s1", user_id="u1", quantity=8))
    hold(held, "s1")
    refusal(held, "s1")
    hold(held, "s2", "u1")
    refusal(held, "s3", "u1")


def test_recovery_counts_more_holds_than_a_lowered_limit_allows() -> None:
    held = holders(per_session=1)
    for _ in range(3):
        held.recover(of("s1"))
    for _ in range(2):
        held.ended(of("s1"))
    refusal(held, "s1")
    held.ended(of("s1"))
    hold(held, "s1")


def test_holders_that_hold_nothing_any_more_are_forgotten() -> None:
    held = holders(per_session=1, per_user=1)
    for each in range(1_000):
        hold(held, f"s{each}", f"u{each}")
        held.ended(of(f"s{each}", f"u{each}"))
    assert len(held._claimed) == len(held._committed) == 0


def test_being_refused_leaves_no_trace_of_a_holder() -> None:
    held = holders(per_session=1, per_user=1)
    refusal(held, "s1", "u1", 2)
    assert len(held._claimed) == len(held._committed) == 0


MOVES = st.tuples(
    st.sampled_from(["claim", "make", "give back", "end"]),
    st.sampled_from(["s1", "s2"]),
    st.sampled_from([None, "u1"]),
    st.integers(1, 3),
)


@given(moves=st.lists(MOVES, max_size=60))
def test_no_holder_ever_has_more_places_than_it_may(moves: list[tuple[str, str, str | None, int]]) -> None:
    held = holders(per_session=4, per_user=5)
    claimed: list[tuple[str, str | None, int]] = []
    made: list[tuple[str, str | None, int]] = []
    for move, session_id, user_id, places in moves:
        if move == "make" and claimed:
            made.append(claimed.pop(0))
            for _ in range(made[-1][2]):
                held.made(of(*made[-1][:2]))
        elif move == "give back" and claimed:
            session, user, number = claimed.pop(0)
            held.give_back(of(session, user), number)
        elif move == "end" and made:
            session, user, number = made.pop(0)
            for _ in range(number):
                held.ended(of(session, user))
        elif fits(made, session_id, user_id, places):
            taken = held.claim(of(session_id, user_id), places)
            assert taken is fits(claimed + made, session_id, user_id, places)
            if taken:
                claimed.append((session_id, user_id, places))
        else:
            refusal(held, session_id, user_id, places)


def fits(held: list[tuple[str, str | None, int]], session_id: str, user_id: str | None, places: int) -> bool:
    of_session = sum(each for session, _, each in held if session == session_id)
    of_user = sum(each for _, user, each in held if user == user_id)
    return of_session + places <= 4 and (user_id is None or of_user + places <= 5)
