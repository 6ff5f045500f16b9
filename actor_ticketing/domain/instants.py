"""Instants are integers, ms since the epoch; these two functions are their text form in JSON and in files."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999, which is as far as RFC 3339 goes."""


@lru_cache(maxsize=4096)
def rfc3339(instant: int) -> str:
    """Return ``2027-03-20T19:00:00.000Z`` for ms since the epoch (RFC 3339, UTC, ms precision)."""
    second, milliseconds = divmod(instant, 1_000)
    return f"{_until_the_second(second)}.{milliseconds:03d}Z"


@lru_cache(maxsize=1024)
def _until_the_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]


def from_datetime(moment: datetime) -> int:
    """Return ms since the epoch for an aware datetime.

    :raises ValueError: for a naive one, which names no instant, and outside the years 1970 to 9999 in UTC.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, such as the Z in 2027-03-20T19:00:00Z")
    instant = (moment - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= instant <= _LATEST:
        raise ValueError("a time must be in the years 1970 to 9999")
    return instant
