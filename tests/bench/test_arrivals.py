from itertools import pairwise

from bench import arrivals


def test_the_on_sale_has_what_is_known_of_it() -> None:
    assert max(arrivals.EMF_2026) == 134
    assert sum(arrivals.EMF_2026) == 967
    assert len(arrivals.EMF_2026) == 17


def test_the_on_sale_rises_fast_and_then_only_falls() -> None:
    busiest = arrivals.EMF_2026.index(134)
    rise, fall = list(arrivals.EMF_2026[: busiest + 1]), list(arrivals.EMF_2026[busiest:])
    assert busiest <= 3
    assert rise == sorted(rise)
    assert fall == sorted(fall, reverse=True)


def test_a_larger_on_sale_keeps_its_shape() -> None:
    planned = arrivals.emf(30)
    in_each_second = [sum(second <= at < second + 1 for at in planned) for second in range(17)]
    assert in_each_second == [30 * count for count in arrivals.EMF_2026]


def test_a_plan_is_sorted_and_the_same_every_time() -> None:
    planned = arrivals.emf(10)
    assert planned == sorted(planned) == arrivals.emf(10)
    assert planned != arrivals.emf(10, seed=1)


def test_arrivals_inside_a_second_are_irregular() -> None:
    planned = arrivals.steady(500, 4)
    assert len(planned) == 2000
    gaps = [later - earlier for earlier, later in pairwise(planned)]
    mean = sum(gaps) / len(gaps)
    # Of a Poisson process, 63 % of the gaps are shorter than their mean; of a metronome about half are, by nothing.
    assert 0.58 < sum(gap < mean for gap in gaps) / len(gaps) < 0.68
