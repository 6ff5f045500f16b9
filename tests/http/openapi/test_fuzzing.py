"""schemathesis against the real process: whatever is sent, the answer is one that the document has."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from actor_ticketing.client import TicketClient
from actor_ticketing.http.application import all_routes
from actor_ticketing.http.handlers.documents import names_of, openapi_text
from actor_ticketing.http.openapi.examples import EVENT, HOLD, SEAT, SESSION
from actor_ticketing.http.openapi.table import OPERATIONS
from support.process import Service, admin
from support.web import ADMIN_TOKEN, CRON_SECRET, make_token

DOCUMENT = json.loads(openapi_text(names_of(all_routes(has_accounts=True))))
# It is no request-and-answer; its handshake has tests of its own.
del DOCUMENT["paths"]["/api/public/ws"]

CONFIG = {
    "generation": {"deterministic": True, "max-examples": 5, "database": "none", "with-security-parameters": False},
    "phases": {"stateful": {"enabled": False}, "coverage": {"unexpected-methods": ["PUT", "TRACE"]}},
    # Of requests that differ, many have the same Idempotency-Key, which is refused.
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", 401, 403, 404, 409, 422]}},
}
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(CONFIG))
# What is valid of itself may be refused all the same: an end before its start, a code that was signed elsewhere, a
# password that is the address, a hold that is longer than this shop wants, too many ticket holders, an
# id that stands twice, a URL that leads into our own network, 7.0 for an integer.
BEYOND_A_SCHEMA = {
    "changeTicketType",
    "changeWebhook",
    "checkIn",
    "createTicketType",
    "createWebhook",
    "getCalendar",
    "getSales",
    "getTicketsOfSeveralAsPdf",
    "purchase",
    "purchaseSeveral",
    "register",
    "replayWebhook",
    "reserve",
}
TOKENS = {"adminToken": ADMIN_TOKEN, "cronSecret": CRON_SECRET, "userToken": make_token(exp=4_000_000_000)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], str]]:
    """A service, and what is there under the ids that the document shows."""
    service = Service(data_dir=tmp_path_factory.mktemp("fuzzed"))

    async def start() -> dict[str, str]:
        await service.start()
        async with aiohttp.ClientSession() as session:
            event = {"id": EVENT, "title": "T", "venue": "V", "startDate": "2099-03-20T19:00:00Z"}
            await admin(session, service.url, "POST", "/api/admin/events", event)
            terms = {"id": SEAT, "name": "Seat", "price": 1200, "currency": "EUR", "total": 1_000_000}
            await admin(session, service.url, "POST", f"/api/admin/events/{EVENT}/ticket-types", terms)
            held = await TicketClient(service.url, session_id=SESSION, http=session).reserve(SEAT, 2, minutes=60)
        return {HOLD: held.reservation.id}

    with asyncio.Runner() as runner:
        try:
            yield runner.run(start()), service.url
        finally:
            runner.run(service.stop())


@SCHEMA.parametrize()
def test_whatever_is_sent_is_answered_as_the_document_says(case: Any, running: tuple[dict[str, str], str]) -> None:
    known, url = running
    operation = OPERATIONS[case.operation.label]
    schemes = {scheme for requirement in operation.proof for scheme in requirement}
    token = next((TOKENS[scheme] for scheme in schemes if scheme in TOKENS), None)
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters = {name: known.get(shown, shown) for name, shown in operation.path.items()}
    excluded = [positive_data_acceptance] if operation.id in BEYOND_A_SCHEMA else []
    # Either of two proofs is enough, and a session is always sent: `test_access.py` leaves each of them out.
    excluded += [ignored_auth] if "sessionId" in schemes else []
    case.call_and_validate(
        base_url=url,
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
        params={"sessionId": SESSION} if "sessionId" in schemes else {},
        excluded_checks=excluded,
    )
