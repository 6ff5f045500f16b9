"""The examples of the OpenAPI document as requests, with what the service has made in the place of what they show."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.domain.mail import Mail, MailKind, MailQueued, MailState
from actor_ticketing.domain.ports import Entry
from actor_ticketing.http.openapi import examples
from actor_ticketing.http.openapi.examples import EVENT, HOLD, SEAT, SESSION, SIGN_UP, STREAM
from actor_ticketing.http.openapi.operation import Operation
from support.service import list_event, list_ticket_type
from support.web import ADMIN_TOKEN, CRON_SECRET, Api, make_token

Json = dict[str, Any]
_OF_TICKETS = {
    "checkIn",
    "findTicket",
    "getQrCodeAsPng",
    "getQrCodeAsSvg",
    "getTicketAsPdf",
    "getTicketsAsPdf",
    "getTicketsOfSeveralAsPdf",
}
_OF_AN_ACCOUNT = {"login", "refresh", "logout"}


@dataclass(frozen=True)
class Sent:
    """One request: what goes where."""

    method: str
    path: str
    body: Json | None
    token: str | None


def requests_of(name: str, operation: Operation) -> dict[str, Sent]:
    """The requests that the document shows, by what each is to show."""
    method, _, path = name.partition(" ")
    path = path.format(**operation.path)
    query = [f"{each.name}={each.example}" for each in operation.query if each.example is not None]
    schemes = {scheme for requirement in operation.proof for scheme in requirement}
    if "sessionId" in schemes:
        query.append(f"sessionId={SESSION}")
    tokens = {"adminToken": ADMIN_TOKEN, "cronSecret": CRON_SECRET, "userToken": make_token()}
    token = next((tokens[scheme] for scheme in schemes if scheme in tokens), None)
    path = "?".join(filter(None, [path, "&".join(query)]))
    bodies: Mapping[str, Any] = operation.bodies or {"": None}
    return {f"{name} {shown}".strip(): Sent(method, path, body, token) for shown, body in bodies.items()}


async def put_in_place(api: Api, operation: Operation, sent: Sent) -> Sent:
    """Bring about what an example needs, and name in it what the service has made for it."""
    await list_event(api.backend, event_id=EVENT)
    await list_ticket_type(api.backend, SEAT, event_id=EVENT)
    await list_ticket_type(api.backend, STREAM, event_id=EVENT)
    if operation.id in _OF_AN_ACCOUNT:
        signed_in = await api.call("POST", "/api/public/auth/register", SIGN_UP, status=201)
        return _with(sent, {examples.REFRESH_TOKEN: signed_in["data"]["refreshToken"]})
    hold = await api.reserve(2, session=SESSION, of=SEAT)
    made = {HOLD: hold["id"], examples.HOLD_CODE: hold["code"]}
    if operation.id == "retryMail":
        await _make_dead_letter(api, hold["id"])
    if "Webhook" in operation.id:
        created = await api.backend.webhooks.create(name="W", url="https://w.example/", kinds=[], from_seq=None)
        made[examples.WEBHOOK] = created.webhook.id
    if operation.id in _OF_TICKETS:
        bought = await api.buy(hold, session=SESSION)
        ticket = bought["tickets"][0]
        made |= {examples.TICKET: ticket["code"], examples.TICKET.lower(): ticket["code"].lower()}
        made |= {examples.QR_PAYLOAD: ticket["qrPayload"]}
    return _with(sent, made)


async def _make_dead_letter(api: Api, reservation_id: str) -> None:
    now = api.clock.now()
    mail = Mail(
        id=f"{reservation_id}.purchased",
        kind=MailKind.PURCHASED,
        reservation_id=reservation_id,
        created_at=now,
        since=now,
        state=MailState.DEAD,
        due_at=now,
        settled_at=now,
    )
    await write_entry(api.backend.outbox._journal, Entry(records=[MailQueued(mail=mail)]))


def _with(sent: Sent, made: Mapping[str, str]) -> Sent:
    text = json.dumps([sent.path, sent.body])
    for shown, real in made.items():
        text = text.replace(shown, real)
    path, body = json.loads(text)
    return Sent(sent.method, path, body, sent.token)
