"""The order in which holds end, against the plainest way to find out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.deadlines import DeadlineQueue
from actor_ticketing.domain.reservation import Reservation
from tests.domain.builders import NOW, reservation

# Most fall into a few buckets of a second, some far off.
INSTANTS = st.one_of(st.integers(0, 5_000), st.integers(0, 10_000_000)).map(lambda each: NOW + each)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), INSTANTS),
        st.tuples(st.just("move"), INSTANTS),
        st.tuples(st.just("end"), st.integers(0, 50)),
        st.tuples(st.just("expire"), INSTANTS),
    ),
    max_size=60,
)


def earliest(holds: dict[str, Reservation]) -> int | None:
    return min((hold.expires_at for hold in holds.values()), default=None)


def first_deadline(queue: DeadlineQueue) -> int | None:
    first = queue.first()
    return None if first is None else first[0]


@given(STEPS)
def test_the_first_is_always_the_earliest_of_the_live_holds(steps: list[tuple[str, int]]) -> None:
    holds: dict[str, Reservation] = {}
    queue = DeadlineQueue(holds)
    for what, value in steps:
        if what == "add":
            hold = reservation(expires_at=value)
            holds[hold.id] = hold
            queue.add(hold)
        elif what == "move" and holds:
            hold = replace(next(iter(holds.values())), expires_at=value)
            holds[hold.id] = hold
            queue.add(hold)
        elif what == "end" and holds:
            del holds[list(holds)[value % len(holds)]]
        elif what == "expire":
            while (first := queue.first()) is not None and first[0] <= value:
                queue.take_first()
                holds.pop(first[1], None)
        queue.compact()
        assert first_deadline(queue) == earliest(holds)
        assert len(queue) <= 2 * len(holds) + 64


@given(st.lists(INSTANTS, max_size=40))
def test_a_queue_made_for_holds_that_are_there_knows_them(instants: list[int]) -> None:
    made = [reservation(expires_at=each) for each in instants]
    queue = DeadlineQueue({hold.id: hold for hold in made})
    taken = []
    while (first := queue.first()) is not None:
        taken.append(first[0])
        queue.take_first()
    assert taken == sorted(instants)
    assert len(queue) == 0


def test_what_was_taken_out_can_be_put_back() -> None:
    holds = {hold.id: hold for hold in (reservation(expires_at=NOW + each) for each in (5, 6, 9_000))}
    queue = DeadlineQueue(holds)
    first = queue.first()
    assert first is not None
    queue.take_first()
    assert first_deadline(queue) == NOW + 6
    queue.put_back([first])
    assert first_deadline(queue) == NOW + 5
    assert len(queue) == 3
