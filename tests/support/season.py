"""A shop that has been selling for a day and a night: something to look at from the operator's desk."""

import heapq
import math
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.catalogue.demo import demo_catalogue
from actor_ticketing.catalogue.importer import DeskTarget, import_catalogue
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.credentials import load_credentials
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.reservation import Owner, Reservation
from actor_ticketing.http.application import create_application
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore
from actor_ticketing.server import doors_of
from support.process import Service
from support.service import buy, eventually, fatal, hold
from support.web import ADMIN_TOKEN, JWT_SECRET, RealServer

_MINUTE = 60_000
_NOW = 1_800_043_440_000
"""An evening in January 2027, 20:04 UTC."""
_HOURS = 26
_HELD_MINUTES = 10
# How often each ticket type is asked for, and in which numbers.
_DEMAND = {
    "tt_stalls": (7, 2), "tt_balcony": (6, 2), "tt_choir": (4, 2), "tt_concession": (3, 1), "tt_weekend": (12, 3),
    "tt_saturday": (8, 3), "tt_camping": (4, 1), "tt_seat": (2, 1), "tt_livestream": (5, 1),
}  # fmt: skip
_PURCHASED, _CANCELLED = 0.66, 0.07

Act = Callable[[], Coroutine[Any, Any, None]]


class Season:
    """Buyers who come, and buy or do not, on a clock that is stepped from one of them to the next."""

    def __init__(self, backend: Backend, clock: ManualClock) -> None:
        self._backend = backend
        self._clock = clock
        self._chance = random.Random(7)  # noqa: S311 - the same shop each time.
        self._agenda: list[tuple[int, int, Act]] = []
        self._numbers = count()

    def _plan(self, at: int, act: Act) -> None:
        heapq.heappush(self._agenda, (at, next(self._numbers), act))

    async def run(self, *, until: int) -> None:
        """Live through all of it."""
        at = self._clock.now()
        while at < until:
            # A quiet night, a busy evening.
            hour = at / 3_600_000 % 24
            rush = 1.15 + math.sin((hour - 12) / 24 * 2 * math.pi) + (1.5 if 18 <= hour < 20 else 0)
            at += round(self._chance.expovariate(max(rush, 0.12) / (1.9 * _MINUTE)))
            self._plan(at, self._come)
        while self._agenda and self._agenda[0][0] <= until:
            at, _, act = heapq.heappop(self._agenda)
            await self._step_to(at)
            await act()
        await self._step_to(until)

    async def _step_to(self, at: int) -> None:
        """Let each hold end a few milliseconds late, as on a real clock."""
        counters = self._backend.box_office.board.counters
        while True:
            due = min((each.next_deadline for each in counters.values() if each.next_deadline), default=at)
            if due >= at:
                break
            self._clock._now = due + self._chance.choice((1, 2, 2, 3, 3, 4, 6, 9))
            self._clock.advance(0)
            await eventually(
                lambda: all((each.next_deadline or math.inf) > self._clock.now() for each in counters.values())
            )
        self._clock.advance(max(0, at - self._clock.now()))

    async def _come(self) -> None:
        [of] = self._chance.choices(list(_DEMAND), [weight for weight, _ in _DEMAND.values()])
        quantity = self._chance.randint(1, _DEMAND[of][1])
        session = f"s{next(self._numbers)}"
        try:
            held = await hold(self._backend, quantity, of=of, session=session, minutes=_HELD_MINUTES)
        except Refusal:
            return
        fate = self._chance.random()
        later = self._clock.now() + round(self._chance.uniform(1.5, 8) * _MINUTE)
        if fate < _PURCHASED:
            self._plan(later, partial(self._buy, held))
        elif fate < _PURCHASED + _CANCELLED:
            self._plan(later, partial(self._release, held))

    async def _buy(self, held: Reservation) -> None:
        await buy(self._backend, held, session=held.session_id)

    async def _release(self, held: Reservation) -> None:
        await self._backend.box_office.release(held.id, Owner(session_id=held.session_id))


@asynccontextmanager
async def open_season(data_dir: Path) -> AsyncIterator[Service]:
    """Serve it, with the clock at a stand: no hold ends, and each time all is the same but ids and codes."""
    settings = Settings(
        auth={"admin_token": ADMIN_TOKEN, "jwt_secret": JWT_SECRET},
        rate_limit={"enabled": False},
        sweep={"interval_seconds": 3600},
    )
    clock, store = ManualClock(_NOW - _HOURS * 60 * _MINUTE), MemoryStore()
    doors = doors_of(settings, load_credentials(settings.auth, data_dir))
    async with open_backend(Storage(store=store, queries=store), settings, clock, on_fatal=fatal) as backend:
        await import_catalogue(demo_catalogue(clock.now()), DeskTarget(backend.desk, clock))
        await Season(backend, clock).run(until=_NOW)
        await backend.desk.set_paused("tt_camping", paused=True, by="organiser")
        doors.open(backend)
        server = RealServer(create_application(doors, max_body_bytes=settings.server.max_body_bytes))
        await server.start_server()
        try:
            yield Service(data_dir=data_dir, url=str(server.make_url("")).rstrip("/"))
        finally:
            await server.close()
            await doors.close()
