"""The real process, as a deployment runs it."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from support.web import ADMIN_TOKEN, CRON_SECRET, JWT_SECRET

START_SECONDS = 20.0
END_SECONDS = 60.0


@dataclass
class Service:
    """`actor-ticketing serve` on a free port of the loopback interface, on a data directory that outlives it.

    :ivar module: what is run instead of the package itself, if anything.
    :ivar log: the file that standard error is added to; None: it is the test's own.
    """

    data_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    module: str = "actor_ticketing"
    log: Path | None = None
    url: str = ""
    process: asyncio.subprocess.Process | None = None

    @property
    def command(self) -> list[str]:
        """How any subcommand is run."""
        return [sys.executable, "-m", self.module]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ACTOR_TICKETING_")}
        return {
            **kept,
            "ACTOR_TICKETING_AUTH__ADMIN_TOKEN": ADMIN_TOKEN,
            "ACTOR_TICKETING_AUTH__CRON_SECRET": CRON_SECRET,
            "ACTOR_TICKETING_AUTH__JWT_SECRET": JWT_SECRET,
            "ACTOR_TICKETING_SWEEP__INTERVAL_SECONDS": "3600",
            # All load of a test comes from one address.
            "ACTOR_TICKETING_RATE_LIMIT__ENABLED": "false",
            **self.environment,
        }

    async def start(self, *options: str) -> None:
        """Start it and wait for its `listening on` line."""
        with self.log.open("ab") if self.log else nullcontext() as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                "serve",
                "--port",
                "0",
                "--data-dir",
                str(self.data_dir),
                *options,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=self._environment(),
                cwd=self.data_dir,
            )
        assert self.process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            line = (await self.process.stdout.readline()).decode()
        assert line.startswith("listening on http://"), line
        self.url = line.removeprefix("listening on ").strip()

    async def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def terminate(self) -> int:
        """SIGTERM, and the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a subcommand on the same data directory: exit status, standard output, standard error."""
        return await self._finish(*self.command, *arguments, "--data-dir", str(self.data_dir))

    async def shell(self, script: str) -> tuple[int, str, str]:
        """Run a bash script in the data directory, as somebody at a terminal would."""
        return await self._finish("bash", "-c", script)

    async def _finish(self, *command: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._environment(), "ACTOR_TICKETING_DATA_DIR": str(self.data_dir)},
            cwd=self.data_dir,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.process is not None and self.process.returncode is None

    async def ended(self) -> int:
        """Wait until it has ended by itself; return the exit status."""
        assert self.process is not None
        async with asyncio.timeout(END_SECONDS):
            return await self.process.wait()

    async def stop(self) -> None:
        """End it if it still runs."""
        if self.is_running:
            await self.kill()


async def admin(session: aiohttp.ClientSession, url: str, method: str, path: str, json: Any = None) -> Any:
    """Call an admin route that must succeed."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with session.request(method, url + path, json=json, headers=headers) as response:
        document = await response.json()
        assert response.status < 300, document
        return document["data"]


async def list_stock(
    session: aiohttp.ClientSession, url: str, totals: Mapping[str, int], *, event_id: str = "ev"
) -> None:
    """Put one event on sale, with a ticket type for each entry."""
    event = {"id": event_id, "title": "Spring Concert", "venue": "City Hall", "startDate": "2099-03-20T19:00:00Z"}
    await admin(session, url, "POST", "/api/admin/events", event)
    for ticket_type_id, total in totals.items():
        terms = {"id": ticket_type_id, "name": ticket_type_id, "price": 4500, "currency": "EUR", "total": total}
        await admin(session, url, "POST", f"/api/admin/events/{event_id}/ticket-types", terms)
