"""The HTTP side as tests use it."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from actor_ticketing.clock import ManualClock
from actor_ticketing.http.context import Backend, Doors
from actor_ticketing.http.runner import Runner
from bench.history.recording import LEDGER_SEQ, Recorder
from support.contract import keeps_its_promise
from support.service import eventually

ADMIN_TOKEN = "admin-token-of-these-tests"
CRON_SECRET = "cron-secret-of-these-tests"
JWT_SECRET = "jwt-secret-of-these-tests-0123456789"

RESERVATIONS = "/api/public/reservations"
PURCHASES = "/api/public/purchases"
CLEANUP = "/api/admin/reservations/cleanup"
CRON = "/api/cron/cleanup-reservations"

PERSON = {
    "fullName": "Ada Lovelace",
    "identityType": "passport",
    "identityNumber": "X123456",
    "email": "ada@example.com",
    "whatsapp": "+44 20 7946 0000",
}


def make_token(user: str = "user-1", *, key: str = JWT_SECRET, **claims: Any) -> str:
    """A bearer token as an issuer would make it; a claim of None is left out."""
    document = {
        "sub": user,
        "iss": "actor-ticketing",
        "aud": "actor-ticketing",
        # Some are made when the tests are collected, which may be long before their turn.
        "exp": int(time.time()) + 86_400,
        **claims,
    }
    return jwt.encode({name: value for name, value in document.items() if value is not None}, key)


def configured(**sections: Any) -> pytest.MarkDecorator:
    """Mark a test whose service has other settings, by section."""
    return pytest.mark.parametrize("overrides", [sections], ids=["configured"])


def caller_of(token: str | None, json: Any) -> str:
    """Whose an Idempotency-Key is, as the contract has it: the user's, else the session's."""
    if token is None:
        return f"session {json.get('sessionId')}" if isinstance(json, dict) else "nobody"
    try:
        return f"user {jwt.decode(token, options={'verify_signature': False})['sub']}"
    except (jwt.PyJWTError, KeyError):
        return f"token {token}"


async def failure_of(response: ClientResponse, *, status: int, code: str | None = None) -> Any:
    """Check that a response is a failure in the one shape, and return its ``error``."""
    document = await response.json()
    assert response.status == status, document
    assert document.keys() == {"success", "message", "error"}
    assert document["success"] is False
    assert isinstance(document["message"], str)
    assert document["message"]
    error = document["error"]
    assert error.keys() <= {"code", "details"}
    assert re.fullmatch(r"[a-z][a-z0-9_]*", error["code"])
    assert code in {None, error["code"]}, document
    assert response.headers["X-Request-ID"]
    return error


def fields_of(error: Any) -> set[str]:
    """The fields a validation error names."""
    assert all(detail.keys() == {"field", "problem"} for detail in error["details"])
    return {detail["field"] for detail in error["details"]}


class RealServer(TestServer):
    """aiohttp's test server with the runner of a deployment."""

    async def _make_runner(self, **options: Any) -> Runner:
        return Runner(self.app, **{**options, "access_log": None})


