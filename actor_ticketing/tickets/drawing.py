import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

Subject = TypeVar("Subject", bound=Hashable)
_Key = tuple[Callable[[Any], bytes], Hashable]


class DrawingOverloaded(Exception):
    """Nothing was drawn, because too many drawings wait or the drawer is closed. Later it may work: HTTP 503."""


class Drawings:
    """Draws files in threads of its own and keeps the latest.

    Requests for the same subject drawn in the same way share one drawing, which goes on when one of them is cancelled.
    A drawing that fails fails for all who wait for it and is not kept. `cache_size` is the number of files kept,
    `max_pending` the number of drawings waiting or running.
    One worker is enough for drawing in pure Python: a second one draws no more and only competes for the interpreter
    lock.
    An instance belongs to the event loop that first used it.
    """

    def __init__(self, name: str, *, cache_size: int, max_pending: int, workers: int = 1) -> None:
        self._cache: OrderedDict[_Key, bytes] = OrderedDict()
        self._cache_size = cache_size
        self._pending: dict[_Key, asyncio.Future[bytes]] = {}
        self._max_pending = max_pending
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._closed = False

    async def get(self, draw: Callable[[Subject], bytes], subject: Subject) -> bytes:
        """Return `draw(subject)`. Raises `DrawingOverloaded`, and what `draw` raises."""
        key = (draw, subject)
        if (file := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return file
        if (drawing := self._pending.get(key)) is None:
            drawing = self._start(key)
        return await asyncio.shield(drawing)

    async def close(self) -> None:
        """Refuse what has not begun, wait for what has, and end the threads. May be called twice."""
        self._closed = True
        try:
            if self._pending:
                await asyncio.wait(list(self._pending.values()))
        finally:
            self._executor.shutdown()

    def _start(self, key: _Key) -> asyncio.Future[bytes]:
        if self._closed:
            raise DrawingOverloaded("The drawer is closed.")
        if len(self._pending) >= self._max_pending:
            raise DrawingOverloaded(f"{self._max_pending} drawings wait.")
        drawing = asyncio.get_running_loop().run_in_executor(self._executor, self._draw, key)
        self._pending[key] = drawing
        drawing.add_done_callback(partial(self._settle, key))
        return drawing

    def _draw(self, key: _Key) -> bytes:
        # Refused here, not cancelled by close(): a waiting request could not tell that from a cancellation of its own.
        if self._closed:
            raise DrawingOverloaded("The drawer was closed.")
        draw, subject = key
        return draw(subject)

    def _settle(self, key: _Key, drawing: asyncio.Future[bytes]) -> None:
        del self._pending[key]
        # Asking for the exception also keeps asyncio from logging it when every request that waited was cancelled.
        if drawing.cancelled() or drawing.exception() is not None:
            return
        self._cache[key] = drawing.result()
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
