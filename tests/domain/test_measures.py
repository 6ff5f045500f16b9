from actor_ticketing.domain.measures import Histogram


def test_a_value_belongs_to_the_first_bucket_whose_bound_is_not_below_it() -> None:
    values = Histogram((1, 10))
    for value in (0, 1, 1.5, 10, 11, 1_000):
        values.add(value)
    assert values.counts == [2, 2, 2]
    assert values.total == 1_023.5
