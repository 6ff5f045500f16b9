from collections.abc import Sequence
from datetime import UTC, datetime

from actor_ticketing.domain.catalogue import Event

_LINE_OCTETS_MAX = 75


def calendar_file(events: Sequence[Event], *, now: int) -> bytes:
    """Return an iCalendar file (RFC 5545) with an entry for each event, of which there is at least one.

    It is `text/calendar` in UTF-8; `now` is in ms since the epoch. The UID is the event's for ever, and `now` the
    DTSTAMP: a calendar that gets a later file changes the entry that it has. There is no end, because nobody has told
    us one; calendars then show an entry at its start.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//actor-ticketing//tickets//EN"]
    for event in events:
        lines += _entry(event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _entry(event: Event, now: int) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{event.id}@actor-ticketing",
        f"DTSTAMP:{_instant(now)}",
        f"DTSTART:{_instant(event.start_date)}",
        f"SUMMARY:{_text(event.title)}",
        f"LOCATION:{_text(event.venue)}",
        "END:VEVENT",
    ]


def _instant(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant // 1000, UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escape a TEXT value (section 3.3.11)."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _folded(line: str) -> str:
    """Fold a line (section 3.1): at most 75 octets, the space of a continuation counted, and no character cut."""
    folded, octets = [], 0
    for character in line:
        size = len(character.encode())
        if octets + size > _LINE_OCTETS_MAX:
            folded.append("\r\n ")
            octets = 1
        folded.append(character)
        octets += size
    return "".join(folded)
