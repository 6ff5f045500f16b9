"""A guest signs in, and takes the session's holds along to another device."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.service import list_event, list_ticket_type
from support.web import (
    ADMIN_TOKEN,
    RESERVATIONS,
    Api,
    OpenApi,
    configured,
    fields_of,
    make_token,
    purchase_of,
)

CLAIM = "/api/public/sessions/claim"


async def claim(api: Api, session: str = "s1", *, user: str = "ada", headers: dict[str, str] | None = None) -> Any:
    body = {"sessionId": session}
    return (await api.call("POST", CLAIM, body, token=make_token(user), headers=headers, status=200))["data"]


async def held_by(api: Api, user: str) -> list[str]:
    listed = await api.call("GET", RESERVATIONS, token=make_token(user), status=200)
    return [each["id"] for each in listed["data"]]


async def test_a_guests_holds_become_the_users(api: Api) -> None:
    first = await api.reserve()
    api.clock.advance(1)
    second = await api.reserve(2)
    other = await api.reserve(session="s2")
    data = await claim(api)
    assert data.keys() == {"reservations", "claimed", "serverTime"}
    assert data["claimed"] == 2
    assert [each["id"] for each in data["reservations"]] == [first["id"], second["id"]]
    assert data["reservations"][1] == second
    assert await held_by(api, "ada") == [first["id"], second["id"]]
    path = f"{RESERVATIONS}/{other['id']}"
    await api.refused("GET", path, token=make_token("ada"), status=403)


async def test_the_purchase_goes_on_elsewhere_without_the_session(api: Api) -> None:
    held = await api.reserve()
    await claim(api)
    path, body = purchase_of(held, session=None)
    bought = (await api.call("POST", path, body, token=make_token("ada"), status=201))["data"]
    assert bought["reservation"]["status"] == "CONVERTED"
    assert await held_by(api, "ada") == []
    assert await api.counters() == (10, 1, 0, 9)


async def test_the_session_keeps_what_it_held(api: Api) -> None:
    held = await api.reserve()
    await claim(api)
    assert (await api.show(held))["reservation"] == held
    await api.extend(held, 1)
    await api.cancel(held)
    assert await api.counters() == (10, 0, 0, 10)


async def test_claiming_again_changes_nothing_and_shows_the_same(api: Api) -> None:
    held = await api.reserve()
    await claim(api)
    seq = api.backend.box_office.board.seq
    again = await claim(api)
    assert (again["claimed"], again["reservations"]) == (0, [held])
    assert api.backend.box_office.board.seq == seq


async def test_what_is_another_users_stays_theirs_and_is_not_shown(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
    document = await api.call("POST", RESERVATIONS, body, token=make_token("bob"), status=201)
    bobs = document["data"]["reservation"]
    mine = await api.reserve()
    data = await claim(api)
    assert (data["claimed"], data["reservations"]) == (1, [mine])
    assert await held_by(api, "bob") == [bobs["id"]]


async def test_an_empty_session_is_no_error(api: Api) -> None:
    data = await claim(api, "nobody")
    assert (data["claimed"], data["reservations"]) == (0, [])


async def test_what_has_ended_is_left_alone(api: Api) -> None:
    bought, cancelled = await api.reserve(), await api.reserve()
    await api.reserve(expirationMinutes=1)
    await api.buy(bought)
    await api.cancel(cancelled)
    api.lose_timers(60_000)
    assert (await claim(api))["claimed"] == 0


async def test_of_two_users_who_claim_at_once_each_hold_has_one(api: Api) -> None:
    await list_ticket_type(api.backend, "other")
    for of in ("tt", "other", "tt"):
        await api.reserve(of=of)
    answers = await asyncio.gather(*(claim(api, user=f"user-{number}") for number in range(4)))
    assert sum(data["claimed"] for data in answers) == 3
    assert sum([len(await held_by(api, f"user-{number}")) for number in range(4)]) == 3


async def test_claiming_races_with_what_ends_a_hold_and_the_books_are_right(api: Api, tmp_path: Path) -> None:
    held = [await api.reserve() for _ in range(6)]
    await asyncio.gather(claim(api), api.cancel(held[0]), api.buy(held[1]), claim(api, user="bob"), api.cancel(held[2]))
    total, sold, reserved, _ = await api.counters()
    assert (total, sold, reserved) == (10, 1, 3)
    for each in await held_by(api, "ada") + await held_by(api, "bob"):
        await api.call("DELETE", f"{RESERVATIONS}/{each}", {"sessionId": "s1"}, status=200)
    assert await api.counters() == (10, 1, 0, 9)
    report = verify(tmp_path / DATABASE)
    assert report.ok, report


async def test_it_needs_a_signed_in_user(api: Api) -> None:
    held = await api.reserve()
    for token in (None, "nonsense", ADMIN_TOKEN):
        await api.refused("POST", CLAIM, {"sessionId": "s1"}, token=token, status=401, code="unauthenticated")
    assert (await api.show(held))["reservation"] == held
    assert api.backend.box_office.board.live.by_id[held["id"]].user_id is None


async def test_a_body_that_names_no_session_is_refused(api: Api) -> None:
    for body in ({}, {"sessionId": None}, {"sessionId": 7}, {"sessionId": "a b"}, {"sessionId": ""}):
        error = await api.refused("POST", CLAIM, body, token=make_token(), status=400, code="validation_error")
        assert fields_of(error) == {"sessionId"}
    error = await api.refused("POST", CLAIM, {"sessionId": "s1", "x": 1}, token=make_token(), status=400)
    assert fields_of(error) == {"x"}


async def test_a_key_repeats_the_first_answer(api: Api) -> None:
    await api.reserve()
    headers = {"Idempotency-Key": "k"}
    first = await claim(api, headers=headers)
    api.clock.advance(1_000)
    assert await claim(api, headers=headers) == first


async def test_claimed_holds_survive_a_restart(open_api: OpenApi, tmp_path: Path) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        held = await api.reserve()
        await claim(api)
    async with open_api() as api:
        assert await held_by(api, "ada") == [held["id"]]
        path, body = purchase_of(held, session=None)
        await api.call("POST", path, body, token=make_token("ada"), status=201)
    report = verify(tmp_path / DATABASE)
    assert report.ok, report


@configured(holds={"max_active_per_user": 1})
async def test_a_user_may_claim_more_than_may_be_held_and_reserves_no_more(api: Api) -> None:
    held = [await api.reserve(), await api.reserve()]
    assert (await claim(api))["claimed"] == 2
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s9"}
    await api.refused("POST", RESERVATIONS, body, token=make_token("ada"), status=409, code="holder_limit_reached")
    for each in held:
        await api.cancel(each)
    await api.call("POST", RESERVATIONS, body, token=make_token("ada"), status=201)


async def test_the_ledger_says_that_it_happened_and_not_who(api: Api, tmp_path: Path) -> None:
    await api.reserve()
    await claim(api)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        rows = database.execute("SELECT kind, data FROM ledger ORDER BY seq").fetchall()
    assert rows[-1] == ("reservation.adopted", '{"quantity":1}')
    assert "ada" not in str(rows)
