"""A store that commits, fails for certain, leaves it unknown, and takes its time; what it has outlives the process."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.events import ReservationConverted, ReservationExpired
from actor_ticketing.domain.ports import CommitFailed, CommitUnknown, Entry
from actor_ticketing.persistence.journal import GroupCommitJournal
from actor_ticketing.persistence.memory import MemoryStore
from support.simulation.books import Books
from support.simulation.stepping import World


@dataclass(frozen=True, slots=True)
class Weather:
    """How often a disk does what: probabilities for each commit or read. ``commit_ms``: how long one may take."""

    fails: float = 0.0
    is_unknown: float = 0.0
    stalls: float = 0.0
    read_fails: float = 0.0
    commit_ms: int = 8


CALM = Weather()
STALL_MS_MAX = 15_000


class Disk:
    """The durable state, and a process's view of it while that lives.

    :ivar books: told what becomes durable, at the instant at which it does.
    :ivar committing: the batch on its way, with whether it is durable already.
    :ivar journal: whose decisions it writes, once there is one.
    """

    def __init__(
        self, world: World, state: MemoryStore, books: Books, weather: Weather, now: Callable[[], int]
    ) -> None:
        self._world = world
        self._state = state
        self._weather = weather
        self._now = now
        self.books = books
        self.committing: Sequence[Entry] = ()
        self.is_durable = False
        self.journal: GroupCommitJournal | None = None

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Write all entries at one instant in between, or none of them."""
        world, weather = self._world, CALM if self._world.is_calm else self._weather
        began, luck = world.now, world.rng.random()
        self.committing, self.is_durable = batch, False
        try:
            await self._take_time(weather)
            if luck < weather.fails:
                self._note_failure()
                raise CommitFailed(OSError("no space left on device"))
            is_unknown = not world.is_calm and luck < weather.fails + weather.is_unknown
            if is_unknown and world.chance(0.5):
                world.note("unknown, and not durable", len(batch))
                world.sightings.add("an unknown commit was found not committed after the restart")
                raise CommitUnknown("the disk has gone")
            self._note_what_is_rare(batch)
            self.books.take(batch, self._now())
            await self._state.commit(batch)
            self.is_durable = True
            world.note("durable", self.books.seq)
            if is_unknown:
                world.note("unknown, and durable", len(batch))
                world.sightings.add("an unknown commit was found committed after the restart")
                raise CommitUnknown("the disk has gone")
            await self._take_time(weather)
            self._note_stall(began)
        finally:
            self.committing = ()

    def __getattr__(self, name: str) -> Any:
        read = getattr(self._state, name)

        async def reading(*args: Any, **kwargs: Any) -> Any:
            await self._pause(self._world.rng.choice((0, 0, 0, 1, 1, 4, 4, 600)))
            if self._world.chance(0.0 if self._world.is_calm else self._weather.read_fails):
                raise StorageUnavailable("The data could not be read. Please try again.")
            found = await read(*args, **kwargs)
            await self._pause(self._world.rng.choice((0, 0, 0, 2)))
            return found

        return reading

    async def _take_time(self, weather: Weather) -> None:
        rng = self._world.rng
        await self._pause(
            rng.randint(500, STALL_MS_MAX) if rng.random() < weather.stalls else rng.randint(0, weather.commit_ms)
        )

    async def _pause(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1_000)

    def _note_what_is_rare(self, batch: Sequence[Entry]) -> None:
        sightings, now = self._world.sightings, self._now()
        for entry in batch:
            bought = [event for event in entry.events if isinstance(event, ReservationConverted)]
            if any(event.at == event.reservation.expires_at - 1 for event in bought):
                sightings.add("a purchase was decided in the last millisecond")
            if len(bought) > 1 and any(event.reservation.expires_at <= now for event in bought):
                sightings.add("a purchase of several became durable after the deadline")
            if entry.events and isinstance(entry.events[0], ReservationExpired) and _nobody_asked(entry):
                sightings.add("an overdue hold was freed for a buyer before its timer came")

    def _note_failure(self) -> None:
        self._world.note("commit fails")
        journal = self.journal
        if journal is not None:
            if any(entry.events for entry in journal._queue):
                self._world.sightings.add("decisions failed with the commit that they were based on")
            if any(entry.changes_nothing for entry in (*journal._committing, *journal._queue)):
                self._world.sightings.add("a refusal failed with the commit that it was based on")

    def _note_stall(self, began: int) -> None:
        if self._world.now - began >= 500:
            behind = self._world.now - self._now()
            if any(began < deadline + behind <= self._world.now for deadline in self.books.deadlines()):
                self._world.sightings.add("a deadline passed while a commit stalled")


def _nobody_asked(entry: Entry) -> bool:
    """Whether it answers nobody: an actor has expired a hold on its own account."""
    return isinstance(entry.on_settled, partial) and entry.on_settled.args[1] is None
