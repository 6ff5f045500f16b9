"""The in-memory ledger counted, as :mod:`actor_ticketing.persistence.analytics` counts SQLite's."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from actor_ticketing.domain.analytics import Span, Tally
from actor_ticketing.domain.events import (
    LedgerEvent,
    ReservationConverted,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationRescheduled,
)
from actor_ticketing.domain.rates import MINUTE_MS, SECOND_MS, notable
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.persistence.analytics import COUNTED


class _Counts:
    """A tally under way."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[tuple[Any, ...], tuple[int, ...]]] = defaultdict(dict)
        self.rates: dict[int, Counter[int]] = {SECOND_MS: Counter(), MINUTE_MS: Counter()}

    def add(self, name: str, key: tuple[Any, ...], *amounts: int) -> None:
        before = self.sums[name].get(key, (0,) * len(amounts))
        self.sums[name][key] = tuple(a + b for a, b in zip(before, amounts, strict=True))

    def tally(self) -> Tally:
        for unit, counts in self.rates.items():
            for number, tickets in notable(counts).items():
                self.add("rates", (unit, number), tickets)
        return Tally(**self.sums)


def tally_of(
    ledger: Sequence[LedgerEvent], reservations: Mapping[str, Reservation], span: Span, after: int, until: int
) -> Tally:
    """Count what lies in the span, of the entries after one position and up to another."""
    counts = _Counts()
    deadlines = _first_deadlines(ledger)
    for event in ledger[after:until]:
        held: Reservation | None = getattr(event, "reservation", None)
        if held is None or event.kind not in COUNTED or not span.takes(event.at, held.ticket_type_id):
            continue
        point = span.point_of(event.at)
        counts.add("happened", (point, event.kind), 1, held.quantity)
        if isinstance(event, ReservationConverted):
            _sold(counts, event, point, deadlines[held.id])
        elif isinstance(event, ReservationCreated):
            now = reservations[held.id]
            counts.add("fates", (now.status, int(now.extensions > 0)), 1, held.quantity, now.extensions)
            for unit, tickets in counts.rates.items():
                tickets[event.at // unit] += held.quantity
        elif isinstance(event, ReservationExpired):
            counts.add("lost", (held.ticket_type_id,), held.quantity * (event.at - held.reserved_at))
    return counts.tally()


def _sold(counts: _Counts, event: ReservationConverted, point: int, first_deadline: int) -> None:
    held, sale = event.reservation, event.purchase.transaction
    amounts = (1, sale.quantity, sale.total_price)
    counts.add("revenue", (point, sale.currency), sale.total_price)
    counts.add("takings", (held.ticket_type_id, sale.currency), *amounts)
    counts.add("waits", (-(-(event.at - held.reserved_at) // 1_000),), 1)
    if held.extensions and event.at >= first_deadline:
        counts.add("brought", (sale.currency,), *amounts)


def _first_deadlines(ledger: Iterable[LedgerEvent]) -> Mapping[str, int]:
    """The deadline that each hold had before its first extension, by id."""
    deadlines: dict[str, int] = {}
    extended: set[str] = set()
    for event in ledger:
        if isinstance(event, ReservationExtended):
            extended.add(event.reservation.id)
        elif isinstance(event, ReservationCreated | ReservationRescheduled) and event.reservation.id not in extended:
            deadlines[event.reservation.id] = event.reservation.expires_at
    return deadlines
