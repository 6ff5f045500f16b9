"""Bringing a catalogue into the service: what is new is created, what differs is changed, the rest is left alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from actor_ticketing.actors.desk import Desk
from actor_ticketing.catalogue.file import Catalogue, FileEvent, Json
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.problems import Problem
from actor_ticketing.http import present
from actor_ticketing.http.catalogue_schemas import EventBody, EventPatch, TicketTypeBody, TicketTypePatch

_BY = "import"
"""Who it was, as the ledger tells. Over HTTP, the service says whose token it was."""


class ImportFailed(Problem):
    """The service turned a part of the file down. What came before it in the file has been imported."""


@dataclass(slots=True)
class Outcome:
    """What an import did."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        return f"{self.created} created, {self.changed} changed, {self.unchanged} unchanged"


class Target(Protocol):
    """Where a catalogue goes. Documents are as in the admin API; every method raises :class:`ImportFailed`."""

    async def listing(self) -> list[Json]:
        """Every event with its ``ticketTypes``."""

    async def create_event(self, document: Json) -> Json:
        """Add an event and return it."""

    async def change_event(self, event_id: str, changes: Json) -> None:
        """Change fields of an event."""

    async def create_ticket_type(self, event_id: str, document: Json) -> None:
        """Add a ticket type."""

    async def change_ticket_type(self, ticket_type_id: str, changes: Json) -> None:
        """Change fields of a ticket type."""


async def import_catalogue(
    catalogue: Catalogue, target: Target, progress: Callable[[], None] = lambda: None
) -> Outcome:
    """Import a file; importing it again changes nothing.

    Where the file gives no id, an event is the one with the same title, venue and start, and a ticket type the one of
    its event with the same name.

    :param progress: called after each event and each ticket type.
    :raises ImportFailed: when the service turned something down.
    """
    outcome = Outcome()
    try:
        await _import_events(catalogue, target, outcome, progress)
    except ImportFailed as failure:
        raise ImportFailed(f"{failure} (before that: {outcome})") from failure
    return outcome


async def _import_events(catalogue: Catalogue, target: Target, outcome: Outcome, progress: Callable[[], None]) -> None:
    listing = await target.listing()
    by_id = {event["id"]: event for event in listing}
    by_nature = {_nature(event): event for event in listing}
    for event in catalogue.events:
        wanted = event.document()
        present_event = by_id.get(event.id) if event.id is not None else by_nature.get(_nature(wanted))
        if present_event is None:
            present_event = await target.create_event(wanted)
            outcome.created += 1
        else:
            changes = _differences(wanted, present_event)
            if changes:
                await target.change_event(present_event["id"], changes)
            _count(outcome, changes)
        progress()
        await _import_ticket_types(event, present_event, target, outcome, progress)


async def _import_ticket_types(
    event: FileEvent, present_event: Json, target: Target, outcome: Outcome, progress: Callable[[], None]
) -> None:
    present_types = present_event["ticketTypes"]
    by_id = {each["id"]: each for each in present_types}
    by_name = {each["name"]: each for each in present_types}
    for ticket_type in event.ticket_types:
        wanted = ticket_type.document()
        found = by_id.get(ticket_type.id) if ticket_type.id is not None else by_name.get(ticket_type.name)
        if found is None:
            await target.create_ticket_type(present_event["id"], wanted)
            outcome.created += 1
        else:
            changes = _differences(wanted, found)
            if changes:
                await target.change_ticket_type(found["id"], changes)
            _count(outcome, changes)
        progress()


def _nature(event: Mapping[str, Any]) -> tuple[str, str, str]:
    return event["title"], event["venue"], event["startDate"]


def _differences(wanted: Json, present_one: Mapping[str, Any]) -> Json:
    return {name: value for name, value in wanted.items() if present_one[name] != value}


def _count(outcome: Outcome, changes: Json) -> None:
    if changes:
        outcome.changed += 1
    else:
        outcome.unchanged += 1


class DeskTarget:
    """The service in this process."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    async def listing(self) -> list[Json]:
        """Every event with its ``ticketTypes``."""
        board, now = self._desk.board, self._clock.now()
        return [present.event_with_types(board, show, now) for show in board.events.values()]

    async def create_event(self, document: Json) -> Json:
        """Add an event and return it."""
        body = EventBody.model_validate_json(json.dumps(document))
        try:
            show = await self._desk.create_event(
                event_id=body.id, title=body.title, venue=body.venue, start_date=body.start_date, by=_BY
            )
        except Refusal as refusal:
            raise ImportFailed(f"event {body.title}: {refusal.message}") from refusal
        return {**present.event(show), "ticketTypes": []}

    async def change_event(self, event_id: str, changes: Json) -> None:
        """Change fields of an event."""
        try:
            await self._desk.change_event(event_id, EventPatch.model_validate_json(json.dumps(changes)).given(), by=_BY)
        except Refusal as refusal:
            raise ImportFailed(f"event {event_id}: {refusal.message}") from refusal

    async def create_ticket_type(self, event_id: str, document: Json) -> None:
        """Add a ticket type."""
        body = TicketTypeBody.model_validate_json(json.dumps(document))
        try:
            await self._desk.create_ticket_type(
                ticket_type_id=body.id,
                event_id=event_id,
                terms=body.terms(),
                window=body.window(),
                total=body.total,
                by=_BY,
            )
        except Refusal as refusal:
            raise ImportFailed(f"ticket type {body.name}: {refusal.message}") from refusal

    async def change_ticket_type(self, ticket_type_id: str, changes: Json) -> None:
        """Change fields of a ticket type."""
        body = TicketTypePatch.model_validate_json(json.dumps(changes))
        try:
            await self._desk.change_ticket_type(
                ticket_type_id, body.changed_terms(), window=body.changed_window(), total=body.changed_total(), by=_BY
            )
        except Refusal as refusal:
            raise ImportFailed(f"ticket type {ticket_type_id}: {refusal.message}") from refusal


class HttpTarget:
    """A running service, through its admin API."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._base = url.rstrip("/") + "/api/admin"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def listing(self) -> list[Json]:
        """Every event with its ``ticketTypes``, page by page."""
        events: list[Json] = []
        page = 1
        while True:
            answer = await self._call("GET", f"/events?limit=100&page={page}")
            events += answer["data"]
            if page >= answer["meta"]["totalPages"]:
                return events
            page += 1

    async def create_event(self, document: Json) -> Json:
        """Add an event and return it."""
        event: Json = (await self._call("POST", "/events", document))["data"]["event"]
        return event

    async def change_event(self, event_id: str, changes: Json) -> None:
        """Change fields of an event."""
        await self._call("PATCH", f"/events/{event_id}", changes)

    async def create_ticket_type(self, event_id: str, document: Json) -> None:
        """Add a ticket type."""
        await self._call("POST", f"/events/{event_id}/ticket-types", document)

    async def change_ticket_type(self, ticket_type_id: str, changes: Json) -> None:
        """Change fields of a ticket type."""
        await self._call("PATCH", f"/ticket-types/{ticket_type_id}", changes)

    async def _call(self, method: str, path: str, document: Json | None = None) -> Json:
        name = (document or {}).get("title") or (document or {}).get("name") or path
        try:
            async with self._session.request(
                method, self._base + path, json=document, headers=self._headers
            ) as response:
                answer: Json = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ImportFailed(f"{self._base}: {error or type(error).__name__}") from error
        if not isinstance(answer, dict) or not answer.get("success"):
            message = answer.get("message") if isinstance(answer, dict) else "this is not a ticket service"
            raise ImportFailed(f"{name}: {response.status} {message}")
        return answer
