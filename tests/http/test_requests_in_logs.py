"""Whatever is logged about a request, wherever it went wrong, names the id that its client was told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientPayloadError
from structlog.testing import capture_logs

from actor_ticketing.actors import catalogue
from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.domain.asking import NAMED_MAX, requests_of
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.ports import CommitFailed, CommitUnknown, Entry
from actor_ticketing.persistence import journal
from actor_ticketing.persistence.queries import SqliteQueries
from actor_ticketing.persistence.store import SqliteStore
from support.routes import UNSAFE, name_of
from support.service import break_once, eventually, list_ticket_type
from support.web import ADMIN_TOKEN, CRON_SECRET, RESERVATIONS, Api, make_token, purchase_of

EVENT = {"title": "T", "venue": "V", "startDate": "2027-03-20T19:00:00Z"}
TERMS = {"name": "N", "price": 1, "currency": "EUR", "total": 5}
ACCOUNT = {"email": "ada@example.com", "password": "correct horse battery"}
OURS = {"X-Request-ID": "ours-1"}

Sent = tuple[str, str, Any, str | None]


async def reserve(_: Api) -> Sent:
    return "POST", RESERVATIONS, {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}, None


async def reserve_in_bulk(api: Api) -> Sent:
    await list_ticket_type(api.backend, "tt2")
    lines = [{"ticketTypeId": each, "quantity": 1} for each in ("tt", "tt2")]
    return "POST", RESERVATIONS, {"reservations": lines, "sessionId": "s1"}, None


async def extend(api: Api) -> Sent:
    return "PATCH", f"{RESERVATIONS}/{(await api.reserve())['id']}", {"additionalMinutes": 1, "sessionId": "s1"}, None


async def release(api: Api) -> Sent:
    return "DELETE", f"{RESERVATIONS}/{(await api.reserve())['id']}", {"sessionId": "s1"}, None


async def purchase(api: Api) -> Sent:
    return "POST", *purchase_of(await api.reserve()), make_token()


async def purchase_several(api: Api) -> Sent:
    held = [await api.reserve() for _ in range(2)]
    _, body = purchase_of(held[0])
    body |= {"reservationIds": [each["id"] for each in held], "ticketHolders": [body["ticketHolders"]] * 2}
    return "POST", "/api/public/purchases", body, make_token()


async def claim(api: Api) -> Sent:
    await api.reserve()
    return "POST", "/api/public/sessions/claim", {"sessionId": "s1"}, make_token()


async def register(_: Api) -> Sent:
    return "POST", "/api/public/auth/register", ACCOUNT, None


async def login(api: Api) -> Sent:
    await api.call("POST", "/api/public/auth/register", ACCOUNT, status=201)
    return "POST", "/api/public/auth/login", ACCOUNT, None


async def _refresh_token(api: Api) -> dict[str, str]:
    signed_in = await api.call("POST", "/api/public/auth/register", ACCOUNT, status=201)
    return {"refreshToken": signed_in["data"]["refreshToken"]}


async def refresh(api: Api) -> Sent:
    return "POST", "/api/public/auth/refresh", await _refresh_token(api), None


async def logout(api: Api) -> Sent:
    return "POST", "/api/public/auth/logout", await _refresh_token(api), None


async def create_event(_: Api) -> Sent:
    return "POST", "/api/admin/events", EVENT, ADMIN_TOKEN


async def change_event(_: Api) -> Sent:
    return "PATCH", "/api/admin/events/ev", {"title": "New"}, ADMIN_TOKEN


async def create_ticket_type(_: Api) -> Sent:
    return "POST", "/api/admin/events/ev/ticket-types", TERMS, ADMIN_TOKEN


async def change_ticket_type(_: Api) -> Sent:
    return "PATCH", "/api/admin/ticket-types/tt", {"price": 7}, ADMIN_TOKEN


async def pause(_: Api) -> Sent:
    return "POST", "/api/admin/ticket-types/tt/pause", None, ADMIN_TOKEN


async def cancel(api: Api) -> Sent:
    return "POST", f"/api/admin/reservations/{(await api.reserve())['id']}/cancel", None, ADMIN_TOKEN


async def check_in(api: Api) -> Sent:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    return "POST", "/api/admin/checkin", {"code": ticket["code"]}, ADMIN_TOKEN


async def erase(api: Api) -> Sent:
    held = await api.reserve()
    await api.buy(held)
    return "POST", "/api/admin/privacy/erase", {"email": "ada@example.com"}, ADMIN_TOKEN


WEBHOOKS = "/api/admin/webhooks"
WEBHOOK = {"name": "crm", "url": "https://crm.example.com/told"}


async def _webhook(api: Api) -> str:
    made = await api.call("POST", WEBHOOKS, WEBHOOK, token=ADMIN_TOKEN, status=201)
    return f"{WEBHOOKS}/{made['data']['webhook']['id']}"


async def create_webhook(_: Api) -> Sent:
    return "POST", WEBHOOKS, WEBHOOK, ADMIN_TOKEN


async def change_webhook(api: Api) -> Sent:
    return "PATCH", await _webhook(api), {"name": "New"}, ADMIN_TOKEN


async def replay_webhook(api: Api) -> Sent:
    return "POST", f"{await _webhook(api)}/replay", {"fromSeq": 1}, ADMIN_TOKEN


async def rotate_secret(api: Api) -> Sent:
    return "POST", f"{await _webhook(api)}/rotate-secret", None, ADMIN_TOKEN


async def delete_webhook(api: Api) -> Sent:
    return "DELETE", await _webhook(api), None, ADMIN_TOKEN


CHANGES = [
    reserve,
    reserve_in_bulk,
    extend,
    release,
    purchase,
    purchase_several,
    claim,
    register,
    login,
    refresh,
    logout,
    create_event,
    change_event,
    create_ticket_type,
    change_ticket_type,
    pause,
    cancel,
    check_in,
    erase,
    create_webhook,
    change_webhook,
    replay_webhook,
    rotate_secret,
    delete_webhook,
]


def lines_of(logs: list[Any], event: str) -> list[Any]:
    return [each for each in logs if each["event"] == event]


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SqliteStore, "commit", fail)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("headers", [{}, OURS, {"Idempotency-Key": "k"}], ids=["its own", "the client's", "with a key"])
async def test_a_commit_that_fails_names_its_request(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Api], Awaitable[Sent]],
    headers: dict[str, str],
) -> None:
    method, path, body, token = await change(api)
    with monkeypatch.context() as broken, capture_logs() as logs:
        failing(broken, CommitFailed(OSError("no space")))
        response = await api.send(method, path, body, token=token, headers=headers)
    assert response.status == 503
    named = response.headers["X-Request-ID"]
    assert headers.get("X-Request-ID", named) == named
    assert lines_of(logs, "commit_failed")[0]["request_ids"] == [named]


def test_no_change_was_forgotten_above() -> None:
    # What may be asked for without an entry of its own: pausing and resuming are one, and so are the two ways in.
    others = {
        "POST /api/public/sessions",
        "POST /api/admin/ticket-types/{id}/resume",
        "POST /api/admin/reservations/cleanup",
        "POST /api/admin/privacy/export",
        "POST /api/admin/mail/{id}/retry",
        "POST /api/admin/webhooks/{id}/test",
    }
    assert len({name_of(route) for route in UNSAFE} - others) == len(CHANGES) - 1


async def test_of_decisions_that_fail_together_each_request_is_named_refusals_included(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_fail = asyncio.Event()

    async def fail(*_: object) -> None:
        await may_fail.wait()
        raise CommitFailed(OSError("no space"))

    *_, body, _ = await reserve(api)
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(SqliteStore, "commit", fail)
        asked = [
            asyncio.create_task(api.send("POST", RESERVATIONS, {**body, "quantity": quantity}))
            for quantity in (1, 2, 10)
        ]
        await eventually(lambda: api.backend.vitals._journal.pending == 3)
        may_fail.set()
        answers = await asyncio.gather(*asked)
    assert [each.status for each in answers] == [503, 503, 503]
    named = {name for each in lines_of(logs, "commit_failed") for name in each["request_ids"]}
    assert named == {each.headers["X-Request-ID"] for each in answers}


async def test_a_sweep_that_fails_names_its_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.reserve()
    api.clock._now += 3_600_000
    with monkeypatch.context() as broken, capture_logs() as logs:
        failing(broken, CommitFailed(OSError("no space")))
        response = await api.send("POST", "/api/admin/reservations/cleanup", token=ADMIN_TOKEN)
        cron = await api.send("GET", "/api/cron/cleanup-reservations", token=CRON_SECRET)
    assert (response.status, cron.status) == (503, 503)
    named = [each.headers["X-Request-ID"] for each in (response, cron)]
    assert {each["request_id"] for each in lines_of(logs, "release_failed")} == set(named)
    assert {name for each in lines_of(logs, "commit_failed") for name in each["request_ids"]} == set(named)


@pytest.mark.parametrize("change", [reserve, reserve_in_bulk])
async def test_an_actor_that_breaks_names_the_request_it_broke_on(
    api: Api, monkeypatch: pytest.MonkeyPatch, change: Callable[[Api], Awaitable[Sent]]
) -> None:
    method, path, body, _ = await change(api)
    break_once(monkeypatch, Inventory, "apply")
    with capture_logs() as logs:
        response = await api.send(method, path, body)
    assert response.status == 500
    named = response.headers["X-Request-ID"]
    assert {each["request_id"] for each in lines_of(logs, "actor_broke")} == {named}
    assert [each["request_id"] for each in lines_of(logs, "request_failed")] == [named]


async def test_a_catalogue_that_breaks_names_its_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    break_once(monkeypatch, catalogue.CatalogueActor, "_decide")
    with capture_logs() as logs:
        response = await api.send("POST", "/api/admin/events", EVENT, token=ADMIN_TOKEN)
    assert response.status == 500
    assert lines_of(logs, "catalogue_broke")[0]["request_id"] == response.headers["X-Request-ID"]


async def test_an_actor_that_cannot_be_built_names_those_who_wait_for_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("a defect")

    monkeypatch.setattr(SqliteQueries, "stock", broken)
    method, path, body, _ = await reserve(api)
    with capture_logs() as logs:
        answers = await asyncio.gather(*(api.send(method, path, body) for _ in range(2)))
    assert [each.status for each in answers] == [503, 503]
    named = [name for each in lines_of(logs, "actor_not_built") for name in each["request_ids"]]
    assert sorted(named) == sorted(each.headers["X-Request-ID"] for each in answers)


async def test_a_read_that_fails_names_its_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await api.reserve()

    async def broken(*_: object) -> None:
        raise StorageUnavailable from OSError(5, "Input/output error")

    monkeypatch.setattr(SqliteQueries, "reservation", broken)
    with capture_logs() as logs:
        response = await api.send("GET", f"{RESERVATIONS}/{held['id']}?sessionId=s1")
    [line] = lines_of(logs, "request_unavailable")
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert (line["route"], line["error"]) == (f"{RESERVATIONS}/{{id}}", "OSError: [Errno 5] Input/output error")
    assert held["id"] not in str(line)


async def test_a_proxy_that_is_not_named_is_pointed_out_with_the_request_that_it_sent(api: Api) -> None:
    with capture_logs() as logs:
        response = await api.send("GET", "/api/public/events", headers={"X-Forwarded-For": "198.51.100.1"})
    [line] = lines_of(logs, "forwarded_for_ignored")
    assert line["request_id"] == response.headers["X-Request-ID"]


async def test_what_is_turned_down_by_a_limit_is_not_logged(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoxOffice, "_admit", lambda *_: (_ for _ in ()).throw(StorageUnavailable()))
    method, path, body, _ = await reserve(api)
    with capture_logs() as logs:
        await api.refused(method, path, body, status=503)
    assert logs == []


async def test_a_file_that_is_cut_short_names_its_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.reserve()
    read = SqliteQueries.reservations_after

    async def broken(queries: SqliteQueries, reservation_id: str) -> Any:
        if reservation_id:
            raise StorageUnavailable
        return await read(queries, reservation_id)

    monkeypatch.setattr(SqliteQueries, "reservations_after", broken)
    path, token = "/api/admin/analytics/report.csv?of=reservations", {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with capture_logs() as logs:
        response = await api.client.get(path, headers=token)
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert lines_of(logs, "file_cut_short")[0]["request_id"] == response.headers["X-Request-ID"]


async def test_who_is_forgotten_by_which_request(api: Api) -> None:
    method, path, body, token = await erase(api)
    with capture_logs() as logs:
        response = await api.send(method, path, body, token=token)
    assert lines_of(logs, "person_forgotten")[0]["request_id"] == response.headers["X-Request-ID"]


async def test_a_refresh_token_that_is_used_again_names_its_request(api: Api) -> None:
    method, path, body, _ = await refresh(api)
    await api.call(method, path, body, status=200)
    with capture_logs() as logs:
        response = await api.send(method, path, body)
    assert lines_of(logs, "refresh_token_reused")[0]["request_id"] == response.headers["X-Request-ID"]


async def test_a_slow_commit_names_its_requests(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SLOW_MS", -1)
    method, path, body, _ = await reserve(api)
    with capture_logs() as logs:
        response = await api.send(method, path, body)
    [line] = lines_of(logs, "commit_slow")
    assert (line["entries"], line["request_ids"]) == (1, [response.headers["X-Request-ID"]])


async def test_a_commit_whose_outcome_nobody_knows_names_its_requests(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    heart, ends = api.backend.vitals._journal, []
    monkeypatch.setattr(heart, "_on_unknown", ends.append)
    with monkeypatch.context() as broken, capture_logs() as logs:
        failing(broken, CommitUnknown("disk I/O error"))
        method, path, body, _ = await reserve(api)
        asked = asyncio.create_task(api.send(method, path, body, headers=OURS))
        await eventually(lambda: bool(ends))
        asked.cancel()
    [line] = lines_of(logs, "commit_unknown")
    assert (line["error"], line["entries"], line["request_ids"]) == ("CommitUnknown: disk I/O error", 1, ["ours-1"])
    heart._task.exception()
    heart._task = None


def test_a_line_names_each_request_once_and_no_more_than_fit() -> None:
    def entry(name: str) -> Entry:
        return Entry(asked_by=lambda: name)

    assert requests_of([entry("a"), Entry(), entry("b"), entry("a")]) == ["a", "b"]
    assert len(requests_of([entry(str(number)) for number in range(2 * NAMED_MAX)])) == NAMED_MAX
