"""The AsyncAPI document: real messages are as it says."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from actor_ticketing.http.openapi.asyncapi import asyncapi
from support.live import Message, hear, hear_all, listening, watch
from support.web import Api

DOCUMENT: dict[str, Any] = json.loads(asyncapi())
RULES = Path(__file__).parent / "vendor" / "asyncapi-3.0.0.json.gz"
TYPES = {
    name: schema["properties"]["type"].get("enum") or [schema["properties"]["type"]["const"]]
    for name, schema in DOCUMENT["components"]["schemas"].items()
    if name.endswith("Message")
}


def matches(name: str, message: Any) -> bool:
    """Whether a message is as one of the document's."""
    schema = DOCUMENT["components"]["messages"][name]["payload"]
    return jsonschema_rs.is_valid({**schema, "components": DOCUMENT["components"]}, message, validate_formats=True)


def names_for(message: Message) -> list[str]:
    """The messages of the document that a message may be."""
    return [name for name in TYPES if matches(name, message)]


def test_it_is_what_asyncapi_says_that_a_document_is() -> None:
    rules = json.loads(gzip.decompress(RULES.read_bytes()))
    problems = [str(error) for error in jsonschema_rs.Draft7Validator(rules).iter_errors(DOCUMENT)]
    assert problems == []


async def test_all_that_a_client_hears_is_in_it(api: Api) -> None:
    async with listening(api, "s1", after=999) as socket:
        heard = await hear(socket)
        heard += await watch(socket, "tt", "nothing")
        bought, released, _ = [await api.reserve(expirationMinutes=minutes) for minutes in (10, 10, 0.5)]
        await api.extend(bought, 1)
        await api.cancel(released)
        await api.buy(bought)
        await api.pass_time(30_000)
        heard += await hear_all(socket)
        await socket.send_json({"action": "ping"})
        heard += await hear(socket)
    assert all(len(names_for(message)) == 1 for message in heard), heard
    assert {message["type"] for message in heard} == {each for types in TYPES.values() for each in types}


def test_a_message_that_lacks_something_is_not_in_it() -> None:
    pong = {"type": "pong", "seq": 1, "at": "2026-11-22T18:45:55.023Z"}
    assert names_for(pong) == ["PongMessage"]
    assert [names_for({name: pong[name] for name in pong if name != each}) for each in pong] == [[], [], []]
    assert names_for({**pong, "at": "2026-11-22T18:45:55Z"}) == []


@pytest.mark.parametrize(
    ("said", "is_understood"),
    [
        ({"action": "ping"}, True),
        ({"action": "subscribe", "ticketTypeIds": ["tt"]}, True),
        ({"action": "subscribe"}, False),
        ({"action": "unsubscribe", "ticketTypeIds": []}, False),
        ({"action": "shout"}, False),
        ({"action": "subscribe", "ticketTypeIds": ["tt"] * 501}, False),
        ({"action": "subscribe", "ticketTypeIds": "tt"}, False),
        ({"action": "ping", "more": 1}, False),
        ({}, False),
    ],
)
async def test_what_a_client_may_ask_for_is_what_it_says(api: Api, said: Message, *, is_understood: bool) -> None:
    assert matches("Action", said) == is_understood
    async with listening(api, "s1") as socket:
        await socket.send_json(said)
        [heard] = await hear(socket)
        assert (heard["type"] != "error") == is_understood
