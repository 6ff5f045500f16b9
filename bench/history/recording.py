"""Taking down what clients send and are answered."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.history.operations import Operation, asked_by, done_by, shortage_of, stocks_of

LEDGER_SEQ = "X-Ledger-Seq"


@dataclass(slots=True, eq=False, kw_only=True)
class Call:
    """One request that was sent. Without an answer it is in doubt."""

    method: str
    path: str
    body: Any
    key: str | None
    start: float
    end: float | None = None
    seq: str | None = None
    status: int = 0
    raw: bytes = b""

    def operation(self) -> Operation:
        """What came of it."""
        asked = asked_by(self.method, self.path, self.body)
        seq = None if self.seq is None else int(self.seq)
        name = f"{self.method} {self.path}"
        # A 500 does not say what became of the request.
        if self.end is None or (self.status >= 500 and self.status != 503):
            return Operation(name=name, start=self.start, asked=asked, key=self.key)
        document = json.loads(self.raw) if self.raw.startswith(b"{") else {}
        data = document.get("data") if self.status < 300 else None
        return Operation(
            name=name,
            start=self.start,
            end=self.end,
            seq=seq,
            asked=asked,
            done=() if data is None else done_by(asked, data),
            stocks=() if data is None else stocks_of(self.method, self.path, data),
            shortage=shortage_of(document.get("error") or {}),
            key=self.key,
        )


class Recorder:
    """The history of all clients that share it.

    :param now: seconds; the same clock for all of them, whatever process they are in.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._calls: list[Call] = []

    def sent(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Call:
        """Note a request that is about to be sent.

        :param body: what is sent, as JSON is in Python.
        """
        call = Call(method=method, path=path, body=body, key=key, start=self._now())
        self._calls.append(call)
        return call

    def answered(self, call: Call, status: int, seq: str | None, raw: bytes) -> None:
        """Note its answer, all of which has arrived.

        :param seq: the header ``X-Ledger-Seq``.
        """
        call.end, call.status, call.seq, call.raw = self._now(), status, seq, raw

    def clear(self) -> None:
        """Begin another history."""
        self._calls.clear()

    def operations(self) -> list[Operation]:
        """All of it."""
        return [call.operation() for call in self._calls]
