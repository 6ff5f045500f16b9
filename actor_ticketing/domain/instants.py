"""Instants are integers, ms since the epoch; these two functions are their text form in JSON and in files."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(instant: int) -> str:
    """Return ``2027-03-20T19:00:00.000Z`` for ms since the epoch (RFC 3339, UTC, ms precision)."""
    return (_EPOCH + timedelta(milliseconds=instant)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"


def from_datetime(moment: datetime) -> int:
    """Return ms since the epoch for an aware datetime.

    :raises ValueError: for a naive one, which names no instant.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, such as the Z in 2027-03-20T19:00:00Z")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
