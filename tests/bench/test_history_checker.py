"""The checker accepts what a correct service can have answered, and refuses what none can."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from bench.history.checker import HistoryRefused, Proof, check
from bench.history.ledger import Row
from bench.history.operations import CANCELLED, CONVERTED, CREATED, EXTENDED, Change, Operation, Shortage, Stock

EXPIRED = "reservation.expired"


def row(seq: int, kind: str, reservation_id: str, *, at: int = 0, quantity: int = 2, **data: Any) -> Row:
    return Row(
        seq=seq,
        at=at,
        kind=kind,
        ticket_type_id="tt",
        reservation_id=reservation_id,
        data={"quantity": quantity, **data},
    )


def ledger() -> list[Row]:
    """Ten tickets: `a` is held, extended, bought; one request holds `b` and `c`; `b` is cancelled, `c` expires."""
    return [
        Row(seq=1, at=0, kind="ticket_type.created", ticket_type_id="tt", data={"total": 10}),
        row(2, CREATED, "a", expiresAt=100),
        row(3, EXTENDED, "a", expiresAt=200),
        row(4, CREATED, "b", expiresAt=100),
        row(5, CREATED, "c", expiresAt=100),
        row(6, CONVERTED, "a", at=150),
        row(7, CANCELLED, "b", at=99),
        row(8, EXPIRED, "c", at=100),
    ]


def change(kind: str, *reservation_ids: str, seq: int, at: float, lasts: float = 0.5, **more: Any) -> Operation:
    done = [Change(kind=kind, reservation_id=each, ticket_type_id="tt", quantity=2) for each in reservation_ids]
    asked = [Change(kind=kind, reservation_id=None, ticket_type_id="tt", quantity=2)] * len(done)
    if kind != CREATED:
        asked = [Change(kind=kind, reservation_id=each) for each in reservation_ids]
    facts = {"name": f"{kind} {reservation_ids}", "start": at, "end": at + lasts, "seq": seq}
    return Operation(**{**facts, "asked": tuple(asked), "done": tuple(done), **more})


def look(seq: int, sold: int, reserved: int, *, at: float, lasts: float = 0.5) -> Operation:
    shown = Stock(ticket_type_id="tt", total=10, sold=sold, reserved=reserved, available=10 - sold - reserved)
    return Operation(name=f"look at {seq}", start=at, end=at + lasts, seq=seq, stocks=(shown,))


def history() -> list[Operation]:
    return [
        look(1, 0, 0, at=0),
        change(CREATED, "a", seq=2, at=1),
        change(EXTENDED, "a", seq=3, at=2),
        change(CREATED, "c", "b", seq=5, at=3),
        look(5, 0, 6, at=4),
        change(CONVERTED, "a", seq=6, at=5),
        change(CANCELLED, "b", seq=7, at=6),
        look(7, 2, 2, at=7),
        look(8, 2, 0, at=8),
    ]


def swapped(index: int, *new: Operation) -> list[Operation]:
    """The history with one operation replaced."""
    operations = history()
    operations[index : index + 1] = new
    return operations


def doubt(operation: Operation) -> Operation:
    """The same request, whose answer never came."""
    return Operation(name=operation.name, start=operation.start, asked=operation.asked, key=operation.key)


def refused(operations: Sequence[Operation], rows: Sequence[Row] | None = None) -> str:
    with pytest.raises(HistoryRefused) as found:
        check(operations, ledger() if rows is None else rows, complete_from=1)
    return str(found.value)


def test_a_right_history_is_proved_and_counted() -> None:
    proof = check(history(), ledger(), complete_from=1)
    assert proof == Proof(changes=5, reads=4, in_doubt=0, entries=8)
    assert "5 changes and 4 reads" in proof.sentence


def test_the_order_in_which_a_history_was_taken_down_does_not_matter() -> None:
    check(history()[::-1], ledger(), complete_from=1)


def test_requests_that_overlap_may_stand_in_either_order() -> None:
    check(swapped(1, change(CREATED, "a", seq=2, at=1, lasts=9)), ledger(), complete_from=1)
    check(swapped(6, change(CANCELLED, "b", seq=7, at=4.1, lasts=9)), ledger(), complete_from=1)


def test_an_answer_that_never_came_may_have_been_carried_out_or_not() -> None:
    check(swapped(5, doubt(history()[5])), ledger(), complete_from=1)
    check([*history(), doubt(change(CREATED, "z", seq=9, at=9))], ledger(), complete_from=1)


def test_what_others_did_is_no_problem_in_a_history_that_does_not_claim_to_be_complete() -> None:
    check(swapped(1), ledger())
    assert "entry 2" in refused(swapped(1))


def test_what_an_operator_did_is_nobodys_request() -> None:
    rows = ledger()
    rows[6] = row(7, CANCELLED, "b", at=99, by="admin")
    check(swapped(6), rows, complete_from=1)


def test_a_repeated_answer_stands_where_the_first_did() -> None:
    first, again = change(CREATED, "a", seq=2, at=1, key="k"), change(CREATED, "a", seq=2, at=9, key="k")
    check([*swapped(1, first), again], ledger(), complete_from=1)
    check([*swapped(1, doubt(first)), again], ledger(), complete_from=1)


def test_a_refusal_with_the_stock_as_it_was_is_right() -> None:
    short = Shortage(ticket_type_id="tt", requested=9, available=8)
    check([*history(), Operation(name="no", start=9, end=9.5, seq=8, shortage=short)], ledger(), complete_from=1)


@pytest.mark.parametrize(
    ("operations", "says"),
    [
        (swapped(4, look(5, 0, 4, at=4)), "showed .* where it is"),
        (swapped(4, look(4, 0, 4, at=4)), "in the midst of"),
        (swapped(3, change(CREATED, "c", seq=5, at=3), change(CREATED, "b", seq=5, at=3)), "was told"),
        (swapped(1, change(CREATED, "a", seq=2, at=1), change(CREATED, "a", seq=2, at=1)), "both told"),
        (swapped(1, change(CREATED, "a", seq=9, at=1)), "the ledger ends at 8"),
        (swapped(1, change(CREATED, "a", seq=3, at=1)), "was told"),
        (swapped(1, change(CREATED, "a", seq=2, at=1, done=(Change(kind=CREATED, reservation_id="x"),))), "was told"),
    ],
)
def test_an_answer_that_the_ledger_does_not_explain_is_refused(operations: list[Operation], says: str) -> None:
    assert re.search(says, refused(operations))


def test_an_answer_that_does_not_say_where_it_stands_is_refused() -> None:
    silent = Operation(name="silent", start=1, end=2, asked=history()[1].asked, done=history()[1].done)
    assert "without saying where" in refused(swapped(1, silent))


@pytest.mark.parametrize(
    ("index", "late"),
    [
        (8, look(7, 2, 2, at=9)),
        (0, look(1, 0, 0, at=1.6)),
        (2, change(EXTENDED, "a", seq=3, at=3.6)),
        (5, change(CONVERTED, "a", seq=6, at=7.6)),
    ],
    ids=["a read goes back", "a read misses an acknowledged change", "changes swapped", "a read saw it too early"],
)
def test_an_answer_from_before_what_it_stands_behind_was_asked_for_is_refused(index: int, late: Operation) -> None:
    operations = history()
    if index == 8:
        operations.append(late)
    else:
        operations[index] = late
    assert "though it was sent" in refused(operations)


def test_a_read_that_shows_a_change_before_it_was_asked_for_is_refused() -> None:
    assert "though it was sent" in refused([*history(), look(2, 0, 2, at=0.1, lasts=0.2)])


def test_two_answers_to_one_key_are_refused() -> None:
    first = change(CREATED, "a", seq=2, at=1, key="k")
    second = change(CREATED, "b", "c", seq=5, at=3, key="k")
    operations = swapped(1, first)
    operations[3] = second
    assert "carried out twice for one key" in refused(operations)


def test_a_request_that_was_refused_and_carried_out_all_the_same_is_found() -> None:
    told_no = Operation(name="no", start=1, end=2, asked=history()[1].asked)
    assert "nobody's request" in refused(swapped(1, told_no))


def test_a_request_without_an_answer_explains_one_change_only() -> None:
    rows = [*ledger(), row(9, CREATED, "y", expiresAt=900), row(10, CREATED, "z", expiresAt=900)]
    lost = doubt(change(CREATED, "y", seq=9, at=9))
    check([*history(), lost, lost], rows, complete_from=1)
    assert "entry 10" in refused([*history(), lost], rows)


@pytest.mark.parametrize("available", [0, 7, 9, 10])
def test_a_refusal_that_was_not_needed_or_names_a_wrong_stock_is_found(available: int) -> None:
    short = Shortage(ticket_type_id="tt", requested=8 if available == 8 else 9, available=available)
    assert "was refused" in refused([*history(), Operation(name="no", start=9, end=9.5, seq=8, shortage=short)])


@pytest.mark.parametrize(
    ("position", "new", "says"),
    [
        (4, row(6, CREATED, "c", expiresAt=100), "has entry 6 where 5"),
        (7, row(8, EXPIRED, "c", at=99), "1 ms early"),
        (5, row(6, CONVERTED, "a", at=200), "after the deadline"),
        (6, row(7, CANCELLED, "b", at=101), "after the deadline"),
        (7, row(8, EXPIRED, "a", at=900), "not held like that"),
        (7, row(8, EXPIRED, "c", at=900, quantity=1), "not held like that"),
        (4, row(5, CREATED, "a", expiresAt=100), "for the second time"),
        (0, Row(seq=1, at=0, kind="ticket_type.created", ticket_type_id="tt", data={"total": 5}), "leaves tt with"),
    ],
)
def test_a_ledger_that_no_rule_allows_is_refused(position: int, new: Row, says: str) -> None:
    rows = ledger()
    rows[position] = new
    assert says in refused([], rows)


def test_only_the_first_problems_are_told_in_words() -> None:
    message = refused([look(8, 5, 5, at=9)] * 50)
    assert message.count("showed") == 20
    assert message.endswith("more")
