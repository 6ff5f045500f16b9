"""The in-memory ledger counted, as :mod:`actor_ticketing.persistence.analytics` counts SQLite's."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from actor_ticketing.domain.analytics import Span, Tally
from actor_ticketing.domain.events import LedgerEvent, ReservationConverted, ReservationCreated
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.persistence.analytics import COUNTED


def tally_of(ledger: Iterable[LedgerEvent], reservations: Mapping[str, Reservation], span: Span) -> Tally:
    """Count what lies in the span."""
    happened: dict[tuple[int, str], tuple[int, int]] = {}
    fates: dict[Any, tuple[int, int]] = {}
    revenue: Counter[tuple[int, str]] = Counter()
    for event in ledger:
        held: Reservation | None = getattr(event, "reservation", None)
        if held is None or event.kind not in COUNTED or not span.takes(event.at, held.ticket_type_id):
            continue
        point = span.point_of(event.at)
        _add(happened, (point, event.kind), held.quantity)
        if isinstance(event, ReservationConverted):
            revenue[point, event.purchase.transaction.currency] += event.purchase.transaction.total_price
        if isinstance(event, ReservationCreated):
            _add(fates, reservations[held.id].status, held.quantity)
    return Tally(happened=happened, revenue=revenue, fates=fates)


def _add(counts: dict[Any, tuple[int, int]], key: Any, quantity: int) -> None:
    number, tickets = counts.get(key, (0, 0))
    counts[key] = (number + 1, tickets + quantity)
