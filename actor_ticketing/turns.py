"""What must not happen twice at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Turns:
    """Lets one thing at a time happen under a key, each to its end, even if whoever asked for it is gone."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._under_way: set[asyncio.Task[Any]] = set()

    async def take(self, key: str, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` when it is its turn, and return what it returns."""
        # In a task of its own: a caller who is cancelled must not let the next one in before the commit.
        task = asyncio.create_task(self._in_turn(key, work))
        self._under_way.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _in_turn(self, key: str, work: Coroutine[Any, Any, T]) -> T:
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            return await work

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # Seen, even if its caller is gone.
