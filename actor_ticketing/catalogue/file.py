"""Catalogue files: TOML or JSON, checked whole before anything is changed."""

import json
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.problems import Problem
from actor_ticketing.http.catalogue_schemas import EventBody, TicketTypeBody
from actor_ticketing.http.fields import Body
from actor_ticketing.http.parsing import invalid_of

Json = dict[str, Any]


class CatalogueFileError(Problem):
    """The file cannot be used. The message has a line for each problem."""


class FileTicketType(TicketTypeBody):
    """One ``[[events.ticketTypes]]``."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        self.window().require_order()
        return self

    def document(self) -> Json:
        """It as the admin API takes it; times as RFC 3339. Bounds and a policy that are absent are null."""
        return {
            **({} if self.id is None else {"id": self.id}),
            "name": self.name,
            "price": self.price,
            "currency": self.currency,
            "total": self.total,
            "maxPerReservation": self.max_per_reservation,
            "extensionPolicy": self.extension_policy,
            "salesStart": None if self.sales_start is None else rfc3339(self.sales_start),
            "salesEnd": None if self.sales_end is None else rfc3339(self.sales_end),
        }


class FileEvent(EventBody):
    """One ``[[events]]``."""

    ticket_types: list[FileTicketType] = Field(default_factory=list)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _require_distinct([each.id or f"name {each.name}" for each in self.ticket_types], "ticket types")
        return self

    def document(self) -> Json:
        """It as the admin API takes it, without its ticket types."""
        return {
            **({} if self.id is None else {"id": self.id}),
            "title": self.title,
            "venue": self.venue,
            "startDate": rfc3339(self.start_date),
        }


class Catalogue(Body):
    """A whole file."""

    events: list[FileEvent]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _require_distinct([each.id or f"{each.title}, {each.venue}" for each in self.events if each.id], "events")
        _require_distinct([each.id for event in self.events for each in event.ticket_types if each.id], "ticket types")
        return self

    @property
    def size(self) -> int:
        """How many events and ticket types there are."""
        return len(self.events) + sum(len(event.ticket_types) for event in self.events)


def _require_distinct(keys: list[str], what: str) -> None:
    twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    if twice:
        raise Invalid.field("events", f"names {what} twice: {', '.join(twice)}")


def read_catalogue(path: Path) -> Catalogue:
    """Read and check a file, by its extension.

    :raises CatalogueFileError: naming everything that is wrong with it.
    """
    readers = {".toml": tomllib.loads, ".json": json.loads}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise CatalogueFileError(f"{path}: a catalogue file ends in .toml or .json")
    try:
        content = reader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueFileError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CatalogueFileError(f"{path}: {error}") from error
    return parse_catalogue(content, source=str(path))


def parse_catalogue(content: Any, *, source: str) -> Catalogue:
    """Check what a file says. ``source`` opens every line of an error.

    :raises CatalogueFileError: naming everything that is wrong with it.
    """
    try:
        return Catalogue.model_validate_json(json.dumps(content, default=_date_text))
    except ValidationError as error:
        refusal = invalid_of(error)
    except Invalid as invalid:
        refusal = invalid
    except ValueError as error:
        raise CatalogueFileError(f"{source}: {error}") from error
    lines = [f"{source}: {each['field']} {each['problem']}" for each in refusal.details or ()]
    raise CatalogueFileError("\n".join(lines) or f"{source}: {refusal.message}")


def _date_text(value: object) -> str:
    # TOML has times of its own; the checks are written for text.
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise ValueError(f"{value!r} has no place in a catalogue")
