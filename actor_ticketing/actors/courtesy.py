"""Long reads give way to the sale."""

from asyncio import sleep

from actor_ticketing.actors.board import Board

SECONDS_PER_ENTRY = 0.001


class Courtesy:
    """Rests between the portions of something that can wait: the longer, the more was sold since the last rest began.

    While nobody buys, nothing is waited for. In a rush, the rests grow to their greatest length, so that the sale keeps
    most of the processor, and of Python's lock.

    :param at_most: the length of a rest, in seconds.
    """

    def __init__(self, board: Board, *, at_most: float) -> None:
        self._board = board
        self._at_most = at_most
        self._seq = board.seq

    async def rest(self) -> None:
        """Give way after a portion."""
        entries = self._board.seq - self._seq
        self._seq = self._board.seq
        if entries > 0:
            await sleep(min(self._at_most, entries * SECONDS_PER_ENTRY))
