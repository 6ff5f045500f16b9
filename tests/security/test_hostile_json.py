"""JSON that breaks parsers, made up by Hypothesis, over every route that takes a body."""

import json
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.routes import UNSAFE, VALID, name_of, path_of, send_raw, template_of
from support.web import Api, failure_of

# What no text with it anywhere may be taken for JSON, or for anything that can be kept.
POISON = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e400", "9" * 400 + "e99", '"\\ud800"', '"\\udfff\\ud800"',
    "[" * 40 + "]" * 40, '{"a":' * 40 + "1" + "}" * 40, "[" * 20_000, '"\x00"', '"\r\n"', "\x00", "01", "+1", "1.",
    ".5", "0x10", "'single'", "undefined", "True", "None", "//", "[1,]", '{"a":1,}', "{a:1}", '"\\x41"', '"\\u12"',
    '"open',
]  # fmt: skip
# What no field with a meaning takes, whatever the field.
WRONG = [
    "true", "false", "9" * 400, "-" + "9" * 400, "[]", "{}", "[[]]", '"\\u0000"', '"a\\r\\nSet-Cookie: x=1"', '""',
    "-1",
]  # fmt: skip

names = st.sampled_from(["sessionId", "ticketTypeId", "quantity", "metadata", "a", "", "__proto__", "é", "😀"])
plain = st.sampled_from(["1", "0", "null", "true", '"x"', '"s1"', "1.5", "-0.0", "[]", "{}"])
scalars = st.integers(min_value=-(10**400), max_value=10**400).map(str) | plain | st.text(max_size=20).map(json.dumps)


def containers(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inside, max_size=4).map(lambda each: f"[{','.join(each)}]")
    # A name twice is allowed, and the last one counts.
    pairs = st.lists(st.tuples(names, inside), max_size=4)
    return lists | pairs.map(lambda each: "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in each) + "}")


def poisoned(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A text with some poison in it, at whatever depth."""
    lists = st.tuples(st.lists(documents, max_size=2), inside).map(lambda each: f"[{','.join([*each[0], each[1]])}]")
    return lists | st.tuples(names, inside).map(lambda each: f"{{{json.dumps(each[0])}:{each[1]}}}")


documents = st.recursive(scalars, containers, max_leaves=8)
poison = st.recursive(st.sampled_from(POISON), poisoned, max_leaves=5)


def leaves_of(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the values with a meaning stand in a body. What is in ``metadata`` means nothing to us."""
    if isinstance(document, dict):
        inner = [(name, value) for name, value in document.items() if name != "metadata"]
    elif isinstance(document, list):
        inner = list(enumerate(document))
    else:
        return [path]
    return [leaf for name, value in inner for leaf in leaves_of(value, (*path, name))]


def with_text_at(document: Any, path: tuple[Any, ...], text: str) -> str:
    """The document as JSON, with a text put in the place of one value."""
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "\u2603"
    return json.dumps(copy).replace(json.dumps("\u2603"), text)


def hostile(examples: int) -> Any:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def refuses(api: Api, route: web.RouteDef, held: Any, text: str) -> None:
    """Check that a text is refused in the one shape, that it has changed nothing, and that the service is well."""
    seq = api.backend.box_office.board.seq
    response = await send_raw(api, route, path_of(route, held), text.encode())
    assert 400 <= response.status < 500, (response.status, text[:200])
    await failure_of(response, status=response.status)
    assert api.backend.box_office.board.seq == seq
    assert await api.counters() == (10, 0, 2, 8)
    assert (await api.send("GET", "/readyz")).status == 200


async def a_hold(api: Api) -> Any:
    """The one hold of a test, however many examples it runs."""
    live = list(api.backend.box_office.board.live.by_id.values())
    return {"id": live[0].id} if live else await api.reserve(2)


@pytest.mark.parametrize("route", UNSAFE, ids=name_of)
@given(text=poison)
@hostile(25)
async def test_json_with_poison_in_it_is_refused_and_changes_nothing(api: Api, route: web.RouteDef, text: str) -> None:
    await refuses(api, route, await a_hold(api), text)


@pytest.mark.parametrize("route", [route for route in UNSAFE if template_of(route) in VALID], ids=name_of)
@given(data=st.data())
@hostile(40)
async def test_a_value_no_field_takes_is_refused_in_whatever_field(api: Api, route: web.RouteDef, data: Any) -> None:
    held = await a_hold(api)
    document = data.draw(st.sampled_from(VALID[template_of(route)]))
    document = json.loads(json.dumps(document).replace("{id}", held["id"]))
    leaf = data.draw(st.sampled_from(leaves_of(document)))
    await refuses(api, route, held, with_text_at(document, leaf, data.draw(st.sampled_from(WRONG + POISON))))
