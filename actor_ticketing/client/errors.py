"""How a call can end without what was asked for."""

from typing import Any


class ClientError(Exception):
    """Base of all."""


class Unreachable(ClientError):
    """No answer came, at the last try too. What was asked for may have been done: look before asking again."""


class Unreadable(ClientError):
    """What answered is no ticket service, or one of another time."""


class Refused(ClientError):
    """The service said no, and would say so again. Nothing was changed.

    :ivar code: stable, such as ``not_enough_tickets``.
    :ivar details: what the code's details are, or None.
    :ivar request_id: what to quote in a report.
    """

    def __init__(self, *, status: int, code: str, message: str, details: Any = None, request_id: str = "") -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.request_id = request_id


class Unavailable(Refused):
    """The service asked to come back later, and still did at the last try.

    :ivar seconds: how long it asks to wait, if it says so.
    """

    def __init__(self, *, seconds: float | None, **what: Any) -> None:
        super().__init__(**what)
        self.seconds = seconds
