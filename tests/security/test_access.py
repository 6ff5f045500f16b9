"""Who may do what: every route against everyone who might try."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from support.routes import ALL, name_of
from support.web import ADMIN_TOKEN, CRON_SECRET, PERSON, Api, failure_of, make_token

OWNER, SESSION_ONLY, USER_ONLY = "owner", "owner without token", "owner without session"
OTHER_SESSION, OTHER_USER, NOBODY = "another session", "another user", "nobody"
ADMIN, ADMIN_USER, CRON, FORGED = "admin token", "admin by JWT", "cron secret", "forged token"

CALLERS: dict[str, tuple[str | None, str | None]] = {
    OWNER: ("s1", make_token("user-1")),
    SESSION_ONLY: ("s1", None),
    USER_ONLY: (None, make_token("user-1")),
    OTHER_SESSION: ("s2", None),
    OTHER_USER: (None, make_token("user-2")),
    NOBODY: (None, None),
    ADMIN: (None, ADMIN_TOKEN),
    ADMIN_USER: (None, make_token("boss", role="admin")),
    CRON: (None, CRON_SECRET),
    FORGED: ("s1", make_token("user-1", role="admin", key="a-key-that-is-not-ours-0123456789-0123456789")),
}
"""Each with a session and a bearer token, or without."""

ANYONE = dict.fromkeys(CALLERS, 200)
# A bearer token that is no user's is refused wherever a user's would count, even if the session alone would do.
_NO_USER = {ADMIN: 401, CRON: 401, FORGED: 401}
OF_THE_OWNER = {
    OWNER: 200, SESSION_ONLY: 200, USER_ONLY: 200, OTHER_SESSION: 403, OTHER_USER: 403, NOBODY: 401, ADMIN_USER: 403,
    **_NO_USER,
}  # fmt: skip
OF_A_SIGNED_IN_OWNER = {**OF_THE_OWNER, SESSION_ONLY: 401, OTHER_SESSION: 401}
OF_ANY_HOLDER = {**dict.fromkeys(CALLERS, 200), NOBODY: 401, **_NO_USER}
OF_ANY_USER = {**OF_ANY_HOLDER, SESSION_ONLY: 401, OTHER_SESSION: 401}
OF_ADMINS = {
    OWNER: 403, SESSION_ONLY: 401, USER_ONLY: 403, OTHER_SESSION: 401, OTHER_USER: 403, NOBODY: 401, ADMIN: 200,
    ADMIN_USER: 200, CRON: 403, FORGED: 401,
}  # fmt: skip
OF_CRON = {**OF_ADMINS, ADMIN: 403, ADMIN_USER: 403, CRON: 200}


@dataclass(frozen=True)
class Row:
    """One route: where it is, what is sent, and what everyone gets; 200 stands for any success."""

    path: str
    answers: dict[str, int]
    body: dict[str, Any] | None = field(default=None)
    asks_session: bool = True


OF_ADMINS_WHO_FIND_NOTHING = {**OF_ADMINS, ADMIN: 404, ADMIN_USER: 404}

SIGN_UP = {"email": "ada@example.com", "password": "correct horse battery"}
EVENT = {"title": "T", "venue": "V", "startDate": "2027-03-20T19:00:00Z"}
TYPE = {"name": "N", "price": 1, "currency": "EUR", "total": 5}
HELD = "/api/public/reservations/{held}"

TABLE = {
    "POST /api/public/sessions": Row("/api/public/sessions", {**ANYONE, **_NO_USER}, {}, asks_session=False),
    "POST /api/public/sessions/claim": Row(
        "/api/public/sessions/claim", OF_ANY_USER, {"sessionId": "s5"}, asks_session=False
    ),
    "POST /api/public/auth/register": Row("/api/public/auth/register", ANYONE, SIGN_UP, asks_session=False),
    "POST /api/public/auth/login": Row(
        "/api/public/auth/login", dict.fromkeys(CALLERS, 401), SIGN_UP, asks_session=False
    ),
    "POST /api/public/auth/refresh": Row(
        "/api/public/auth/refresh", dict.fromkeys(CALLERS, 401), {"refreshToken": "x" * 43}, asks_session=False
    ),
    "POST /api/public/auth/logout": Row(
        "/api/public/auth/logout", ANYONE, {"refreshToken": "x" * 43}, asks_session=False
    ),
    "GET /api/public/events": Row("/api/public/events", ANYONE),
    "GET /api/public/events/{id}": Row("/api/public/events/ev", ANYONE),
    "GET /api/public/availability/{id}": Row("/api/public/availability/tt", ANYONE),
    "GET /api/public/tickets/{code}/qr.svg": Row("/api/public/tickets/{code}/qr.svg", ANYONE),
    "GET /api/public/tickets/{code}/qr.png": Row("/api/public/tickets/{code}/qr.png", ANYONE),
    "GET /api/public/tickets/{code}/ticket.pdf": Row("/api/public/tickets/{code}/ticket.pdf", ANYONE),
    "GET /api/public/events.ics": Row("/api/public/events.ics?eventIds=ev", ANYONE),
    "GET /api/public/events/{id}/event.ics": Row("/api/public/events/ev/event.ics", ANYONE),
    "GET /api/public/ticket-keys": Row("/api/public/ticket-keys", ANYONE),
    "POST /api/public/reservations": Row(
        "/api/public/reservations", OF_ANY_HOLDER, {"ticketTypeId": "tt", "quantity": 1}
    ),
    "GET /api/public/reservations": Row("/api/public/reservations", OF_ANY_HOLDER),
    "GET /api/public/reservations/{id}": Row(HELD, OF_THE_OWNER),
    "DELETE /api/public/reservations/{id}": Row(HELD, OF_THE_OWNER, {}),
    "PATCH /api/public/reservations/{id}": Row(HELD, OF_THE_OWNER, {"additionalMinutes": 1}),
    "POST /api/public/reservations/{id}/purchase": Row(
        f"{HELD}/purchase", OF_A_SIGNED_IN_OWNER, {"buyerInfo": PERSON, "ticketHolders": [PERSON, PERSON]}
    ),
    # Nothing was purchased: its owner is told that, which nobody else is.
    "GET /api/public/reservations/{id}/tickets.pdf": Row(
        f"{HELD}/tickets.pdf", {**OF_THE_OWNER, OWNER: 409, SESSION_ONLY: 409, USER_ONLY: 409}
    ),
    "POST /api/public/purchases": Row(
        "/api/public/purchases",
        OF_A_SIGNED_IN_OWNER,
        {"reservationIds": ["{held}"], "buyerInfo": PERSON, "ticketHolders": [[PERSON, PERSON]]},
    ),
    "GET /api/public/purchases/tickets.pdf": Row(
        "/api/public/purchases/tickets.pdf?reservationIds={held}",
        {**OF_THE_OWNER, OWNER: 409, SESSION_ONLY: 409, USER_ONLY: 409},
    ),
    "GET /api/public/ws": Row(
        "/api/public/ws",
        # Without an upgrade, everyone with a session is told that this is a WebSocket.
        {**dict.fromkeys(CALLERS, 400), OWNER: 426, SESSION_ONLY: 426, OTHER_SESSION: 426, FORGED: 426},
    ),
    "GET /api/admin/events": Row("/api/admin/events", OF_ADMINS),
    "POST /api/admin/events": Row("/api/admin/events", OF_ADMINS, EVENT, asks_session=False),
    "GET /api/admin/events/{id}": Row("/api/admin/events/ev", OF_ADMINS),
    "PATCH /api/admin/events/{id}": Row("/api/admin/events/ev", OF_ADMINS, {"title": "U"}, asks_session=False),
    "POST /api/admin/events/{id}/ticket-types": Row(
        "/api/admin/events/ev/ticket-types", OF_ADMINS, TYPE, asks_session=False
    ),
    "PATCH /api/admin/ticket-types/{id}": Row(
        "/api/admin/ticket-types/tt", OF_ADMINS, {"total": 9}, asks_session=False
    ),
    "POST /api/admin/ticket-types/{id}/pause": Row(
        "/api/admin/ticket-types/tt/pause", OF_ADMINS, {}, asks_session=False
    ),
    "POST /api/admin/ticket-types/{id}/resume": Row(
        "/api/admin/ticket-types/tt/resume", OF_ADMINS, {}, asks_session=False
    ),
    "POST /api/admin/reservations/cleanup": Row("/api/admin/reservations/cleanup", OF_ADMINS, {}, asks_session=False),
    "GET /api/admin/reservations/cleanup": Row("/api/admin/reservations/cleanup", OF_ADMINS),
    "GET /api/admin/reservations/by-code/{code}": Row("/api/admin/reservations/by-code/{name}", OF_ADMINS),
    "GET /api/admin/reservations/{id}": Row("/api/admin/reservations/{held}", OF_ADMINS),
    "POST /api/admin/reservations/{id}/cancel": Row(
        "/api/admin/reservations/{held}/cancel", OF_ADMINS, {}, asks_session=False
    ),
    "GET /api/admin/tickets/{code}": Row("/api/admin/tickets/{code}", OF_ADMINS),
    "GET /api/admin/analytics": Row("/api/admin/analytics", OF_ADMINS),
    "GET /api/admin/analytics/report.csv": Row("/api/admin/analytics/report.csv?of=tickets", OF_ADMINS),
    "POST /api/admin/checkin": Row("/api/admin/checkin", OF_ADMINS, {"code": "{code}"}, asks_session=False),
    "GET /api/admin/mail": Row("/api/admin/mail", OF_ADMINS),
    # There is no dead letter: an admin is told that, which nobody else is.
    "POST /api/admin/mail/{id}/retry": Row(
        "/api/admin/mail/none/retry", {**OF_ADMINS, ADMIN: 404, ADMIN_USER: 404}, {}, asks_session=False
    ),
    "GET /api/admin/webhooks": Row("/api/admin/webhooks", OF_ADMINS),
    "POST /api/admin/webhooks": Row(
        "/api/admin/webhooks", OF_ADMINS, {"name": "N", "url": "https://w.example/"}, asks_session=False
    ),
    # There is no such webhook: an admin is told that, which nobody else is.
    "GET /api/admin/webhooks/{id}": Row("/api/admin/webhooks/none", OF_ADMINS_WHO_FIND_NOTHING),
    "PATCH /api/admin/webhooks/{id}": Row(
        "/api/admin/webhooks/none", OF_ADMINS_WHO_FIND_NOTHING, {"enabled": True}, asks_session=False
    ),
    "DELETE /api/admin/webhooks/{id}": Row(
        "/api/admin/webhooks/none", OF_ADMINS_WHO_FIND_NOTHING, {}, asks_session=False
    ),
    "POST /api/admin/webhooks/{id}/replay": Row(
        "/api/admin/webhooks/none/replay", OF_ADMINS_WHO_FIND_NOTHING, {"fromSeq": 1}, asks_session=False
    ),
    "POST /api/admin/webhooks/{id}/rotate-secret": Row(
        "/api/admin/webhooks/none/rotate-secret", OF_ADMINS_WHO_FIND_NOTHING, {}, asks_session=False
    ),
    "POST /api/admin/webhooks/{id}/test": Row(
        "/api/admin/webhooks/none/test", OF_ADMINS_WHO_FIND_NOTHING, {}, asks_session=False
    ),
    "POST /api/admin/privacy/erase": Row(
        "/api/admin/privacy/erase", OF_ADMINS, {"email": "a@example.com"}, asks_session=False
    ),
    "POST /api/admin/privacy/export": Row(
        "/api/admin/privacy/export", OF_ADMINS, {"email": "a@example.com"}, asks_session=False
    ),
    "GET /api/cron/cleanup-reservations": Row("/api/cron/cleanup-reservations", OF_CRON),
    "GET /livez": Row("/livez", ANYONE),
    "GET /metrics": Row("/metrics", ANYONE),
    "GET /readyz": Row("/readyz", ANYONE),
    "GET /openapi.json": Row("/openapi.json", ANYONE),
    "GET /asyncapi.json": Row("/asyncapi.json", ANYONE),
    "GET /docs": Row("/docs", ANYONE),
    "GET /": Row("/", ANYONE),
    "GET /events/{id}": Row("/events/ev", ANYONE),
    "GET /checkout": Row("/checkout", ANYONE),
    # The page is everyone's; what it shows it has to ask for.
    "GET /tickets/{id}": Row("/tickets/{held}", ANYONE),
    "GET /reservations": Row("/reservations", ANYONE),
    "GET /sign-in": Row("/sign-in", ANYONE),
    # So is the desk, which asks the admin routes.
    "GET /admin": Row("/admin", ANYONE),
    "GET /admin/sales": Row("/admin/sales", ANYONE),
    "GET /admin/catalogue": Row("/admin/catalogue", ANYONE),
    "GET /admin/catalogue/{id}": Row("/admin/catalogue/ev", ANYONE),
    "GET /admin/lookup": Row("/admin/lookup", ANYONE),
    "GET /admin/door": Row("/admin/door", ANYONE),
    "GET /static/{path}": Row("/static/app.js", ANYONE),
}


def filled(value: Any, known: dict[str, str]) -> Any:
    """What was made for this test, put where a row names it."""
    if isinstance(value, str):
        return known.get(value.strip("{}"), value) if value.startswith("{") else value.format(**known)
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    return [filled(each, known) for each in value] if isinstance(value, list) else value


def test_every_route_stands_in_the_table_and_nothing_else_does() -> None:
    assert {name_of(route) for route in ALL} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_every_row_answers_everyone(name: str) -> None:
    assert TABLE[name].answers.keys() == CALLERS.keys()


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", TABLE)
async def test_access(api: Api, name: str, caller: str) -> None:
    body = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "s1"}
    token = make_token("user-1")
    held = await api.call("POST", "/api/public/reservations", body, token=token, status=201)
    bought = await api.buy(await api.reserve(1, session="s9"), session="s9", user="user-9")
    hold = held["data"]["reservation"]
    known = {"held": hold["id"], "name": hold["code"], "code": bought["tickets"][0]["code"]}
    before = await api.counters(), api.backend.box_office.board.seq

    row, (session, bearer) = TABLE[name], CALLERS[caller]
    method, path, sent = name.partition(" ")[0], filled(row.path, known), filled(row.body, known)
    if session is not None and row.asks_session:
        if sent is None:
            path += f"{'&' if '?' in path else '?'}sessionId={session}"
        else:
            sent["sessionId"] = session
    response = await api.send(method, path, sent, token=bearer)

    if row.answers[caller] == 200:
        assert response.status in {200, 201}, await response.text()
        return
    await failure_of(response, status=row.answers[caller])
    assert (response.status == 401) == ("WWW-Authenticate" in response.headers)
    assert (await api.counters(), api.backend.box_office.board.seq) == before
