import json

import pytest

from actor_ticketing.http.outline import DEPTH_MAX, has_more_members, is_too_deep
from support.web import RESERVATIONS, Api


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_so_deep_is_deep_enough() -> None:
    assert not is_too_deep(nested(DEPTH_MAX))
    assert is_too_deep(nested(DEPTH_MAX + 1))


def test_lists_count_as_objects_do() -> None:
    assert is_too_deep(b"[{" * 17)
    assert not is_too_deep(b"[{" * 16)


def test_many_next_to_one_another_are_not_deep() -> None:
    assert not is_too_deep(b"[" + b"{}," * 10_000 + b"{}]")


@pytest.mark.parametrize(
    "text", ["[" * 100, '"' + "{" * 100, "\\\\" + "[" * 100, '\\" ' + "[" * 100, "}" * 100 + "{" * 100]
)
def test_brackets_in_a_string_are_text(text: str) -> None:
    assert not is_too_deep(json.dumps([text]).encode())


def test_an_open_string_at_the_end_is_no_trouble() -> None:
    assert not is_too_deep(b'["' + b"[" * 100_000)


async def test_a_body_that_is_too_deep_is_malformed(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1", "metadata": json.loads(nested(DEPTH_MAX))}
    error = await api.refused("POST", RESERVATIONS, body, status=400, code="malformed_json")
    assert error.keys() == {"code"}
    assert await api.counters() == (10, 0, 0, 10)


def test_members_are_counted_wherever_they_are() -> None:
    body = json.dumps([{"a": {"b": 1, "c": 2}}, {"d": []}]).encode()
    assert not has_more_members(body, 4)
    assert has_more_members(body, 3)


@pytest.mark.parametrize("text", [":" * 100, '": ":' * 100, "\\" + ":" * 100])
def test_colons_in_a_string_are_text(text: str) -> None:
    assert not has_more_members(json.dumps({text: text}).encode(), 1)


async def test_metadata_may_be_full_of_colons(api: Api) -> None:
    await api.reserve(metadata={"times": "12:30 " * 300 + ":" * 900})
