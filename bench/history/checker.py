"""The proof of a history: there is one order of all changes that explains every answer that any client got.

That order is the ledger's, and each answer says where in it it stands (``X-Ledger-Seq``). So nothing has to be searched
for, and the proof takes time in proportion to history and ledger. It shows that

* the ledger is gapless, and each of its entries is legal after those before it, by a model of its own;
* what a client was told was done stands there, whole and once, and ends where its answer said;
* every counter that was shown, by availability, events or a refusal, is what the model has at that position, and none
  shows half of a bulk request;
* real time is kept: what was answered before another request was sent stands before what came of that one, and a read
  never goes back;
* nothing else stands there: a change that no answer tells of has a request whose answer never came, and what was
  refused with certainty left no trace.

Expiries, the catalogue and the operator's doings are nobody's request here. They are taken from the ledger, and judged
by the model alone: an expiry before its deadline, or a change after it, is found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.history.ledger import Model, Row
from bench.history.operations import CHANGES, CREATED, Change, Operation

PROBLEMS_MAX = 20


class HistoryRefused(Exception):
    """No order of changes explains what clients saw. The message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was looked at: requests that changed something, reads and refusals with counters, and ledger entries."""

    changes: int
    reads: int
    in_doubt: int
    entries: int

    @property
    def sentence(self) -> str:
        """For a report."""
        return (
            f"a history of {self.changes:,} changes and {self.reads:,} reads, and {self.in_doubt:,} requests without "
            f"an answer, is explained by the order of {self.entries:,} ledger entries"
        )


def check(operations: Sequence[Operation], ledger: Sequence[Row], *, complete_from: int | None = None) -> Proof:
    """Prove a history against the ledger that came of it.

    :param ledger: all of it, from its first entry.
    :param complete_from: the history has everything that clients asked for after this ledger position; None: it does
        not, so that entries nobody in it asked for are somebody else's.
    :raises HistoryRefused: when it cannot be.
    """
    merged = list(_one_for_each_key(operations))
    problems = [
        *_answered_twice(merged),
        *_unplaced(merged, ledger),
        *_replayed(merged, ledger),
        *_out_of_order(merged, ledger),
        *(() if complete_from is None else _unasked(merged, ledger, complete_from)),
    ]
    if problems:
        more = f"\n… and {len(problems) - PROBLEMS_MAX} more" if len(problems) > PROBLEMS_MAX else ""
        raise HistoryRefused("\n".join(problems[:PROBLEMS_MAX]) + more)
    return Proof(
        changes=sum(each.changes for each in merged),
        reads=sum(each.seq is not None and not each.changes for each in merged),
        in_doubt=sum(each.end is None and bool(each.asked) for each in merged),
        entries=len(ledger),
    )


def _one_for_each_key(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Make one of all tries with one Idempotency-Key: from the first request to the first answer that it was done."""
    tries: dict[str, list[Operation]] = defaultdict(list)
    for each in operations:
        if each.key is None:
            yield each
        else:
            tries[each.key].append(each)
    for of_key in tries.values():
        done = [each for each in of_key if each.changes]
        if not done:
            # Refusals were certain; if any answer is missing, that try is in doubt, and it stands for all.
            yield next((each for each in of_key if each.end is None), of_key[-1])
            continue
        first = min(done, key=lambda each: each.end or 0)
        start = min(each.start for each in of_key)
        yield replace(first, start=start)
        yield from (other for other in done if (other.seq, other.done) != (first.seq, first.done))


def _answered_twice(operations: Iterable[Operation]) -> Iterator[str]:
    seen: dict[str, Operation] = {}
    for each in operations:
        if each.key is None:
            continue
        if each.key in seen:
            yield f"{each.name} was carried out twice for one key: at {seen[each.key].seq} and at {each.seq}"
        seen[each.key] = each


def _unplaced(operations: Iterable[Operation], ledger: Sequence[Row]) -> Iterator[str]:
    """Answers that do not say where they stand, or stand where nothing is; and gaps."""
    for number, row in enumerate(ledger, 1):
        if row.seq != number:
            yield f"the ledger has entry {row.seq} where {number} should be"
            break
    for each in operations:
        if each.seq is None:
            if each.changes or each.stocks:
                yield f"{each.name} was answered without saying where in the ledger that stands"
        elif not 0 <= each.seq <= len(ledger):
            yield f"{each.name} stands at {each.seq}, and the ledger ends at {len(ledger)}"


