"""Stopping the sale of a type for a while: nothing new is held, and what is held goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from actor_ticketing.persistence.connections import DATABASE
from support.service import list_event, list_ticket_type
from support.web import ADMIN_TOKEN, RESERVATIONS, Api, OpenApi, make_token

TYPE = "/api/admin/ticket-types/tt"


async def pause(api: Api, *, token: str = ADMIN_TOKEN) -> Any:
    return (await api.call("POST", f"{TYPE}/pause", {}, token=token, status=200))["data"]["ticketType"]


async def resume(api: Api) -> Any:
    return (await api.call("POST", f"{TYPE}/resume", token=ADMIN_TOKEN, status=200))["data"]["ticketType"]


async def refuse(api: Api, **body: Any) -> None:
    body = body or {"ticketTypeId": "tt", "quantity": 1}
    await api.refused("POST", RESERVATIONS, {**body, "sessionId": "s1"}, status=409, code="sales_paused")


async def listed(api: Api) -> tuple[bool, bool]:
    [event] = (await api.call("GET", "/api/public/events", status=200))["data"]
    [terms] = event["ticketTypes"]
    return terms["onSale"], terms["paused"]


def ledger(tmp_path: Path) -> list[Any]:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        return connection.execute(
            "SELECT kind, event_id, ticket_type_id, data FROM ledger WHERE kind LIKE '%ed' AND data LIKE '%by%'"
        ).fetchall()


async def test_a_paused_type_is_not_reserved(api: Api) -> None:
    paused = await pause(api)
    assert (paused["id"], paused["onSale"], paused["paused"], paused["available"]) == ("tt", False, True, 10)
    await refuse(api)
    assert await api.counters() == (10, 0, 0, 10)


async def test_a_bulk_request_that_names_a_paused_type_is_refused_whole(api: Api) -> None:
    await list_ticket_type(api.backend, "other")
    await pause(api)
    await refuse(api, reservations=[{"ticketTypeId": each, "quantity": 1} for each in ("other", "tt")])
    assert await api.counters("other") == (10, 0, 0, 10)
    await api.reserve(of="other")


async def test_what_is_held_goes_on(api: Api) -> None:
    kept, released, late = await api.reserve(2), await api.reserve(), await api.reserve(expirationMinutes=1)
    await pause(api)
    await api.extend(kept, 5)
    await api.cancel(released)
    await api.pass_time(60_000)
    assert (await api.show(late))["reservation"]["status"] == "EXPIRED"
    await api.buy(kept)
    assert await api.counters() == (10, 2, 0, 8)
    await refuse(api)


async def test_a_resumed_type_is_sold_again(api: Api) -> None:
    await pause(api)
    resumed = await resume(api)
    assert (resumed["onSale"], resumed["paused"]) == (True, False)
    await api.reserve(10)


async def test_listings_say_so(api: Api) -> None:
    assert await listed(api) == (True, False)
    await pause(api)
    assert await listed(api) == (False, True)
    await resume(api)
    assert await listed(api) == (True, False)


async def test_who_did_it_stands_in_the_ledger_and_doing_it_again_is_nothing(api: Api, tmp_path: Path) -> None:
    await pause(api, token=make_token("boss", role="admin"))
    await pause(api)
    await resume(api)
    await resume(api)
    assert ledger(tmp_path) == [
        ("ticket_type.paused", "ev", "tt", '{"by":"boss"}'),
        ("ticket_type.resumed", "ev", "tt", '{"by":"admin token"}'),
    ]


async def test_a_pause_outlives_a_restart_and_a_change_of_terms(open_api: OpenApi) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        await pause(api)
        await api.call("PATCH", TYPE, {"price": 5}, token=ADMIN_TOKEN, status=200)
        await refuse(api)
    async with open_api() as api:
        await refuse(api)
        await resume(api)
        assert (await api.reserve())["ticketType"]["price"] == 5


async def test_a_sale_that_is_over_says_that_first(api: Api) -> None:
    await pause(api)
    await api.call("PATCH", TYPE, {"salesEnd": "2027-01-01T00:00:00Z"}, token=ADMIN_TOKEN, status=200)
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
    await api.refused("POST", RESERVATIONS, body, status=409, code="sales_closed")
    assert (await resume(api))["onSale"] is False


async def test_only_what_exists_is_paused(api: Api) -> None:
    for verb in ("pause", "resume"):
        path = f"/api/admin/ticket-types/nothing/{verb}"
        await api.refused("POST", path, {}, token=ADMIN_TOKEN, status=404, code="ticket_type_not_found")
        await api.refused("POST", f"{TYPE}/{verb}", {"until": 5}, token=ADMIN_TOKEN, status=400)
