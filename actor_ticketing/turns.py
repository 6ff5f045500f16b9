"""What goes on to its end, whatever becomes of whoever asked for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Unbroken:
    """Runs work in tasks of their own, so that a caller who is cancelled leaves nothing half done."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` to its end, and return what it returns."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._finished)
        try:
            return await asyncio.shield(task)
        finally:
            # What it raises leads to this frame. While the frame leads back, only the garbage collector frees them.
            del task

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # Seen, even if its caller is gone.


class Turns:
    """Lets one thing at a time happen under a key, each to its end."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unbroken = Unbroken()

    async def take(self, key: str, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` when it is its turn, and return what it returns."""
        # A caller who is cancelled must not let the next one in before the commit.
        return await self._unbroken.run(self._in_turn(key, work))

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        await self._unbroken.settled()

    async def _in_turn(self, key: str, work: Coroutine[Any, Any, T]) -> T:
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            return await work
