"""Buyers who keep the real process busy, and take down all they are told."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.history.recording import LEDGER_SEQ, Recorder
from support.web import PERSON, make_token

RESERVATIONS = "/api/public/reservations"


@dataclass
class Load:
    """A crowd at the door of one service.

    :ivar answered: how many requests were carried out so far.
    """

    url: str
    types: Sequence[str]
    history: Recorder = field(default_factory=Recorder)
    answered: int = 0

    @asynccontextmanager
    async def going_on(self, clients: int = 8) -> AsyncIterator[None]:
        """Let them buy meanwhile. It may end with the service gone."""
        async with aiohttp.ClientSession(self.url, connector=aiohttp.TCPConnector(limit=0)) as session:
            crowd = [asyncio.create_task(self._buyer(session, number)) for number in range(clients)]
            try:
                yield
            finally:
                for each in crowd:
                    each.cancel()
                for outcome in await asyncio.gather(*crowd, return_exceptions=True):
                    gone = aiohttp.ClientError | ConnectionError | asyncio.CancelledError
                    assert isinstance(outcome, gone), repr(outcome)

    async def more(self, number: int) -> None:
        """Wait until that many more requests were carried out."""
        goal = self.answered + number
        async with asyncio.timeout(60):
            while self.answered < goal:  # noqa: ASYNC110 - the crowd sets no event.
                await asyncio.sleep(0.01)

    async def _buyer(self, session: aiohttp.ClientSession, number: int) -> None:
        draw, token = random.Random(number), make_token(f"user-{number}")  # noqa: S311 - variety, not secrecy.
        guest = f"guest-{number}"
        while True:
            lines = [{"ticketTypeId": each, "quantity": 2} for each in draw.sample(self.types, draw.randint(1, 2))]
            made = await self._send(session, "POST", RESERVATIONS, {"reservations": lines, "sessionId": guest})
            for held in made["reservations"]:
                of_it = f"{RESERVATIONS}/{held['id']}"
                match draw.randrange(4):
                    case 0:
                        await self._send(session, "DELETE", of_it, {"sessionId": guest})
                    case 1:
                        await self._send(session, "PATCH", of_it, {"sessionId": guest, "additionalMinutes": 1})
                    case 2:
                        people = {"buyerInfo": PERSON, "ticketHolders": [PERSON] * 2}
                        await self._send(session, "POST", f"{of_it}/purchase", {"sessionId": guest, **people}, token)
                    case _:
                        await self._send(session, "GET", f"/api/public/availability/{held['ticketTypeId']}")

    async def _send(
        self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None, token: str | None = None
    ) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        call = self.history.sent(method, path, body)
        async with session.request(method, path, json=body, headers=headers) as response:
            raw = await response.read()
            self.history.answered(call, response.status, response.headers.get(LEDGER_SEQ), raw)
            assert response.status in {200, 201}, raw
            self.answered += 1
            return (await response.json())["data"]


async def finished(process: asyncio.subprocess.Process) -> None:
    """End a process at once, as if its machine had gone."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
