"""Somebody who asks for a report over and over, while others make the load."""

import http.client
import threading
import time
from typing import Self
from urllib.parse import urlsplit

from bench import machine
from bench.contenders.ours import ADMIN_TOKEN
from bench.errors import BenchError

_PATIENCE_SECONDS = 120.0
_CHUNK = 1 << 20


class Asker:
    """A thread on the generator's core that sends the same request again when it has the answer to the last one.

    Use it as a context manager.
    """

    def __init__(self, address: str, path: str, core: int | None) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_SECONDS)
        self._path = path
        self._core = core
        self._stop = threading.Event()
        self._seconds: list[float] = []
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def finish(self) -> list[float]:
        """Break off the answer that is on its way, and return how many seconds each whole one took.

        :raises BenchError: when one was no success, or did not come.
        """
        self._stop.set()
        self._thread.join(_PATIENCE_SECONDS)
        self._connection.close()
        if self._failed is not None or self._thread.is_alive():
            raise BenchError(f"GET {self._path} was not answered: {self._failed!r}") from self._failed
        return self._seconds

    def _run(self) -> None:
        with machine.pinned(self._core):
            try:
                while not self._stop.is_set():
                    self._ask()
            except Exception as error:  # noqa: BLE001 - it goes to whoever asks for the outcome.
                self._failed = error

    def _ask(self) -> None:
        start = time.perf_counter()
        self._connection.request("GET", self._path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
        with self._connection.getresponse() as answer:
            if answer.status != 200:
                raise BenchError(f"GET {self._path} was answered with {answer.status}")
            while answer.read(_CHUNK):
                if self._stop.is_set():
                    return
        self._seconds.append(time.perf_counter() - start)
