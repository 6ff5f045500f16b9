import math

import pytest

from bench.results import Ratio


def test_the_median_counts_and_the_extremes_are_shown() -> None:
    ratio = Ratio(name="a ÷ b", values=[0.9, 0.2, 0.7])
    assert (ratio.median, ratio.least, ratio.most) == (0.7, 0.2, 0.9)


@pytest.mark.parametrize(
    ("values", "target", "at_most", "met"),
    [
        ([0.7], None, False, None),
        ([0.7], 0.7, False, True),
        ([0.69, 0.71, 0.2], 0.7, False, False),
        ([600.0], 600.0, True, True),
        ([601.0], 600.0, True, False),
        ([2.0], 0.0, True, False),
    ],
)
def test_the_median_meets_the_target_or_not(
    values: list[float], target: float | None, *, at_most: bool, met: bool | None
) -> None:
    assert Ratio(name="", values=values, target=target, at_most=at_most).met is met


def test_a_ratio_of_no_rounds_is_none() -> None:
    with pytest.raises(ValueError, match="at least one round"):
        Ratio(name="a ÷ b", values=[])


def test_the_share_of_a_target_is_1_where_it_is_just_met_and_larger_is_better() -> None:
    floor = Ratio(name="", values=[1.0], target=0.8)
    bound = Ratio(name="", values=[1.0], target=600.0, at_most=True)
    assert [floor.share_of_target(value) for value in (0.4, 0.8, 1.6)] == [0.5, 1.0, 2.0]
    assert [bound.share_of_target(value) for value in (1200.0, 600.0, 300.0)] == [0.5, 1.0, 2.0]
    assert bound.share_of_target(0.0) == math.inf


def test_there_is_no_share_of_no_target() -> None:
    with pytest.raises(ValueError, match="has no target"):
        Ratio(name="a ÷ b", values=[1.0]).share_of_target(1.0)
