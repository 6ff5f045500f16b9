"""Sales figures said as simply as they can be: one dict for each hold, and everything found by looking at them all."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Hold = dict[str, Any]
"""``type``, ``quantity``, ``price`` of all, ``currency``, ``made`` (when), ``since`` (when it was made or restarted),
``deadline`` before its first extension, ``extensions``, ``status``, ``settled`` (when, or None)."""


def figures(holds: Sequence[Hold], start: int, end: int, bucket: int, types: frozenset[str] | None) -> dict[str, Any]:
    """What ``GET /api/admin/analytics`` says of a span, but for its own times. All in ms."""
    holds = [each for each in holds if types is None or each["type"] in types]
    made = [each for each in holds if start <= each["made"] < end]
    ended = [each for each in holds if each["settled"] is not None and start <= each["settled"] < end]
    sold = of(ended, "CONVERTED")
    edges = range(start, end, bucket)
    brought = [each for each in sold if each["extensions"] and each["settled"] >= each["deadline"]]
    lost = sum(each["quantity"] * (each["settled"] - each["since"]) for each in of(ended, "EXPIRED"))
    return {
        "points": [happened(holds, edge, min(edge + bucket, end)) for edge in edges],
        "totals": happened(holds, start, end),
        "funnel": {
            "held": amount(made),
            "purchased": amount(of(made, "CONVERTED")),
            "expired": amount(of(made, "EXPIRED")),
            "cancelled": amount(of(made, "CANCELLED")),
            "live": amount(of(made, "ACTIVE")),
        },
        "conversion": {"ofSettled": share(made, has_ended), "ofHeld": share(made, lambda _: True)},
        "times": times(sold),
        "extensions": {
            "granted": sum(each["extensions"] for each in made),
            "extended": fates([each for each in made if each["extensions"]]),
            "notExtended": fates([each for each in made if not each["extensions"]]),
            "brought": {**amount(brought), "revenue": revenue(brought)},
        },
        "lostTicketMinutes": round(lost / 60_000, 2),
        "peak": {"second": peak(made, 1_000), "minute": peak(made, 60_000)},
        "ticketTypes": [
            {"ticketTypeId": each, **amount(theirs), "revenue": revenue(theirs)}
            for each in sorted({each["type"] for each in sold})
            for theirs in [[hold for hold in sold if hold["type"] == each]]
        ],
    }


def of(holds: Iterable[Hold], status: str) -> list[Hold]:
    return [each for each in holds if each["status"] == status]


def has_ended(hold: Hold) -> bool:
    return hold["status"] != "ACTIVE"


def amount(holds: Sequence[Hold]) -> dict[str, int]:
    return {"reservations": len(holds), "tickets": sum(each["quantity"] for each in holds)}


def revenue(holds: Sequence[Hold]) -> dict[str, int]:
    return {
        currency: sum(each["price"] for each in holds if each["currency"] == currency)
        for currency in sorted({each["currency"] for each in holds})
    }


def happened(holds: Sequence[Hold], start: int, end: int) -> dict[str, Any]:
    ended = [each for each in holds if each["settled"] is not None and start <= each["settled"] < end]
    return {
        "reserved": amount([each for each in holds if start <= each["made"] < end]),
        "sold": amount(of(ended, "CONVERTED")),
        "expired": amount(of(ended, "EXPIRED")),
        "cancelled": amount(of(ended, "CANCELLED")),
        "revenue": revenue(of(ended, "CONVERTED")),
    }


def share(made: Sequence[Hold], takes: Callable[[Hold], bool]) -> float | None:
    whole = [each for each in made if takes(each)]
    return round(len(of(made, "CONVERTED")) / len(whole), 4) if whole else None


def fates(holds: Sequence[Hold]) -> dict[str, Any]:
    return {
        "held": amount(holds),
        "settled": amount([each for each in holds if has_ended(each)]),
        "purchased": amount(of(holds, "CONVERTED")),
    }


def times(sold: Sequence[Hold]) -> list[int]:
    """In whole seconds, rounded up, the shortest first."""
    return sorted(math.ceil((each["settled"] - each["since"]) / 1_000) for each in sold)


def peak(made: Sequence[Hold], unit: int) -> tuple[int, int] | None:
    """The beginning of the busiest second or minute, and how many tickets were reserved in it."""
    counts: Counter[int] = Counter()
    for each in sorted(made, key=lambda hold: hold["made"]):
        counts[each["made"] // unit * unit] += each["quantity"]
    return max(counts.items(), key=lambda found: (found[1], -found[0])) if counts else None
