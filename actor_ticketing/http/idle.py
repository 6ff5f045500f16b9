"""Connections on which nothing comes: each takes a place among the open files of the process, so they are closed."""

import asyncio
from collections.abc import Iterable

from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

EVERY_SECONDS = 2.0


class IdleConnections:
    """Closes connections that have waited too long for the whole head of a request.

    aiohttp ends only those that are idle after a request, not those on which one has never come, or on which a client
    sends a head letter by letter. A look at all of them from time to time costs a request nothing.
    """

    def __init__(self) -> None:
        self._waiting: dict[RequestHandler, tuple[int, float]] = {}

    def close_idle(self, connections: Iterable[RequestHandler], now: float, seconds: float) -> int:
        """Close those that have been waiting for the same request for so long, and return how many.

        :param now: seconds.
        """
        before, self._waiting = self._waiting, {}
        closed = 0
        for connection in connections:
            # aiohttp has no public name for either. The waiter is there while the next head is awaited.
            if connection._waiter is None or connection._current_request is not None:  # noqa: SLF001
                continue
            number = connection._request_count  # noqa: SLF001
            known = before.get(connection)
            since = now if known is None or known[0] != number else known[1]
            if now - since >= seconds:
                connection.force_close()
                closed += 1
            else:
                self._waiting[connection] = (number, since)
        return closed


async def watch(server: Server, seconds: float) -> None:
    """Look at a server's connections until cancelled."""
    idle, loop = IdleConnections(), asyncio.get_running_loop()
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        idle.close_idle(server.connections, loop.time(), seconds)
