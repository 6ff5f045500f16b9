"""Which request something is done for, so that the log can say so."""

from collections.abc import Callable, Iterable
from typing import Protocol

Asker = Callable[[], str]
"""Tells the id of a request. It is called when a log line is written, which for most requests is never."""

NAMED_MAX = 100
"""A log line names so many requests at the most."""


class Asked(Protocol):
    """What may be done for a request."""

    @property
    def asked_by(self) -> Asker | None:
        """The request; None: it is done for none."""


def requests_of(asked: Iterable[Asked]) -> list[str]:
    """The ids of the requests that these are done for, each once, :data:`NAMED_MAX` at the most."""
    named: dict[str, None] = {}
    for each in asked:
        if each.asked_by is not None:
            named[each.asked_by()] = None
            if len(named) == NAMED_MAX:
                break
    return list(named)


def request_of(asked_by: Asker | None) -> dict[str, str]:
    """What a log line says of the request it is about: nothing, if it is about none."""
    return {} if asked_by is None else {"request_id": asked_by()}
