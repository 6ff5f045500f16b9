"""What a report is asked for: which time, in which time zone, in points of which length."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from actor_ticketing.domain.instants import from_datetime
from actor_ticketing.domain.problems import Problem
from actor_ticketing.domain.values import value

DAY_MS = 24 * 60 * 60 * 1_000
POINTS_MAX = 2_000
BUCKET_MIN_SECONDS, BUCKET_MAX_SECONDS = 60, 366 * 86_400

_POINTS_USUAL = 120
_BUCKETS_SECONDS = (60, 300, 900, 3_600, 21_600, 86_400, 7 * 86_400, 30 * 86_400)


class ReportError(Problem):
    """There is no such report. The message says why."""


@value
class Asked:
    """What an operator asks for. Instants are ms since the epoch.

    :ivar start: None: when the first reservation was made, or the archived part of the ledger ended.
    :ivar end: exclusive; None: now.
    :ivar bucket_ms: the length of a point; None: one that gives a plot that can be read.
    :ivar event_id: only this event; None: all.
    """

    zone: ZoneInfo
    start: int | None = None
    end: int | None = None
    bucket_ms: int | None = None
    event_id: str | None = None


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name, such as ``Europe/Berlin``.

    :raises ReportError: when there is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ReportError(f"--timezone: there is no time zone {name}") from error


def instant_of(text: str, option: str, zone: ZoneInfo) -> int:
    """An instant, ms since the epoch, of ``2027-03-20`` (where that day begins) or ``2027-03-20T19:00``.

    :param zone: where a time is that does not say its offset.
    :raises ReportError: when it is neither; it names the option.
    """
    try:
        moment = datetime.fromisoformat(text)
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise ReportError(
            f"--{option}: {text!r} is neither a day, such as 2027-03-20, nor a time, such as 2027-03-20T19:00"
        ) from error


def points_of(asked: Asked, *, first: int | None, now: int) -> tuple[int, int, int]:
    """Settle what was left open: the beginning, the end and the length of a point, all in ms.

    :param first: since when there is something to tell, if there is anything.
    :raises ReportError: when nothing lies in between, or too many points do.
    """
    end = now + 1 if asked.end is None else asked.end
    start = asked.start
    if start is None:
        start = end - DAY_MS if first is None else min(first, end - 1)
    if start >= end:
        raise ReportError("--to must be after --from")
    bucket = asked.bucket_ms or _fitting(end - start)
    if asked.start is None:
        start = _point_begins(start, bucket, asked.zone)
    points = -(-(end - start) // bucket)
    if points > POINTS_MAX:
        raise ReportError(f"--bucket must be longer: these would be {points} points, and {POINTS_MAX} may be")
    return start, end, bucket


def _fitting(length_ms: int) -> int:
    fits: Sequence[int] = [each for each in _BUCKETS_SECONDS if length_ms <= each * 1_000 * _POINTS_USUAL]
    return fits[0] * 1_000 if fits else -(-length_ms // (_POINTS_USUAL * DAY_MS)) * DAY_MS


def _point_begins(instant: int, bucket: int, zone: ZoneInfo) -> int:
    """Go back to a full hour, say, or to where the day begins."""
    moment = datetime.fromtimestamp(instant / 1_000, zone)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    # Not by the clock on the wall: on the days it is changed it tells another time than has passed.
    begins = from_datetime(midnight)
    return max(0, begins + (instant - begins) // bucket * bucket)
