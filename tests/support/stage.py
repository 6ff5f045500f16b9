"""A service that faults befall: one real process, and for each test a ticket type of its own."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from actor_ticketing.credentials import FILE_NAME, read_data_keys
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from actor_ticketing.vault import Vault
from support.faults import Faults
from support.process import Service, list_stock
from support.web import PERSON, RESERVATIONS, make_token

TOTAL = 10_000
SECONDS = 20.0
"""How long a test waits for what must come at some time; it only ends a test that has failed."""

_numbers = count(1)


@dataclass(frozen=True)
class Reply:
    """What a client was told."""

    status: int
    raw: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.document["error"]["code"])

    @property
    def reservation(self) -> str:
        """The id of the reservation that was made or changed."""
        return str(self.document["data"]["reservation"]["id"])


@dataclass
class Stage:
    """The service, its faults, and a client of it: the session ``s``, with a token where one is needed."""

    service: Service
    faults: Faults
    session: aiohttp.ClientSession
    ticket_type_id: str = ""
    _log_from: int = field(default=0, repr=False)

    async def open(self) -> None:
        """Have the service run, with a ticket type that nothing has happened to."""
        if not self.service.is_running:
            await self.service.start()
        self.ticket_type_id = f"tt_{next(_numbers)}"
        await list_stock(
            self.session, self.service.url, {self.ticket_type_id: TOTAL}, event_id=f"ev_of_{self.ticket_type_id}"
        )
        self._log_from = len(self._whole_log())

    async def restart(self) -> None:
        """All is well again, and the process that has ended is started once more."""
        assert not self.service.is_running
        self.faults.end()
        await self.service.start()

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request that gets an answer."""
        async with self.session.request(method, self.service.url + path, json=body, headers=headers) as response:
            return Reply(response.status, await response.read())

    async def reserve(self, quantity: int = 1, *, key: str | None = None, seconds: float = 600) -> Reply:
        """Ask for a hold."""
        body = {
            "ticketTypeId": self.ticket_type_id,
            "quantity": quantity,
            "sessionId": "s",
            "expirationMinutes": seconds / 60,
        }
        return await self.send("POST", RESERVATIONS, body, **keyed(key))

    async def reserve_first_of_log(self) -> Reply:
        """Have the write-ahead log begin anew with a hold; what comes next is written and synced once and no more."""
        with closing(sqlite3.connect(self.service.data_dir / DATABASE)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return await self.reserve()

    async def purchase(self, reservation_id: str, quantity: int = 1, *, key: str | None = None, **claims: Any) -> Reply:
        """Ask for the tickets of a hold, with a token of these claims."""
        body = {"sessionId": "s", "buyerInfo": PERSON, "ticketHolders": [PERSON] * quantity}
        token = {"Authorization": f"Bearer {make_token(**claims)}"}
        return await self.send("POST", f"{RESERVATIONS}/{reservation_id}/purchase", body, **token, **keyed(key))

    async def look(self, reservation_id: str) -> Reply:
        """Read one reservation, which comes from the database."""
        return await self.send("GET", f"{RESERVATIONS}/{reservation_id}?sessionId=s")

    async def stock(self) -> tuple[int, int]:
        """What is sold and what is held. Nobody may be told counters that do not add up."""
        reply = await self.send("GET", f"/api/public/availability/{self.ticket_type_id}")
        assert reply.status == 200
        told = reply.document["data"]
        assert told["total"] == told["sold"] + told["reserved"] + told["available"] == TOTAL
        return told["sold"], told["reserved"]

    async def is_hanging(self) -> bool:
        """Whether a thread of the process hangs."""
        return self.faults.now.hanging > 0

    def log(self) -> list[dict[str, Any]]:
        """What the service has logged since this test began."""
        lines = self._whole_log()[self._log_from :].decode().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [line for line in self.log() if line["event"] == event]

    def _whole_log(self) -> bytes:
        assert self.service.log is not None
        return self.service.log.read_bytes()


def prepare(shim: Path, home: Path) -> tuple[Service, Faults]:
    """A service that has not been started, and what can go wrong for it."""
    (data_dir := home / "data").mkdir()
    (log := home / "log").touch()
    faults = Faults(shim, home, data_dir)
    environment = {
        **faults.environment,
        "ACTOR_TICKETING_LOG__FORMAT": "json",
        "ACTOR_TICKETING_STORAGE__BUSY_TIMEOUT_MS": "100",
        "ACTOR_TICKETING_WEBSOCKET__MAX_PER_ADDRESS": "5000",
        "ACTOR_TICKETING_WEBSOCKET__MAX_QUEUED_MESSAGES": "16",
    }
    return Service(data_dir=data_dir, environment=environment, log=log), faults


def keyed(key: str | None) -> dict[str, str]:
    """The header of an Idempotency-Key."""
    return {} if key is None else {"Idempotency-Key": key}


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until it is so."""
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 - nobody here is told of it.
            await asyncio.sleep(0.01)


def check_books(data_dir: Path) -> None:
    """The books of a data directory are in order, and who is named in them can be read."""
    vault = Vault(read_data_keys(data_dir / FILE_NAME))
    report = verify(data_dir / DATABASE, vault=vault)
    assert report.ok, [check for check in report.checks if check.problems]
