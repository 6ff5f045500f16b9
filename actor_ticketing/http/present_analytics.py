"""How sales go, as charts and a funnel take it."""

from collections.abc import Callable, Mapping

from actor_ticketing.domain import events
from actor_ticketing.domain.analytics import Span, Sums, Tally, folded
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.rates import MINUTE_MS, SECOND_MS, bins, peak, percentile
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.http.present import Json, instant_or_none

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
_NONE = (0, 0)


def sales(span: Span, tally: Tally, now: int, *, complete_from: int | None) -> Json:
    """Every point of the span, the empty ones included, and all that can be said of the whole.

    :param complete_from: what came before (ms since the epoch) is archived and left out; None: nothing is.
    """
    happened = folded(tally.happened, 1)
    return {
        "from": rfc3339(span.start),
        "to": rfc3339(span.end),
        "bucketSeconds": span.bucket // 1_000,
        "points": _points(span, tally),
        "totals": {
            **{name: _amount(happened.get((kind,), _NONE)) for name, kind in _NAMES.items()},
            "revenue": _money(folded(tally.revenue, 1)),
        },
        "funnel": _funnel(tally),
        "conversion": _conversion(tally),
        "timeToPurchase": _time_to_purchase(tally),
        "extensions": _extensions(tally),
        "lostTicketMinutes": round(sum(lost for (lost,) in tally.lost.values()) / MINUTE_MS, 2),
        "peak": {"second": _peak(tally, SECOND_MS), "minute": _peak(tally, MINUTE_MS)},
        "ticketTypes": _ticket_types(tally),
        "completeFrom": instant_or_none(complete_from),
        "serverTime": rfc3339(now),
    }


def _points(span: Span, tally: Tally) -> list[Json]:
    revenue: list[dict[str, int]] = [{} for _ in range(span.points)]
    for (point, currency), (amount,) in sorted(tally.revenue.items()):
        revenue[point][currency] = amount
    return [
        {
            "at": rfc3339(span.start + point * span.bucket),
            **{name: _amount(tally.happened.get((point, kind), _NONE)) for name, kind in _NAMES.items()},
            "revenue": revenue[point],
        }
        for point in range(span.points)
    ]


def _funnel(tally: Tally) -> Json:
    fates = folded(tally.fates, 0)
    return {
        "held": _fated(tally, lambda _: True),
        **{name: _amount(fates.get((status,), _NONE)) for name, status in _FATES.items()},
    }


def _fated(tally: Tally, takes: Callable[[str], bool], *, extended: int | None = None) -> Json:
    """The holds whose status is taken; only those that have been extended (1), or have not (0)."""
    found = [
        amounts
        for (status, was_extended), amounts in tally.fates.items()
        if takes(status) and extended in {None, was_extended}
    ]
    return {"reservations": sum(each[0] for each in found), "tickets": sum(each[1] for each in found)}


def _is_settled(status: str) -> bool:
    return status != ReservationStatus.ACTIVE


def _is_purchased(status: str) -> bool:
    return status == ReservationStatus.CONVERTED


def _conversion(tally: Tally) -> Json:
    purchased = _fated(tally, _is_purchased)["reservations"]

    def share_of(takes: Callable[[str], bool]) -> float | None:
        whole = _fated(tally, takes)["reservations"]
        return round(purchased / whole, 4) if whole else None

    return {"ofSettled": share_of(_is_settled), "ofHeld": share_of(lambda _: True)}


def _time_to_purchase(tally: Tally) -> Json:
    waits = {seconds: count for (seconds,), (count,) in tally.waits.items()}
    width, found = bins(waits)
    return {
        "purchases": sum(waits.values()),
        "p50Seconds": percentile(waits, 50),
        "p90Seconds": percentile(waits, 90),
        "binSeconds": width,
        "bins": found,
    }


def _extensions(tally: Tally) -> Json:
    def fates(extended: int) -> Json:
        return {
            "held": _fated(tally, lambda _: True, extended=extended),
            "settled": _fated(tally, _is_settled, extended=extended),
            "purchased": _fated(tally, _is_purchased, extended=extended),
        }

    return {
        "granted": sum(extensions for _, _, extensions in tally.fates.values()),
        "extended": fates(1),
        "notExtended": fates(0),
        "brought": _sold(tally.brought),
    }


def _peak(tally: Tally, unit: int) -> Json | None:
    found = peak(tally.rates, unit)
    return None if found is None else {"at": rfc3339(found.at), "tickets": found.tickets}


def _ticket_types(tally: Tally) -> list[Json]:
    types: dict[str, Sums] = {}
    for (ticket_type_id, currency), amounts in sorted(tally.takings.items()):
        types[ticket_type_id] = {**types.get(ticket_type_id, {}), (currency,): amounts}
    return [{"ticketTypeId": ticket_type_id, **_sold(sums)} for ticket_type_id, sums in types.items()]


def _sold(sums: Sums) -> Json:
    """Reservations, tickets and amount, by currency."""
    return {
        "reservations": sum(each[0] for each in sums.values()),
        "tickets": sum(each[1] for each in sums.values()),
        "revenue": _money({key: each[2:] for key, each in sums.items()}),
    }


def _money(sums: Sums) -> Mapping[str, int]:
    return {currency: amount for (currency,), (amount,) in sorted(sums.items())}


def _amount(amounts: tuple[int, ...]) -> dict[str, int]:
    return {"reservations": amounts[0], "tickets": amounts[1]}