def _replayed(operations: Iterable[Operation], ledger: Sequence[Row]) -> Iterator[str]:
    """Replay the ledger, and hold every answer against the state at its position."""
    at_seq: dict[int, list[Operation]] = defaultdict(list)
    owner: dict[int, Operation] = {}
    for each in operations:
        if each.seq is not None:
            at_seq[each.seq].append(each)
        if each.changes:
            yield from _claim(each, ledger, owner)
    model = Model()
    for each in at_seq[0]:
        yield from _shown(each, model)
    for row in ledger:
        yield from model.take(row)
        for each in at_seq.get(row.seq, ()):
            whole = owner.get(row.seq)
            if not each.changes and whole is not None and whole.seq != row.seq:
                yield f"{each.name} stands at {row.seq}, in the midst of what {whole.name} did"
            yield from _shown(each, model)


def _claim(each: Operation, ledger: Sequence[Row], owner: dict[int, Operation]) -> Iterator[str]:
    """Find the entries of one change, which are the last ones up to its position."""
    last = each.seq or 0
    rows = ledger[max(0, last - len(each.done)) : last]
    told = {(row.kind, row.reservation_id, row.ticket_type_id, row.data.get("quantity")) for row in rows}
    if told != {(done.kind, done.reservation_id, done.ticket_type_id, done.quantity) for done in each.done}:
        yield f"{each.name} was told {each.done}, and the ledger has {told} up to {last}"
        return
    for row in rows:
        if row.seq in owner:
            yield f"{each.name} and {owner[row.seq].name} were both told that entry {row.seq} is theirs"
        owner[row.seq] = each


def _shown(each: Operation, model: Model) -> Iterator[str]:
    for stock in each.stocks:
        if stock != model.stock(stock.ticket_type_id):
            yield f"{each.name} showed {stock} at {each.seq}, where it is {model.stock(stock.ticket_type_id)}"
    short = each.shortage
    if short is None:
        return
    there = model.stock(short.ticket_type_id)
    if there is None or there.available != short.available or short.requested <= short.available:
        yield f"{each.name} was refused for {short} at {each.seq}, where it is {there}"


def _out_of_order(operations: Iterable[Operation], ledger: Sequence[Row]) -> Iterator[str]:
    """Find answers that came before the request of one that stands earlier.

    From the last position down it is enough to know the earliest answer so far: if a request was sent after that, it
    should stand later.
    """
    at_seq: dict[int, list[Operation]] = defaultdict(list)
    for each in operations:
        if each.seq is not None and each.end is not None:
            at_seq[each.seq].append(each)
    earliest: Operation | None = None
    for seq in range(len(ledger), -1, -1):
        here = at_seq.get(seq, ())
        reads = [each for each in here if not each.changes]
        for each in reads:
            yield from _late(each, earliest)
        earliest = _first_answered(earliest, reads)
        changes = [each for each in here if each.changes]
        for each in changes:
            # A read at the same position saw it, so it may not have ended before it was asked for.
            yield from _late(each, earliest)
        earliest = _first_answered(earliest, changes)


def _first_answered(earliest: Operation | None, more: Sequence[Operation]) -> Operation | None:
    known = more if earliest is None else [earliest, *more]
    return min(known, key=lambda each: each.end or 0, default=None)


def _late(each: Operation, earliest: Operation | None) -> Iterator[str]:
    if earliest is not None and earliest.end is not None and earliest.end < each.start:
        yield (
            f"{each.name} stands at {each.seq}, though it was sent {each.start - earliest.end:.6f} s after the answer "
            f"to {earliest.name}, which stands at {earliest.seq}"
        )


def _unasked(operations: Iterable[Operation], ledger: Sequence[Row], after: int) -> Iterator[str]:
    """Find changes that nobody was told of, and that no request without an answer can have made."""
    in_doubt: Counter[tuple[str, str | None, str | None, int | None]] = Counter()
    claimed: set[int] = set()
    for each in operations:
        if each.end is None:
            in_doubt.update(_what(asked) for asked in each.asked)
        elif each.seq is not None:
            claimed.update(range(each.seq - len(each.done) + 1, each.seq + 1))
    for row in ledger[after:]:
        is_operators = "by" in row.data
        if row.kind not in CHANGES or row.seq in claimed or is_operators:
            continue
        what = _what(
            Change(
                kind=row.kind,
                reservation_id=row.reservation_id,
                ticket_type_id=row.ticket_type_id,
                quantity=row.data.get("quantity"),
            )
        )
        if not in_doubt[what]:
            yield f"entry {row.seq}, {row.kind} of {row.reservation_id}, is nobody's request that could have been met"
        in_doubt[what] -= 1


def _what(change: Change) -> tuple[str, str | None, str | None, int | None]:
    """What a change is known by: a new reservation by what is held, as nobody had its id yet; others by their id."""
    if change.kind == CREATED:
        return change.kind, None, change.ticket_type_id, change.quantity
    return change.kind, change.reservation_id, None, None
