from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.actors.deadlines import Deadlines

KEYS = st.sampled_from(["tt_a", "tt_b", "tt_c", "tt_d"])
INSTANTS = st.integers(0, 12)
MOVES = st.one_of(
    st.tuples(st.just("set"), KEYS, st.none() | INSTANTS),
    st.tuples(st.just("bring_forward"), KEYS, INSTANTS),
    st.tuples(st.just("pop_due"), st.just(""), INSTANTS),
)


def test_without_deadlines_nothing_is_due() -> None:
    deadlines = Deadlines()
    assert deadlines.earliest() is None
    assert deadlines.pop_due(10**15, limit=1000) == []


def test_the_earliest_deadline_of_all_is_the_next_one() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_a", 30)
    deadlines.set("tt_b", 10)
    deadlines.set("tt_c", 20)
    assert deadlines.earliest() == 10


def test_a_ticket_type_is_due_at_its_deadline_and_not_before() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_a", 10)
    assert deadlines.pop_due(9, limit=1000) == []
    assert deadlines.pop_due(10, limit=1000) == ["tt_a"]


def test_what_is_due_comes_earliest_first_and_only_once() -> None:
    deadlines = Deadlines()
    for ticket_type_id, deadline in [("tt_a", 30), ("tt_b", 10), ("tt_c", 20), ("tt_d", 40)]:
        deadlines.set(ticket_type_id, deadline)
    assert deadlines.pop_due(30, limit=1000) == ["tt_b", "tt_c", "tt_a"]
    assert deadlines.pop_due(30, limit=1000) == []
    assert deadlines.earliest() == 40


def test_a_new_deadline_replaces_the_old_one_whether_earlier_or_later() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_a", 20)
    deadlines.set("tt_a", 30)
    assert (deadlines.earliest(), deadlines.pop_due(29, limit=1000)) == (30, [])
    deadlines.set("tt_a", 10)
    assert deadlines.pop_due(10, limit=1000) == ["tt_a"]
    assert deadlines.pop_due(30, limit=1000) == []


def test_a_deadline_that_is_set_back_to_what_it_was_is_due_once() -> None:
    deadlines = Deadlines()
    for deadline in (10, 20, 10):
        deadlines.set("tt_a", deadline)
    assert deadlines.pop_due(20, limit=1000) == ["tt_a"]
    assert deadlines.earliest() is None


def test_none_takes_a_deadline_out() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_a", 10)
    deadlines.set("tt_b", 20)
    deadlines.set("tt_a", None)
    assert deadlines.earliest() == 20
    deadlines.set("tt_never_seen", None)
    assert deadlines.pop_due(20, limit=1000) == ["tt_b"]


def test_what_was_taken_out_as_due_can_get_the_same_deadline_again() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_a", 10)
    deadlines.pop_due(10, limit=1000)
    deadlines.set("tt_a", 10)
    assert deadlines.pop_due(10, limit=1000) == ["tt_a"]


def test_bringing_forward_never_makes_a_deadline_later() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_a", 20)
    deadlines.bring_forward("tt_a", 30)
    assert deadlines.earliest() == 20
    deadlines.bring_forward("tt_a", 10)
    assert deadlines.earliest() == 10


def test_bringing_forward_sets_the_deadline_of_a_ticket_type_that_has_none() -> None:
    deadlines = Deadlines()
    deadlines.bring_forward("tt_a", 30)
    assert deadlines.earliest() == 30


def test_a_deadline_that_moves_ten_thousand_times_leaves_no_growing_memory() -> None:
    deadlines = Deadlines()
    deadlines.set("tt_b", 99_999)
    for deadline in range(10_000):
        deadlines.set("tt_a", deadline)
    assert len(deadlines._heap) < 100
    assert deadlines.pop_due(99_999, limit=1000) == ["tt_a", "tt_b"]


@given(moves=st.lists(MOVES, max_size=150))
def test_deadlines_behave_as_a_dictionary_that_is_searched_every_time(
    moves: list[tuple[str, str, int | None]],
) -> None:
    deadlines, plain = Deadlines(), dict[str, int]()
    for move, key, instant in moves:
        if move == "set":
            deadlines.set(key, instant)
            plain.pop(key, None)
            if instant is not None:
                plain[key] = instant
        elif instant is not None and move == "bring_forward":
            deadlines.bring_forward(key, instant)
            plain[key] = min(instant, plain.get(key, instant))
        elif instant is not None:
            due = sorted((deadline, each) for each, deadline in plain.items() if deadline <= instant)
            assert deadlines.pop_due(instant, limit=1000) == [each for _, each in due]
            for _, each in due:
                del plain[each]
        assert deadlines.earliest() == min(plain.values(), default=None)


def test_no_more_are_taken_out_than_there_is_room_for() -> None:
    deadlines = Deadlines()
    for number in range(5):
        deadlines.set(f"tt_{number}", number)
    assert deadlines.pop_due(3, limit=0) == []
    assert deadlines.pop_due(3, limit=3) == ["tt_0", "tt_1", "tt_2"]
    assert deadlines.pop_due(3, limit=3) == ["tt_3"]
