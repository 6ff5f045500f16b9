"""The addresses behind receivers' names."""

import asyncio
import socket
from concurrent.futures import Future
from threading import Thread
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Names(AbstractResolver):
    """Looks names up, each in a thread that nobody waits for.

    A lookup cannot be broken off, and takes half a minute or more when name servers do not answer. In the event loop's
    own threads it would keep out whatever else is done there, and the process could not end before it.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses that a name stands for.

        :raises OSError, UnicodeError: when there are none, or it is no name.
        """
        found: Future[list[Any]] = Future()
        # From here on nobody can cancel it, so that the thread may always say what it found.
        found.set_running_or_notify_cancel()
        Thread(target=_look_up, args=(found, host, port, family), name=f"look up {host}", daemon=True).start()
        return [
            ResolveResult(hostname=host, host=address[0], port=address[1], family=kind, proto=protocol, flags=_NUMERIC)
            for kind, _, protocol, _, address in await asyncio.wrap_future(found)
        ]

    async def close(self) -> None:
        """Leave lookups that are under way to themselves."""


def _look_up(found: Future[list[Any]], host: str, port: int, family: socket.AddressFamily) -> None:
    try:
        found.set_result(
            socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        )
    except Exception as error:  # noqa: BLE001 - it goes to who asked.
        found.set_exception(error)
