"""The proof after every run: the service's own counters against what the generator saw acknowledged."""

import json
import time
from collections.abc import Callable
from typing import Any

from bench.asking import ask
from bench.contenders import Server
from bench.errors import BenchError

_SETTLE_SECONDS = 10.0
_PAGE = 100

Reading = Callable[[], int]


def of_type(server: Server, ticket_type_id: str, counter: str = "reserved") -> Reading:
    """What one counter of one ticket type says."""

    def read() -> int:
        return int(_get(server, f"/api/public/availability/{ticket_type_id}")["data"][counter])

    return read


def of_all(server: Server, counter: str = "reserved") -> Reading:
    """What one counter says, summed over all ticket types on sale."""

    def read() -> int:
        total = 0
        page = pages = 1
        while page <= pages:
            answer = _get(server, f"/api/public/events?limit={_PAGE}&page={page}")
            total += sum(each[counter] for show in answer["data"] for each in show["ticketTypes"])
            page, pages = page + 1, answer["meta"]["totalPages"]
        return total

    return read


class Books:
    """Checks that a counter grew by what was acknowledged, and else only by what was under way when a run ended.

    :param connections: how many requests may have been under way.
    :param what: what is counted, for people.
    :param falls: what was under way may also have taken the counter down.
    """

    def __init__(self, reading: Reading, connections: int, what: str = "reservations", *, falls: bool = False) -> None:
        self._reading = reading
        self._connections = connections
        self._what = what
        self._falls = falls
        self._first = self._last = self._settled()
        self._acknowledged = 0

    def check(self, acknowledged: int, each: int = 1) -> None:
        """Check one run.

        :param acknowledged: how many requests were.
        :param each: by how much one of them moves the counter.
        :raises BenchError: when the books are wrong.
        """
        last = self._settled()
        more, due, slack = last - self._last, acknowledged * each, self._connections * each
        least = due - slack if self._falls else due
        if not least <= more <= due + slack:
            raise BenchError(
                f"the books are wrong: for {due} {self._what} acknowledged on {self._connections} connections, the "
                f"counter should have gone up by {least} to {due + slack}; it did by {more}"
            )
        self._acknowledged += due
        self._last = last

    @property
    def sentence(self) -> str:
        """What was found."""
        made = self._last - self._first
        return (
            f"{self._acknowledged:,} {self._what} acknowledged, {made:,} counted by the service "
            f"({made - self._acknowledged} under way when a run ended)"
        )

    def _settled(self) -> int:
        deadline = time.monotonic() + _SETTLE_SECONDS
        last = -1
        while time.monotonic() < deadline:
            now = self._reading()
            if now == last:
                return now
            last = now
            time.sleep(0.1)
        raise BenchError("the counter did not come to rest")


def _get(server: Server, path: str) -> Any:
    status, answer = ask(server.address + path)
    if status != 200:
        raise BenchError(f"{server.name} answered {path} with {status}: {answer[:300].decode(errors='replace')}")
    return json.loads(answer)
