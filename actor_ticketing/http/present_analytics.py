"""How sales go, as a chart and a funnel take it."""

from collections import Counter
from collections.abc import Mapping

from actor_ticketing.domain import events
from actor_ticketing.domain.analytics import Amount, Span, Tally
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.http.present import Json

_NAMES = {
    "reserved": events.ReservationCreated.kind,
    "sold": events.ReservationConverted.kind,
    "expired": events.ReservationExpired.kind,
    "cancelled": events.ReservationCancelled.kind,
}
_FATES = {
    "purchased": ReservationStatus.CONVERTED,
    "expired": ReservationStatus.EXPIRED,
    "cancelled": ReservationStatus.CANCELLED,
    "live": ReservationStatus.ACTIVE,
}


def sales(span: Span, tally: Tally, now: int, *, complete_from: int | None) -> Json:
    """Every point of the span, the empty ones included. What came before ``complete_from`` is archived and left out."""
    revenue: list[dict[str, int]] = [{} for _ in range(span.points)]
    total_revenue: Counter[str] = Counter()
    for (point, currency), amount in sorted(tally.revenue.items()):
        revenue[point][currency] = amount
        total_revenue[currency] += amount
    points = [
        {
            "at": rfc3339(span.start + point * span.bucket),
            **{name: _amount(tally.happened.get((point, kind), (0, 0))) for name, kind in _NAMES.items()},
            "revenue": revenue[point],
        }
        for point in range(span.points)
    ]
    totals = {name: _sum(tally.happened, kind) for name, kind in _NAMES.items()}
    fates = {name: _amount(tally.fates.get(status, (0, 0))) for name, status in _FATES.items()}
    held = {unit: sum(fate[unit] for fate in fates.values()) for unit in ("reservations", "tickets")}
    return {
        "from": rfc3339(span.start),
        "to": rfc3339(span.end),
        "bucketSeconds": span.bucket // 1_000,
        "points": points,
        "totals": {**totals, "revenue": total_revenue},
        "funnel": {"held": held, **fates},
        "completeFrom": None if complete_from is None else rfc3339(complete_from),
        "serverTime": rfc3339(now),
    }


def _amount(amount: Amount) -> dict[str, int]:
    return {"reservations": amount[0], "tickets": amount[1]}


def _sum(happened: Mapping[tuple[int, str], Amount], wanted: str) -> dict[str, int]:
    amounts = [amount for (_, kind), amount in happened.items() if kind == wanted]
    return _amount((sum(number for number, _ in amounts), sum(tickets for _, tickets in amounts)))
