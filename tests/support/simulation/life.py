"""One life of the process: from its start, through recovery, to its crash or orderly end."""

import asyncio
import hashlib
import json
from types import SimpleNamespace
from typing import Any, cast

import pykka

from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.app import open_backend
from actor_ticketing.assembly import Storage
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import NotEnoughTickets, Overloaded, Refusal, Unavailable
from actor_ticketing.domain.ports import Entry
from actor_ticketing.http import idempotency
from actor_ticketing.http.context import DOORS, Backend
from actor_ticketing.http.request import ServiceRequest
from actor_ticketing.http.request_ids import REQUEST_ID
from actor_ticketing.persistence.memory import MemoryStore
from support.simulation.asks import Ask, Case
from support.simulation.books import Books
from support.simulation.disk import Disk, Weather
from support.simulation.stepping import StepLoop, SteppedClock, World


class _Request(ServiceRequest):
    """As much of a request as idempotency and the log look at."""

    app: Any = None
    headers: Any = None
    method, path = "POST", "/"

    def __init__(self, app: dict[Any, Any], key: str | None) -> None:
        self.app, self.doors = app, app[DOORS]
        self.headers = {REQUEST_ID: "simulated"} | ({} if key is None else {idempotency.HEADER: key})


class Life:
    """A process on a disk that others have used before.

    :ivar is_over: set when the process has ended by itself.
    :ivar attempts: the requests that are not answered yet.
    """

    def __init__(
        self, world: World, state: MemoryStore, books: Books, settings: Settings, weather: Weather, behind: int
    ) -> None:
        self.world, self.books, self._state = world, books, state
        self.loop = StepLoop(world)
        self.clock = SteppedClock(world, self.loop, behind=behind)
        self.disk = Disk(world, state, books, weather, self.clock.now)
        self.backend: Backend | None = None
        self.is_over = False
        self.attempts: dict[asyncio.Task[None], Ask] = {}
        self._app: dict[Any, Any] = {}
        self._opened = open_backend(
            Storage(store=self.disk, queries=cast("Any", self.disk)),
            settings,
            self.clock,
            entropy=world.rng.randbytes,
            on_fatal=self._end,
            serving=True,
        )
        asyncio._set_running_loop(self.loop)
        self._work = self.loop.create_task(self._start())

    def _end(self, error: BaseException) -> None:
        if not self.loop.is_dead:
            self.world.note("the process ends", repr(error))
            self.is_over = True

    async def _start(self) -> None:
        try:
            backend = await self._opened.__aenter__()
        except Unavailable as refusal:
            self._end(refusal)
            return
        idempotency.install(cast("Any", self._app))
        self._app[DOORS] = SimpleNamespace(backend=backend)
        self.disk.journal = journal = cast("Any", backend.box_office)._journal
        journal._on_commit.subscribers.append(self._hear)
        self.backend = backend
        self.world.note("ready", self.books.seq)

    def _hear(self, entry: Entry) -> None:
        if entry.last_seq > self.books.seq:
            self.world.blame(f"{entry} is told of before it is durable")

    # Requests

    def send(self, ask: Ask) -> None:
        """Have a client ask, if there is anybody to ask."""
        if self.backend is None:
            return
        slot = (hashlib.sha256(ask.session.encode()).digest(), ask.key)
        if ask.key is not None and slot in self._app[idempotency._CLAIMS]:
            self.world.sightings.add("a key came again while its first request was under way")
        self.world.note("asks", type(ask).__name__, ask.mark, ask.ids, ask.types)
        task = self.loop.create_task(self._attempt(ask, self.backend))
        self.attempts[task] = ask
        task.add_done_callback(self.attempts.pop)

    async def _attempt(self, ask: Ask, backend: Backend) -> None:
        since, began, books = self.board_seq, self.clock.now(), self.books
        ask.first = ask.first or (since, began)
        was_done = ask.key is not None and ask.effect in books.done and books.done[ask.effect] <= since
        request = _Request(self._app, ask.key)
        refusal: Refusal | None = None
        told = b""
        try:
            response = await idempotency.perform(
                request, ask.mark.encode(), ask.session, lambda keep: ask.act(backend, keep), ask.answer
            )
            told = response.body
        except Refusal as turned_down:
            refusal = turned_down
        if refusal is None and ask.key is not None:
            # What was answered may be what was answered to the first attempt.
            since, began = ask.first
        case = Case(books=books, state=self._state, since=since, began=began, now=self.clock.now(), was_done=was_done)
        self.world.note("told", ask.mark, told.decode() if refusal is None else refusal.code)
        judgement = self._judge(ask, told, case) if refusal is None else self._judge_no(ask, refusal, case)
        if judgement is not None:
            self.world.blame(f"{type(ask).__name__} {ask.mark}: {judgement}; told {refusal!r} {told!r}")

    def _judge(self, ask: Ask, told: bytes, case: Case) -> str | None:
        if ask.key is not None:
            if ask.kept not in (None, told) and not ask.is_forgotten(self.books):
                return "another answer than before under the same key"
            if ask.kept is not None:
                self.world.sightings.add("a key came again and got the first answer")
            elif case.was_done and ask.was_cut:
                self.world.sightings.add("a key came again after its first answer had been lost, and got it")
            ask.kept = told
        if not ask.may(case):
            return "it was somebody else's"
        return None if ask.stands(json.loads(told), case) else "the books do not bear it out"

    def _judge_no(self, ask: Ask, refusal: Refusal, case: Case) -> str | None:
        if isinstance(refusal, NotEnoughTickets) and refusal.details["ticketTypeId"] > min(ask.types):
            self.world.sightings.add("a bulk request was let go half-way")
        if isinstance(refusal, Overloaded):
            self.world.sightings.add("a request was turned away because too much was waiting")
        if isinstance(refusal, Unavailable):
            return self._judge_unavailable(ask)
        if case.was_done and not ask.is_forgotten(self.books):
            return "it was done before under the same key"
        return None if ask.deserves(refusal, case) else "the books do not bear that out"

    def _judge_unavailable(self, ask: Ask) -> str | None:
        effect = ask.effect
        if effect is None or ask.was_cut or ask.kept is not None:
            return None
        if effect in self.books.done:
            return "it was told that nothing has changed, and something has"
        if ask.key is None:
            self.books.void.add(effect)
        return None

    # Looking in from outside

    @property
    def board_seq(self) -> int:
        """What the process knows to be durable."""
        return 0 if self.backend is None else self.backend.box_office.board.seq

    def actors(self) -> dict[str, TicketTypeActor]:
        """The actors that are running."""
        if self.backend is None:
            return {}
        slots = cast("Any", self.backend.box_office)._roster._slots
        return {each: slot.actor for each, slot in slots.items() if slot.actor is not None}

    # The end

    def begin_to_stop(self) -> None:
        """End in an orderly manner; requests that are still under way are cut off first."""
        self._work = self.loop.create_task(self._stop())

    async def _stop(self) -> None:
        if self.backend is None:
            self._end(RuntimeError("stopped while starting"))
            return
        for task, ask in list(self.attempts.items()):
            ask.was_cut = True
            task.cancel()
        await self._opened.__aexit__(None, None, None)
        self.is_over = True

    def kill(self) -> None:
        """Nothing more of it happens."""
        for ask in self.attempts.values():
            ask.was_cut = True
        self.loop.kill()
        asyncio._set_running_loop(None)
        for ref in pykka.ActorRegistry.get_all():
            if getattr(ref.actor_inbox, "actor", None) is not None:
                pykka.ActorRegistry.unregister(ref)
