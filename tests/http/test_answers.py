"""JSON as it is answered."""

import json

from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.http.answers import to_json

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.recursive(LEAVES, lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside), max_leaves=20))
def test_what_is_answered_reads_as_what_was_meant(thing: object) -> None:
    assert json.loads(to_json(thing)) == thing


def test_it_is_compact_and_leaves_letters_as_they_are() -> None:
    assert to_json({"a": [1, 'é"😀'], "b": None}) == '{"a":[1,"é\\"😀"],"b":null}'


def test_a_figure_that_is_no_number_is_null_and_the_answer_still_json() -> None:
    assert to_json([float("nan"), float("inf")]) == "[null,null]"
