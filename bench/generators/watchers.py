"""Those who watch a sale: WebSockets that subscribe to one ticket type, and read what comes."""

import json
import re
import select
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from bench import machine
from bench.books import Reading
from bench.errors import BenchError

_LOOK_SECONDS = 0.05
_SETTLE_SECONDS = 10.0
_RESERVED = re.compile(rb'"reserved":(\d+)')


@dataclass(slots=True, eq=False)
class _Watcher:
    plug: socket.socket
    messages: int = 0
    reserved: int = -1
    tail: bytes = field(default=b"", repr=False)

    def begin(self, host: str, ticket_type_id: str, number: int) -> None:
        """Shake hands and subscribe."""
        self.plug.sendall(
            f"GET /api/public/ws?sessionId=watcher-{number} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        answer = self.plug.recv(4_096)
        if not answer.startswith(b"HTTP/1.1 101") or not answer.endswith(b"\r\n\r\n"):
            raise BenchError(f"a watcher was not let in: {answer[:300].decode(errors='replace')}")
        wish = json.dumps({"action": "subscribe", "ticketTypeIds": [ticket_type_id]}).encode()
        # A mask of zeros leaves the text as it is.
        self.plug.sendall(bytes((0x81, 0x80 | len(wish))) + b"\0\0\0\0" + wish)
        self.plug.setblocking(False)


class Watchers:
    """A thread that reads for all of them on the generator's core. Use it as a context manager.

    :param number: how many, each with a session of its own.
    """

    def __init__(self, address: str, ticket_type_id: str, number: int, core: int | None) -> None:
        self._core = core
        self._watchers: list[_Watcher] = []
        with ExitStack() as opened:
            opened.callback(self._close)
            for each in range(number):
                self._watchers.append(_Watcher(_connect(address)))
                self._watchers[-1].begin(urlsplit(address).netloc, ticket_type_id, each)
            opened.pop_all()
        self._stop = threading.Event()
        self._gone = 0
        self._thread = threading.Thread(target=self._read)
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._close()

    def _close(self) -> None:
        for watcher in self._watchers:
            watcher.plug.close()

    def finish(self, reserved: Reading) -> float:
        """Wait until all of them have seen the last state; return how many messages a second each got.

        :param reserved: what the service itself says is reserved.
        :raises BenchError: when one was disconnected, or has not seen the last state.
        """
        elapsed = time.monotonic() - self._began
        messages = sum(watcher.messages for watcher in self._watchers)
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            last = reserved()
            behind = sum(watcher.reserved != last for watcher in self._watchers)
            if not behind and not self._gone:
                return messages / len(self._watchers) / elapsed
            if time.monotonic() > deadline:
                raise BenchError(f"{behind} watchers have not seen the last state, and {self._gone} were disconnected")
            time.sleep(_LOOK_SECONDS)

    def _read(self) -> None:
        poll = select.epoll()
        by_file = {watcher.plug.fileno(): watcher for watcher in self._watchers}
        for number in by_file:
            poll.register(number, select.EPOLLIN)
        with machine.pinned(self._core):
            # Looking now and then, and not at each message, leaves the core to the buyers.
            while not self._stop.wait(_LOOK_SECONDS):
                for number, _ in poll.poll(0, len(by_file)):
                    watcher = by_file[number]
                    data = watcher.plug.recv(65_536)
                    if not data:
                        self._gone += 1
                        poll.unregister(number)
                        continue
                    watcher.messages += data.count(b'"type":"availability"')
                    seen = _RESERVED.findall(watcher.tail + data)
                    if seen:
                        watcher.reserved = int(seen[-1])
                    # What it says of itself may come in two pieces.
                    watcher.tail = data[-256:]
        poll.close()


def _connect(address: str) -> socket.socket:
    place = urlsplit(address)
    return socket.create_connection((place.hostname, place.port or 80), timeout=10)
