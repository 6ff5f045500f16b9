"""The Python client before a service that is newer, and says what the client has never heard of."""

import json
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError
from pytest_aiohttp.plugin import AiohttpServer

from actor_ticketing.client import TicketClient, Unreadable
from actor_ticketing.wire.reservations import Extended, Shown
from support.web import RESERVATIONS, Api

LATER = {"extensionsLeft": 0, "maxExpiresAt": "2026-11-22T19:35:55.023Z"}


@pytest.fixture
async def shown(api: Api) -> dict[str, Any]:
    """What the service says of a hold."""
    return await api.show(await api.reserve())


async def heard(aiohttp_server: AiohttpServer, data: dict[str, Any]) -> Shown:
    """What the client makes of it."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"success": True, "data": data})

    app = web.Application()
    app.router.add_get(f"{RESERVATIONS}/{{id}}", answer)
    server = await aiohttp_server(app)
    async with TicketClient(str(server.make_url("/")), session_id="s1") as shop:
        return await shop.reservation(data["reservation"]["id"])


async def test_a_reason_that_is_not_known_is_read_as_none(aiohttp_server: AiohttpServer, shown: dict[str, Any]) -> None:
    read = await heard(aiohttp_server, shown | LATER | {"extensionLimit": "full_moon"})
    assert (read.extensions_left, read.extension_limit) == (0, None)


async def test_a_reason_that_is_known_is_told(aiohttp_server: AiohttpServer, shown: dict[str, Any]) -> None:
    assert (await heard(aiohttp_server, shown | LATER | {"extensionLimit": "count"})).extension_limit == "count"


async def test_what_is_no_word_at_all_cannot_be_read(aiohttp_server: AiohttpServer, shown: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        await heard(aiohttp_server, shown | LATER | {"extensionLimit": 7})


async def test_the_service_itself_is_held_to_the_words_that_are_documented(shown: dict[str, Any]) -> None:
    told = json.dumps(shown | LATER | {"extensionLimit": "full_moon"})
    with pytest.raises(ValidationError, match="extensionLimit"):
        Extended.model_validate_json(told)
