"""The demonstration catalogue: three events to come, ten ticket types."""

from typing import Any

from actor_ticketing.catalogue.file import Catalogue, parse_catalogue
from actor_ticketing.domain.instants import rfc3339

_DAY = 86_400_000
_HOUR = 3_600_000


def demo_catalogue(now: int) -> Catalogue:
    """Return it with dates counted from ``now`` (ms since the epoch)."""
    midnight = now - now % _DAY
    return parse_catalogue({"events": _events(midnight)}, source="demonstration catalogue")


def _events(midnight: int) -> list[dict[str, Any]]:
    concert = midnight + 45 * _DAY + 19 * _HOUR
    festival = midnight + 120 * _DAY + 14 * _HOUR
    talk = midnight + 12 * _DAY + 18 * _HOUR
    return [
        {
            "id": "ev_harbour_philharmonic",
            "title": "Harbour Philharmonic: Mahler's Second",
            "venue": "Harbour Concert Hall",
            "startDate": rfc3339(concert),
            "ticketTypes": [
                _type("tt_stalls", "Stalls", 7800, 420, maximum=8, end=concert),
                _type("tt_balcony", "Balcony", 5400, 260, maximum=8, end=concert),
                _type("tt_choir", "Choir seats", 2900, 60, maximum=4, end=concert),
                _type("tt_concession", "Under 26", 1500, 80, maximum=2, end=concert),
            ],
        },
        {
            "id": "ev_riverside_festival",
            "title": "Riverside Festival",
            "venue": "Meadow by the Old Mill",
            "startDate": rfc3339(festival),
            "ticketTypes": [
                _type("tt_weekend", "Weekend pass", 14900, 5000, maximum=6, end=festival),
                _type("tt_saturday", "Saturday", 8900, 3000, maximum=6, end=festival),
                _type("tt_camping", "Camping pitch", 4500, 900, maximum=2, end=festival),
                # Opens in a week, so that a storefront has something "coming soon" to show.
                {
                    **_type("tt_last_call", "Last call", 17900, 500, maximum=4, end=festival),
                    "salesStart": rfc3339(midnight + 7 * _DAY),
                },
            ],
        },
        {
            "id": "ev_lecture_night",
            "title": "Lecture Night: How Bridges Fail",
            "venue": "City Library, Reading Room",
            "startDate": rfc3339(talk),
            "ticketTypes": [
                _type("tt_seat", "Seat", 1200, 40, maximum=4, end=talk),
                _type("tt_livestream", "Live stream", 0, 1000, maximum=1, end=talk + 2 * _HOUR),
            ],
        },
    ]


def _type(ticket_type_id: str, name: str, price: int, total: int, *, maximum: int, end: int) -> dict[str, Any]:
    return {
        "id": ticket_type_id,
        "name": name,
        "price": price,
        "currency": "EUR",
        "total": total,
        "maxPerReservation": maximum,
        "salesEnd": rfc3339(end),
    }
