"""A real receiver of webhooks in this process, and a service that sends to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import pytest
import standardwebhooks.webhooks
from aiohttp import web
from standardwebhooks import Webhook as Verifier

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import Clock, ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.webhooks import WebhookState
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.webhooks.endpoints import NOTE_MS, Endpoint
from support.databases import new_database
from support.ports import keep_port, number_of
from support.service import eventually, fatal, list_event, list_ticket_type
from support.stores import StoreDouble
from support.vaults import VAULT

PATIENCE = 60
"""Seconds; machines are busy."""

SECOND, HOUR = 1_000, 3_600_000
SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "B" * 43 + "="


def believe(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Have the verifying library take a test's clock for the time."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.now() / 1_000, tz or UTC)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Now)


class Receiver:
    """Somebody who is told, checks each signature, and can be away, hang, and say no.

    :ivar secret: what it checks signatures with.
    :ivar answers: what it says to the next messages instead of taking them: a status, or one with headers, or an event
        that it waits for first.
    :ivar taken: the messages that it took, in order; ``ids`` are theirs.
    :ivar asked: the ids of all that it was sent, taken or not.
    """

    def __init__(self) -> None:
        self.secret = ""
        self._kept = keep_port()
        self.answers: list[int | tuple[int, Mapping[str, str]] | asyncio.Event] = []
        self.taken: list[Any] = []
        self.ids: list[str] = []
        self.asked: list[str] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{number_of(self._kept)}/hook"

    @property
    def seqs(self) -> list[int]:
        """Where what it took stands in the ledger."""
        return [message["data"]["seq"] for message in self.taken]

    async def start(self) -> None:
        """Listen, always at the same port."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", number_of(self._kept), reuse_port=True).start()

    async def die(self) -> None:
        """Be gone, and cut whoever is connected off."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def close(self) -> None:
        """Be gone for good."""
        await self.die()
        self._kept.close()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.text()
        message = Verifier(self.secret).verify(body, dict(request.headers))
        assert request.headers["Content-Type"] == "application/json"
        self.asked.append(request.headers["webhook-id"])
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = 204
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if status < 300:
            self.taken.append(message)
            self.ids.append(request.headers["webhook-id"])
        return web.Response(status=status, headers=headers, text=json.dumps(message) if status == 200 else None)


@asynccontextmanager
async def open_teller(
    directory: Path, clock: ManualClock, *, around: Callable[[Storage], Storage] = lambda each: each, **webhooks: Any
) -> AsyncIterator[Backend]:
    """Open the service on a database, with webhooks that may go to this machine; again on the same is a restart."""
    settings = Settings(webhooks={"allow_private": True, **webhooks}, storage={"synchronous": "NORMAL"})  # type: ignore[arg-type]
    async with (
        open_storage(new_database(directory / DATABASE), settings, VAULT) as storage,
        open_backend(around(storage), settings, clock, on_fatal=fatal, serving=True) as backend,
    ):
        yield backend


async def tell(
    backend: Backend, receiver: Receiver, *, kinds: tuple[str, ...] = (), from_seq: int | None = None
) -> Endpoint:
    """Have a receiver told, and let it know the secret."""
    endpoint = await backend.webhooks.create(name="R", url=receiver.url, kinds=kinds, from_seq=from_seq)
    receiver.secret = endpoint.webhook.secrets[0].text
    return endpoint


async def step_until(clock: ManualClock, condition: Callable[[], Any], *, by: int = 500) -> None:
    """Step the clock until something holds, with room for what each step sets off."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            clock.advance(by)
            await asyncio.sleep(0.01)


async def holds(condition: Callable[[], Any]) -> None:
    """Wait until something holds, with the clock standing still."""
    await eventually(lambda: bool(condition()), seconds=PATIENCE, pause=0.005)


async def noted(backend: Backend, clock: ManualClock, endpoint: Endpoint) -> WebhookState:
    """What the store knows of how far an endpoint was told, once that was written down."""
    clock.advance(NOTE_MS)
    await backend.outbox._journal.settled()
    return (await backend.outbox._queries.webhook_states())[endpoint.webhook.id]


async def shop(backend: Backend) -> None:
    """Two entries: an event, and 100 tickets."""
    await list_event(backend)
    await list_ticket_type(backend, total=100)


class Between:
    """Puts a store that fails and waits between the service and its own."""

    double: StoreDouble

    def __call__(self, storage: Storage) -> Storage:
        self.double = StoreDouble(storage.store)
        return Storage(store=self.double, queries=storage.queries)
