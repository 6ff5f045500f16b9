"""Figures of many numbers: how often, how soon, how many at once."""

from collections.abc import Mapping, Sequence

from actor_ticketing.domain.analytics import Sums
from actor_ticketing.domain.values import value

SECOND_MS, MINUTE_MS = 1_000, 60_000

BORDER = 2
"""So many seconds (or minutes) at either end of a portion of the ledger may go on in its neighbours."""

_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400)
_BINS_MAX = 24


@value
class Peak:
    """The busiest second, or minute, of all. ``at``: its beginning, ms since the epoch."""

    at: int
    tickets: int


def notable(counts: Mapping[int, int]) -> dict[int, int]:
    """Return what has to be kept of the counts of consecutive numbers, to know the greatest count of several portions.

    :returns: the greatest, the first of several; and those at the border, which may go on in another portion.
    """
    if not counts:
        return {}
    low, high = min(counts) + BORDER, max(counts) - BORDER
    greatest = min(counts, key=lambda number: (-counts[number], number))
    return {number: count for number, count in counts.items() if number == greatest or not low <= number <= high}


def peak(rates: Sums, unit: int) -> Peak | None:
    """The greatest of the rates for a length of time, the first of several; None where nothing was reserved."""
    counts = {number: tickets for (length, number), (tickets,) in rates.items() if length == unit}
    if not counts:
        return None
    greatest = min(counts, key=lambda number: (-counts[number], number))
    return Peak(at=greatest * unit, tickets=counts[greatest])


def percentile(waits: Mapping[int, int], percent: int) -> int | None:
    """The least number that at least so many per cent are not above (nearest rank); None where there are none.

    :param waits: how often each number is there.
    """
    rank = -(-sum(waits.values()) * percent // 100)
    for number in sorted(waits):
        rank -= waits[number]
        if rank <= 0:
            return number
    return None


def bins(waits: Mapping[int, int]) -> tuple[int, Sequence[int]]:
    """Sort seconds into bins of one length, as few as can be looked at.

    :returns: the length of a bin in seconds, and how many are in each: above its beginning, up to its end. 0 is in the
        first.
    """
    longest = max(waits, default=0)
    width = next((each for each in _NICE_SECONDS if longest <= each * _BINS_MAX), -(-longest // _BINS_MAX))
    found = [0] * -(-longest // width) if longest else [0] * bool(waits)
    for seconds, count in waits.items():
        found[max(0, -(-seconds // width) - 1)] += count
    return width, found
