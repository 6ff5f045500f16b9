"""Buyers who do a bit of everything at once until the service dies under them, and remember what they were told."""

import asyncio
import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.history.recording import LEDGER_SEQ, Recorder
from support.process import Service
from support.web import PERSON, make_token

BUYERS = 16
STOCK = {"tt_a": 100_000, "tt_b": 100_000, "tt_small": 40}


@dataclass
class Acknowledged:
    """What clients were told, by reservation id: the last status they know, and what they have of it.

    `in_doubt` are reservations with a request whose answer never came: either outcome is right.
    """

    sessions: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    expires_at: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, list[str]] = field(default_factory=dict)
    keyed: list[tuple[str, dict[str, Any], bytes]] = field(default_factory=list)
    in_doubt: set[str] = field(default_factory=set)
    history: Recorder = field(default_factory=Recorder)


class _Buyer:
    """Does a bit of everything until the server is gone."""

    def __init__(self, number: int, session: aiohttp.ClientSession, url: str, known: Acknowledged) -> None:
        self._session = session
        self._url = url
        self._known = known
        self._random = random.Random(number)  # noqa: S311 - variety, not secrecy.
        self._guest = f"guest-{number}"
        self._token = {"Authorization": f"Bearer {make_token(f'user-{number}')}"}

    async def run(self) -> None:
        while True:
            held = await self._reserve()
            await self._look()
            for reservation_id in held:
                await self._random.choice([self._extend, self._cancel, self._purchase, self._leave])(reservation_id)

    async def _send(self, method: str, path: str, json: dict[str, Any], **headers: str) -> tuple[int, Any, bytes]:
        call = self._known.history.sent(method, path, json, key=headers.get("Idempotency-Key"))
        async with self._session.request(method, self._url + path, json=json, headers=headers) as response:
            raw = await response.read()
            self._known.history.answered(call, response.status, response.headers.get(LEDGER_SEQ), raw)
            assert response.status in {200, 201, 409}, (path, response.status, raw)
            return response.status, await response.json(), raw

    async def _look(self) -> None:
        path = f"/api/public/availability/{self._random.choice(sorted(STOCK))}"
        call = self._known.history.sent("GET", path)
        async with self._session.get(self._url + path) as response:
            raw = await response.read()
            self._known.history.answered(call, response.status, response.headers.get(LEDGER_SEQ), raw)

    async def _reserve(self) -> list[str]:
        types = self._random.sample(sorted(STOCK), self._random.choice([1, 1, 2]))
        lines = [{"ticketTypeId": each, "quantity": self._random.randint(1, 3)} for each in types]
        body: dict[str, Any] = {"reservations": lines, "sessionId": self._guest}
        key = f"key-{self._random.getrandbits(64)}"
        status, document, raw = await self._send("POST", "/api/public/reservations", body, **{"Idempotency-Key": key})
        if status == 409:
            return []
        self._known.keyed.append((key, body, raw))
        made = document["data"]["reservations"]
        for each in made:
            self._known.sessions[each["id"]] = self._guest
            self._known.status[each["id"]] = "ACTIVE"
            self._known.expires_at[each["id"]] = each["expiresAt"]
        return [each["id"] for each in made]

    async def _extend(self, reservation_id: str) -> None:
        body = {"sessionId": self._guest, "additionalMinutes": 1}
        document = await self._change("PATCH", f"/api/public/reservations/{reservation_id}", body, reservation_id)
        self._known.expires_at[reservation_id] = document["data"]["expiresAt"]

    async def _cancel(self, reservation_id: str) -> None:
        body = {"sessionId": self._guest}
        await self._change("DELETE", f"/api/public/reservations/{reservation_id}", body, reservation_id)
        self._known.status[reservation_id] = "CANCELLED"

    async def _purchase(self, reservation_id: str) -> None:
        path = f"/api/public/reservations/{reservation_id}"
        async with self._session.get(f"{self._url}{path}?sessionId={self._guest}") as response:
            quantity = (await response.json())["data"]["reservation"]["quantity"]
        body = {"sessionId": self._guest, "buyerInfo": PERSON, "ticketHolders": [PERSON] * quantity}
        document = await self._change("POST", f"{path}/purchase", body, reservation_id, **self._token)
        self._known.status[reservation_id] = "CONVERTED"
        self._known.tickets[reservation_id] = [ticket["code"] for ticket in document["data"]["tickets"]]

    async def _leave(self, reservation_id: str) -> None:
        """Do nothing more with it."""

    async def _change(self, method: str, path: str, body: dict[str, Any], reservation_id: str, **headers: str) -> Any:
        self._known.in_doubt.add(reservation_id)
        status, document, _ = await self._send(method, path, body, **headers)
        assert status in {200, 201}, document
        self._known.in_doubt.discard(reservation_id)
        return document


async def buy_until_dead(service: Service, known: Acknowledged, seed: int, death: Awaitable[object]) -> None:
    """Many buyers at once, until the process has died by ``death``, with their requests in flight."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        buyers = [_Buyer(seed * 1000 + n, session, service.url, known) for n in range(BUYERS)]
        running = [asyncio.create_task(buyer.run()) for buyer in buyers]
        await death
        for outcome in await asyncio.gather(*running, return_exceptions=True):
            assert isinstance(outcome, aiohttp.ClientError | ConnectionError), repr(outcome)


async def check_acknowledged(session: aiohttp.ClientSession, url: str, known: Acknowledged) -> None:
    """Everything that a client was told before the crash is still so."""
    for reservation_id, status in known.status.items():
        path = f"{url}/api/public/reservations/{reservation_id}?sessionId={known.sessions[reservation_id]}"
        async with session.get(path) as response:
            document = await response.json()
            assert response.status == 200, (reservation_id, document)
        if reservation_id in known.in_doubt:
            continue
        data = document["data"]
        assert data["reservation"]["status"] == status
        assert data["reservation"]["expiresAt"] == known.expires_at[reservation_id]
        assert [ticket["code"] for ticket in data.get("tickets", [])] == known.tickets.get(reservation_id, [])


async def check_keys(session: aiohttp.ClientSession, url: str, known: Acknowledged) -> None:
    """A kept answer comes again byte for byte."""
    for key, body, raw in known.keyed[-20:]:
        headers = {"Idempotency-Key": key}
        async with session.post(f"{url}/api/public/reservations", json=body, headers=headers) as response:
            assert await response.read() == raw
