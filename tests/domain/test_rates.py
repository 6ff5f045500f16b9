"""Figures of many numbers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.rates import MINUTE_MS, SECOND_MS, Peak, bins, notable, peak, percentile

waits = st.dictionaries(st.integers(0, 5_000), st.integers(1, 5))


@pytest.mark.parametrize(
    ("numbers", "percent", "expected"),
    [([7], 50, 7), ([1, 2], 50, 1), ([1, 2, 3], 50, 2), ([1, 2, 3, 4], 90, 4), (range(1, 11), 90, 9), ([], 50, None)],
)
def test_a_percentile_is_the_nearest_rank(numbers: list[int], percent: int, expected: int | None) -> None:
    assert percentile(dict.fromkeys(numbers, 1), percent) == expected


@given(waits, st.integers(1, 100))
def test_a_percentile_is_that_of_all_numbers_in_a_row(found: dict[int, int], percent: int) -> None:
    row = sorted(number for number, count in found.items() for _ in range(count))
    expected = row[-(-len(row) * percent // 100) - 1] if row else None
    assert percentile(found, percent) == expected


@given(waits)
def test_every_number_is_in_the_bin_that_ends_at_it_or_above(found: dict[int, int]) -> None:
    width, counts = bins(found)
    assert len(counts) <= 24
    for place, count in enumerate(counts):
        low, high = place * width, (place + 1) * width
        assert count == sum(often for number, often in found.items() if low < number <= high or place == number == 0)
    assert sum(counts) == sum(found.values())
    assert not counts or counts[-1]


def test_bins_are_of_a_length_that_people_count_in() -> None:
    assert bins({}) == (1, [])
    assert bins({0: 2}) == (1, [2])
    assert bins({61: 1})[0] == 5
    assert bins({600: 1})[0] == 30
    assert bins({10**8: 1})[0] > 86_400


@given(st.dictionaries(st.integers(0, 40), st.integers(1, 9)), st.integers(0, 41), st.integers(0, 41))
def test_portions_keep_what_the_peak_is_found_by(counts: dict[int, int], one: int, other: int) -> None:
    """Where the ledger is cut, a second may lie on both sides."""
    rates: dict[tuple[int, int], int] = {}
    cuts = sorted({0, one, other, 42})
    for low, high in pairwise(cuts):
        part = {number: count for number, count in counts.items() if low <= number < high}
        if part and high - 1 in part and part[high - 1] > 1:
            # One ticket of the last second is in the next portion.
            part[high - 1] -= 1
            rates[SECOND_MS, high - 1] = rates.get((SECOND_MS, high - 1), 0) + 1
        for number, count in notable(part).items():
            rates[SECOND_MS, number] = rates.get((SECOND_MS, number), 0) + count
    found = peak({key: (count,) for key, count in rates.items()}, SECOND_MS)
    if not counts:
        assert found is None
    else:
        greatest = max(counts.values())
        first = min(number for number, count in counts.items() if count == greatest)
        assert found == Peak(at=first * 1_000, tickets=greatest)
    assert peak({key: (count,) for key, count in rates.items()}, MINUTE_MS) is None
