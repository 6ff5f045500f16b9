"""Where the parts of a plot lie."""

import pytest

from actor_ticketing.reporting.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, bars


def test_a_bar_is_as_high_as_its_number() -> None:
    plot = bars({"sold": [2, 0, 4]}, ["a", "b", "c"], str)
    half, whole = plot.series["sold"]
    assert whole.height == pytest.approx(HEIGHT - TOP - BOTTOM)
    assert half.height == pytest.approx(whole.height / 2)
    assert half.y + half.height == pytest.approx(HEIGHT - BOTTOM)
    assert half.said == "a: 2"


@pytest.mark.parametrize("greatest", [0, 1, 3, 7, 99, 101, 12_345, 10**9])
def test_the_axis_goes_from_nothing_to_round_numbers_above_all(greatest: int) -> None:
    plot = bars({"sold": [greatest]}, ["a"], str)
    told = [int(label.text) for label in plot.beside]
    assert told[0] == 0
    assert told[-1] >= greatest
    assert 2 <= len(told) <= 6
    assert {str(each).rstrip("0") for each in [told[1]]} <= {"1", "2", "5"}


@pytest.mark.parametrize("places", [0, 1, 3, 120, 2_000])
def test_everything_lies_inside(places: int) -> None:
    plot = bars({"reserved": [5] * places, "sold": [3] * places}, [str(each) for each in range(places)], str)
    for bar in [each for drawn in plot.series.values() for each in drawn]:
        assert bar.x >= LEFT - 0.1
        assert bar.x + bar.width <= WIDTH - RIGHT + 0.1
        assert bar.width >= 0
    assert len(plot.below) <= 7


def test_a_mark_lies_between_the_ends_of_the_axis() -> None:
    marks = bars({"sold": [1]}, ["a", "b"], str, marks=[(0, "none"), (1, "all")], edges=True).marks
    assert [(mark.at, mark.text) for mark in marks] == [(LEFT, "none"), (WIDTH - RIGHT, "all")]
