"""Ports of the loopback interface that nobody else takes while nobody listens on them."""

import random
import socket
from contextlib import suppress


def keep_port() -> socket.socket:
    """Take a port that refuses whoever connects, until the socket is closed.

    Only who sets `SO_REUSEPORT` can listen on it meanwhile. Without that, the kernel gives the port of a server that is
    down to whichever server another process of the same tests starts next, which then answers in its place.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


def number_of(kept: socket.socket) -> int:
    """The port's number."""
    number: int = kept.getsockname()[1]
    return number


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives to whoever connects: other tests do so all the
    time, and would take it before it is listened on.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - nothing secret.
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