@dataclass(frozen=True, kw_only=True)
class Api:
    """One client of the real application, and the service behind it."""

    client: TestClient[Any, Any]
    backend: Backend
    doors: Doors
    clock: ManualClock
    history: Recorder = field(default_factory=Recorder)

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        token: str | None = None,
        status: int,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request, check the status, and return the JSON document."""
        response = await self.send(method, path, json, token=token, headers=headers)
        document = await response.json()
        assert response.status == status, document
        return document

    async def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> ClientResponse:
        """Send a request and return the response, which goes into the history and has to be as the document
        says.
        """
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        sent = {**bearer, **(headers or {})}
        key = sent.get("Idempotency-Key")
        call = self.history.sent(method, path, json, key=None if key is None else f"{caller_of(token, json)} {key}")
        response = await self.client.request(method, path, json=json, headers=sent)
        self.history.answered(call, response.status, response.headers.get(LEDGER_SEQ), await response.read())
        await keeps_its_promise(response)
        return response

    async def reserve(self, quantity: int = 1, *, session: str = "s1", of: str = "tt", **fields: Any) -> Any:
        """Reserve, and return the reservation."""
        body = {"ticketTypeId": of, "quantity": quantity, "sessionId": session, **fields}
        document = await self.call("POST", "/api/public/reservations", body, status=201)
        return document["data"]["reservation"]

    async def availability(self, of: str = "tt") -> Any:
        """The counters of a ticket type."""
        return (await self.call("GET", f"/api/public/availability/{of}", status=200))["data"]

    async def counters(self, of: str = "tt") -> tuple[int, int, int, int]:
        """Total, sold, reserved and available of a ticket type."""
        stock = await self.availability(of)
        return stock["total"], stock["sold"], stock["reserved"], stock["available"]

    async def refused(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        status: int,
        code: str | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request that has to be turned down, check the shape of the answer, and return its ``error``."""
        response = await self.send(method, path, json, token=token, headers=headers)
        return await failure_of(response, status=status, code=code)

    async def show(self, reservation: Any, *, session: str = "s1") -> Any:
        """Look one reservation up, and return the whole ``data``."""
        path = f"{RESERVATIONS}/{reservation['id']}?sessionId={session}"
        return (await self.call("GET", path, status=200))["data"]

    async def extend(self, reservation: Any, minutes: float, *, session: str = "s1") -> Any:
        """Extend, and return the whole ``data``."""
        body = {"additionalMinutes": minutes, "sessionId": session}
        return (await self.call("PATCH", f"{RESERVATIONS}/{reservation['id']}", body, status=200))["data"]

    async def cancel(self, reservation: Any, *, session: str = "s1") -> Any:
        """Cancel, and return the whole ``data``."""
        path = f"{RESERVATIONS}/{reservation['id']}"
        return (await self.call("DELETE", path, {"sessionId": session}, status=200))["data"]

    async def buy(self, reservation: Any, *, session: str = "s1", user: str = "user-1") -> Any:
        """Purchase as a signed-in user, and return the whole ``data``."""
        path, body = purchase_of(reservation, session=session)
        return (await self.call("POST", path, body, token=make_token(user), status=201))["data"]

    async def pass_time(self, milliseconds: int) -> None:
        """Step the clock, and wait until what has fallen due is durably released."""
        self.clock.advance(milliseconds)
        now, counters = self.clock.now(), self.backend.box_office.board.counters
        await eventually(lambda: all((stock.next_deadline or now + 1) > now for stock in counters.values()))

    def lose_timers(self, milliseconds: int) -> None:
        """Step the clock without any timer going off, as if they had all been lost."""
        self.clock._timers.clear()
        self.clock.advance(milliseconds)

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they are, and return all that comes back until the connection closes."""
        server = self.client.server
        reader, writer = await asyncio.open_connection(server.host, server.port)
        try:
            writer.write(request)
            async with asyncio.timeout(30):
                return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()


OpenApi = Callable[[], AbstractAsyncContextManager[Api]]


def purchase_of(reservation: Any, *, session: str | None = "s1", **changes: Any) -> tuple[str, dict[str, Any]]:
    """The path and body that purchase a reservation, with a holder for each ticket."""
    body: dict[str, Any] = {"buyerInfo": PERSON, "ticketHolders": [PERSON] * reservation["quantity"]}
    if session is not None:
        body["sessionId"] = session
    return f"{RESERVATIONS}/{reservation['id']}/purchase", {**body, **changes}


def purchases_of(*reservations: Any, session: str | None = "s1", **changes: Any) -> dict[str, Any]:
    """The body that purchases several reservations at once."""
    body: dict[str, Any] = {
        "reservationIds": [each["id"] for each in reservations],
        "buyerInfo": PERSON,
        "ticketHolders": [[PERSON] * each["quantity"] for each in reservations],
    }
    if session is not None:
        body["sessionId"] = session
    return {**body, **changes}
