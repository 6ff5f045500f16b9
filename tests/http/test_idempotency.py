"""``Idempotency-Key``: the same request again gets the first answer, byte for byte."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.persistence.store import SqliteStore
from support.service import break_once, list_event, list_ticket_type
from support.web import (
    ADMIN_TOKEN,
    CLEANUP,
    PURCHASES,
    RESERVATIONS,
    Api,
    OpenApi,
    fields_of,
    make_token,
    purchase_of,
    purchases_of,
)

DAY_MS = 24 * 60 * 60 * 1_000
KEY = "a-key-of-these-tests"
TICKET_TYPE = {"name": "VIP", "price": 12000, "currency": "EUR", "total": 5}
EVENT = {"title": "Autumn Concert", "venue": "Park", "startDate": "2027-09-20T19:00:00Z"}


@dataclass(frozen=True)
class Request:
    """An unsafe request as it can be sent again and again."""

    method: str
    path: str
    body: Any
    token: str | None = None

    async def send(self, api: Api, key: str | None = KEY) -> tuple[int, bytes]:
        headers = {} if key is None else {"Idempotency-Key": key}
        response = await api.send(self.method, self.path, self.body, token=self.token, headers=headers)
        return response.status, await response.read()


def reserve(quantity: int = 1, *, session: str | None = "s1", token: str | None = None) -> Request:
    body = {"ticketTypeId": "tt", "quantity": quantity}
    if session is not None:
        body["sessionId"] = session
    return Request("POST", RESERVATIONS, body, token)


def bulk() -> Request:
    line = {"ticketTypeId": "tt", "quantity": 1}
    return Request("POST", RESERVATIONS, {"reservations": [line, line], "sessionId": "s1"})


def extend(held: Any) -> Request:
    return Request("PATCH", f"{RESERVATIONS}/{held['id']}", {"additionalMinutes": 1, "sessionId": "s1"})


def cancel(held: Any) -> Request:
    return Request("DELETE", f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1"})


def cancel_by_query(held: Any) -> Request:
    return Request("DELETE", f"{RESERVATIONS}/{held['id']}?sessionId=s1", None)


def purchase(held: Any) -> Request:
    path, body = purchase_of(held)
    return Request("POST", path, body, make_token())


def purchases(held: Any) -> Request:
    return Request("POST", PURCHASES, purchases_of(held), make_token())


MAKERS: dict[str, Callable[[Any], Request]] = {
    "reserve": lambda _: reserve(),
    "reserve by bearer alone": lambda _: reserve(session=None, token=make_token()),
    "bulk": lambda _: bulk(),
    "extend": extend,
    "cancel": cancel,
    "cancel by query": cancel_by_query,
    "purchase": purchase,
    "purchases": purchases,
    "session of a user": lambda _: Request("POST", "/api/public/sessions", None, token=make_token()),
    "cleanup": lambda _: Request("POST", CLEANUP, {}, ADMIN_TOKEN),
    "create event": lambda _: Request("POST", "/api/admin/events", EVENT, ADMIN_TOKEN),
    "change event": lambda _: Request("PATCH", "/api/admin/events/ev", {"title": "Moved"}, ADMIN_TOKEN),
    "create ticket type": lambda _: Request("POST", "/api/admin/events/ev/ticket-types", TICKET_TYPE, ADMIN_TOKEN),
    "change ticket type": lambda _: Request("PATCH", "/api/admin/ticket-types/tt", {"price": 1}, ADMIN_TOKEN),
    "cancel by an operator": lambda held: Request(
        "POST", f"/api/admin/reservations/{held['id']}/cancel", {}, ADMIN_TOKEN
    ),
    "pause": lambda _: Request("POST", "/api/admin/ticket-types/tt/pause", {}, ADMIN_TOKEN),
    "resume": lambda _: Request("POST", "/api/admin/ticket-types/tt/resume", None, ADMIN_TOKEN),
}
EVERY = pytest.mark.parametrize("make", MAKERS.values(), ids=[name.replace(" ", "-") for name in MAKERS])


async def ledger_position(api: Api) -> int:
    return api.backend.box_office.board.seq


@EVERY
async def test_a_repetition_gets_the_first_answer_and_changes_nothing(api: Api, make: Callable[[Any], Request]) -> None:
    request = make(await api.reserve(2))
    first = await request.send(api)
    assert first[0] in {200, 201}
    seq = await ledger_position(api)
    api.clock.advance(1_234)
    assert await request.send(api) == first
    assert await ledger_position(api) == seq


@EVERY
async def test_duplicates_at_once_share_one_answer(api: Api, make: Callable[[Any], Request]) -> None:
    request = make(await api.reserve(2))
    seq = await ledger_position(api)
    first, *others = await asyncio.gather(*(request.send(api) for _ in range(8)))
    assert first[0] in {200, 201}
    assert others == [first] * 7
    assert await ledger_position(api) <= seq + 2


async def test_duplicates_at_once_make_one_reservation(api: Api) -> None:
    await asyncio.gather(*(reserve(3).send(api) for _ in range(8)))
    assert await api.counters() == (10, 0, 3, 7)


async def test_of_different_requests_with_one_key_at_once_one_is_carried_out(api: Api) -> None:
    answers = await asyncio.gather(*(reserve(quantity).send(api) for quantity in (1, 2, 3)))
    assert sorted(status for status, _ in answers) == [201, 422, 422]


async def test_duplicates_at_once_share_one_refusal(api: Api) -> None:
    answers = await asyncio.gather(*(reserve(11).send(api) for _ in range(8)))
    assert {status for status, _ in answers} == {409}
    assert (await reserve(11).send(api))[0] == 409


async def test_without_a_key_every_request_counts(api: Api) -> None:
    for _ in range(2):
        await reserve().send(api, key=None)
    assert await api.counters() == (10, 0, 2, 8)


async def test_with_another_key_it_is_another_request(api: Api) -> None:
    first = await reserve().send(api, key="1")
    assert await reserve().send(api, key="2") != first


async def test_a_key_is_not_for_another_body(api: Api) -> None:
    await reserve(1).send(api)
    body = reserve(2).body
    await api.refused(
        "POST", RESERVATIONS, body, headers={"Idempotency-Key": KEY}, status=422, code="idempotency_key_reused"
    )
    assert await api.counters() == (10, 0, 1, 9)


async def test_a_key_is_not_for_another_route(api: Api) -> None:
    held, other = await api.reserve(), await api.reserve()
    assert (await cancel(held).send(api))[0] == 200
    assert (await cancel(other).send(api))[0] == 422
    assert (await api.show(other))["reservation"]["status"] == "ACTIVE"


async def test_a_key_is_not_for_another_method(api: Api) -> None:
    first = Request("POST", CLEANUP, {}, ADMIN_TOKEN)
    assert (await first.send(api))[0] == 200
    event = Request("PATCH", "/api/admin/events/ev", {}, ADMIN_TOKEN)
    assert (await event.send(api))[0] == 422


async def test_another_session_may_use_the_same_key(api: Api) -> None:
    first = await reserve(session="s1").send(api)
    second = await reserve(session="s2").send(api)
    assert (first[0], second[0]) == (201, 201)
    assert await api.counters() == (10, 0, 2, 8)


async def test_another_user_may_use_the_same_key(api: Api) -> None:
    for user in ("user-1", "user-2"):
        assert (await reserve(token=make_token(user)).send(api))[0] == 201
    assert await api.counters() == (10, 0, 2, 8)


async def test_a_user_is_the_same_caller_with_a_new_token(api: Api) -> None:
    first = await reserve(token=make_token()).send(api)
    renewed = make_token(jti="another")
    assert await reserve(token=renewed).send(api) == first


async def test_a_session_named_like_a_user_is_another_caller(api: Api) -> None:
    await reserve(session=None, token=make_token("s1")).send(api)
    assert (await reserve(session="s1").send(api))[0] == 201


async def test_a_refused_attempt_may_be_tried_again_with_its_key(api: Api) -> None:
    held = await api.reserve(10)
    assert (await reserve(session="s2").send(api))[0] == 409
    await api.cancel(held)
    assert (await reserve(session="s2").send(api))[0] == 201


async def test_a_refused_attempt_does_not_bind_its_key_to_its_body(api: Api) -> None:
    assert (await reserve(11).send(api))[0] == 409
    assert (await reserve(2).send(api))[0] == 201


async def test_the_first_answer_comes_again_after_what_it_made_is_gone(api: Api) -> None:
    first = await reserve().send(api)
    held = (await api.call("GET", f"{RESERVATIONS}?sessionId=s1", status=200))["data"][0]
    await api.cancel(held)
    assert await reserve().send(api) == first
    assert await api.counters() == (10, 0, 0, 10)


@EVERY
async def test_the_first_answer_comes_again_after_a_restart(open_api: OpenApi, make: Callable[[Any], Request]) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        request = make(await api.reserve(2))
        first = await request.send(api)
        before = await api.counters()
    async with open_api() as api:
        assert await request.send(api) == first
        assert (await replace(request, body={"other": 1}).send(api))[0] in {400, 422}
        assert await api.counters() == before


@pytest.mark.parametrize("swept", [False, True])
async def test_an_answer_is_forgotten_after_a_day(api: Api, swept: bool) -> None:  # noqa: FBT001 - both ways round.
    first = await reserve().send(api)
    await api.pass_time(DAY_MS - 1)
    if swept:
        await api.call("POST", CLEANUP, token=ADMIN_TOKEN, status=200)
    assert await reserve().send(api) == first
    await api.pass_time(1)
    if swept:
        await api.call("POST", CLEANUP, token=ADMIN_TOKEN, status=200)
    api.history.clear()  # From here on the key is another one.
    again = await reserve().send(api)
    assert again[0] == 201
    assert again != first
    assert await reserve().send(api) == again


async def test_the_longest_key_is_taken(api: Api) -> None:
    key = "!~" + "k" * 253
    first = await reserve().send(api, key=key)
    assert first[0] == 201
    assert await reserve().send(api, key=key) == first


async def test_what_is_no_key_is_refused(api: Api) -> None:
    for key in ("", "k" * 256, "two words", "schlüssel", "tab\tbed"):
        body, headers = reserve().body, {"Idempotency-Key": key}
        error = await api.refused("POST", RESERVATIONS, body, headers=headers, status=400, code="validation_error")
        assert fields_of(error) == {"Idempotency-Key"}, key
    assert await api.counters() == (10, 0, 0, 10)


async def test_an_invalid_request_is_invalid_with_a_known_key_too(api: Api) -> None:
    await reserve().send(api)
    assert (await Request("POST", RESERVATIONS, {"quantity": "1"}).send(api))[0] == 400


async def test_after_a_defect_the_key_tells_what_came_of_the_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = SqliteStore.commit

    async def commit_slowly(*arguments: Any) -> None:
        await asyncio.sleep(0.3)  # The reply must not overtake it.
        await commit(*arguments)

    monkeypatch.setattr(SqliteStore, "commit", commit_slowly)
    break_once(monkeypatch, TicketTypeActor, "on_receive")
    with capture_logs():  # To print a traceback takes longer than the commit.
        assert [(await reserve().send(api))[0] for _ in range(2)] == [500, 201]
    assert await api.counters() == (10, 0, 1, 9)


async def test_a_purchase_repeated_at_once_makes_one_transaction(api: Api) -> None:
    held = await api.reserve(2)
    first, second = await asyncio.gather(purchase(held).send(api), purchase(held).send(api))
    assert first == second
    assert await api.counters() == (10, 2, 0, 8)


async def test_a_session_is_never_given_to_two_callers_whom_nobody_can_tell_apart(api: Api) -> None:
    request = Request("POST", "/api/public/sessions", None)
    (first_status, first), (second_status, second) = [await request.send(api) for _ in range(2)]
    assert (first_status, second_status) == (201, 201)
    assert first != second
