"""Catalogues for the import, and requests for what is in them."""

import json
import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

STOCK = 10_000_000
TYPES_PER_EVENT = 100
BODIES = 1000
PERSON = {
    "fullName": "Ayu Lestari",
    "identityType": "passport",
    "identityNumber": "X1234567",
    "email": "ayu.lestari@example.com",
    "whatsapp": "+62 812 3456 789",
}
"""A buyer, and a ticket's holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A ticket type that is on sale. ``total`` is its stock."""

    id: str
    total: int = STOCK
    name: str = "General admission"
    price: int = 4500
    currency: str = "EUR"


def numbered(prefix: str, count: int, total: int = STOCK) -> list[Type]:
    """That many ticket types, ``tt_PREFIX_0`` and on."""
    return [Type(id=f"tt_{prefix}_{number}", total=total) for number in range(count)]


def document(types: Sequence[Type]) -> dict[str, Any]:
    """A catalogue with these ticket types, a hundred an event."""
    return {
        "events": [
            {
                "id": f"ev_{first // TYPES_PER_EVENT}",
                "title": "The show that everyone wants to see",
                "venue": "Harbour Concert Hall",
                "startDate": "2099-06-01T19:00:00Z",
                "ticketTypes": [asdict(each) for each in types[first : first + TYPES_PER_EVENT]],
            }
            for first in range(0, len(types), TYPES_PER_EVENT)
        ]
    }


def write(types: Sequence[Type], directory: Path, name: str = "catalogue.json") -> Path:
    """Write a catalogue to a file, and return where."""
    path = directory / name
    path.write_text(json.dumps(document(types)), encoding="utf-8")
    return path


def reservation(ticket_type_id: str, quantity: int = 1) -> dict[str, Any]:
    """The body that reserves, for a buyer with a session of their own."""
    return {"ticketTypeId": ticket_type_id, "quantity": quantity, "sessionId": new_session()}


def bulk(ticket_type_ids: Iterable[str]) -> dict[str, Any]:
    """The body that reserves one ticket of each."""
    lines = [{"ticketTypeId": each, "quantity": 1} for each in ticket_type_ids]
    return {"reservations": lines, "sessionId": new_session()}


def uniform(types: Sequence[Type], count: int, seed: int) -> Iterator[Mapping[str, Any]]:
    """Reservations of types that are drawn at random, each as likely as any other."""
    draw = random.Random(seed)  # noqa: S311 - a load that can be repeated.
    for _ in range(count):
        yield reservation(draw.choice(types).id)


def new_session() -> str:
    """A session of a storefront's own making."""
    return secrets.token_urlsafe(24)


def encoded(body: Mapping[str, Any]) -> str:
    """The body as it is sent."""
    return json.dumps(body, separators=(",", ":"))


def write_bodies(bodies: Iterable[Mapping[str, Any]], directory: Path, name: str = "bodies") -> Path:
    """Write the bodies for a generator, one a line, and return where."""
    path = directory / name
    path.write_text("".join(f"{encoded(each)}\n" for each in bodies), encoding="utf-8")
    return path
