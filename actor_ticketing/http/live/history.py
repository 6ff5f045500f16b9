"""What a client that was away has missed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from actor_ticketing.actors.board import Board
from actor_ticketing.clock import Clock
from actor_ticketing.domain.ports import Queries
from actor_ticketing.http.live.messages import happened, plain

PORTION = 10_000
"""Ledger entries that are read in one go: 6 ms of a read connection."""

ENTRIES_MAX = 1_000_000
"""Ledger entries of the whole service that a client may have missed. Beyond, it is told to load everything anew."""

WALKING_MAX = 2
WAITING_MAX = 20
"""So many clients of one address are told of more than a portion at a time, and so many wait for that. Others are to
load everything anew, which costs less than their walks and is counted."""


@dataclass(slots=True)
class _Crowd:
    """The clients of one address that have missed more than a portion."""

    number: int = 0
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WALKING_MAX))


class Histories:
    """Reads the ledger for those who come back, one portion of one of them at a time: buyers read here, too."""

    def __init__(self, board: Board, clock: Clock, queries: Queries) -> None:
        self._board = board
        self._clock = clock
        self._queries = queries
        self._turn = asyncio.Semaphore(1)
        self._crowds: dict[str, _Crowd] = {}

    @property
    def walking(self) -> int:
        """How many clients that have missed more than a portion are being told, or wait for it."""
        return sum(crowd.number for crowd in self._crowds.values())

    async def since(self, session_id: str, address: str, after: int, until: int) -> AsyncGenerator[bytes]:
        """The messages about a session's reservations after one ledger position and up to another, in order.

        One that says ``reload`` comes when they cannot all be told: the ledger no longer has them, they are too many to
        look through, too many of its address have missed more than a portion, or ``after`` is ahead of the ledger,
        which then is not the one that the client has seen.

        :raises StorageUnavailable: when the ledger cannot be read.
        """
        missed = until - after
        is_long = missed > PORTION
        if not 0 <= missed <= ENTRIES_MAX or (is_long and self._is_crowded(address)):
            yield plain("reload", until, self._clock.now())
            return
        async with self._walk(address) if is_long else nullcontext():
            while after < until:
                end = min(after + PORTION, until)
                async with self._turn:
                    moments = await self._queries.reservation_history(session_id, after=after, until=end)
                if moments is None:
                    yield plain("reload", until, self._clock.now())
                    return
                now = self._clock.now()
                for moment in moments:
                    message = happened(self._board, moment, now)
                    if message is not None:
                        yield message
                after = end

    def _is_crowded(self, address: str) -> bool:
        crowd = self._crowds.get(address)
        return crowd is not None and crowd.number >= WALKING_MAX + WAITING_MAX

    @asynccontextmanager
    async def _walk(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn of the address."""
        crowd = self._crowds.setdefault(address, _Crowd())
        crowd.number += 1
        try:
            async with crowd.turns:
                yield
        finally:
            crowd.number -= 1
            if not crowd.number:
                del self._crowds[address]
