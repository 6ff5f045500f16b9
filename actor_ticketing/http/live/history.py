"""What a client that was away has missed."""

import asyncio
from collections.abc import AsyncGenerator

from actor_ticketing.actors.board import Board
from actor_ticketing.clock import Clock
from actor_ticketing.domain.ports import Queries
from actor_ticketing.http.live.messages import happened, plain

PORTION = 10_000
"""Ledger entries that are read in one go: 6 ms of a read connection."""

ENTRIES_MAX = 1_000_000
"""Ledger entries of the whole service that a client may have missed. Beyond, it is told to load everything anew."""


class Histories:
    """Reads the ledger for those who come back, one portion of one of them at a time: buyers read here, too."""

    def __init__(self, board: Board, clock: Clock, queries: Queries) -> None:
        self._board = board
        self._clock = clock
        self._queries = queries
        self._turn = asyncio.Semaphore(1)

    async def since(self, session_id: str, after: int, until: int) -> AsyncGenerator[bytes]:
        """The messages about a session's reservations after one ledger position and up to another, in order.

        One that says ``reload`` comes when they cannot all be told: the ledger no longer has them, they are too many to
        look through, or ``after`` is ahead of the ledger, which then is not the one that the client has seen.

        :raises StorageUnavailable: when the ledger cannot be read.
        """
        if not 0 <= until - after <= ENTRIES_MAX:
            yield plain("reload", until, self._clock.now())
            return
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
