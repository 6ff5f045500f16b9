"""The ledger's rows: enough to replay every counter and deadline, and nothing about any person."""

import json
from collections.abc import Iterator
from typing import Any

from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    ReservationCancelled,
    ReservationCreated,
    ReservationEvent,
    ReservationExpired,
    ReservationExtended,
    ReservationRescheduled,
    TicketCheckedIn,
    TicketTypeChanged,
    TicketTypeCreated,
    TicketTypePaused,
    TicketTypeResumed,
)
from actor_ticketing.domain.ports import Entry
from actor_ticketing.persistence.rows import Row

COLUMNS = "seq, at, kind, event_id, ticket_type_id, reservation_id, data"


def ledger_rows(entry: Entry) -> Iterator[Row]:
    """One row of :data:`COLUMNS` for each event of a numbered entry."""
    for seq, event in enumerate(entry.events, entry.first_seq):
        match event:
            case ReservationCreated():  # First, because nearly all are.
                yield _about_reservation(seq, event)
            case EventCreated(event=show) | EventChanged(event=show):
                data = {"title": show.title, "venue": show.venue, "startDate": show.start_date, **_by(event.by)}
                yield (seq, event.at, event.kind, show.id, None, None, _text(data))
            case TicketTypeCreated(ticket_type=terms) | TicketTypeChanged(ticket_type=terms):
                data = {
                    "name": terms.name,
                    "price": terms.price,
                    "currency": terms.currency,
                    "maxPerReservation": terms.max_per_reservation,
                    "salesStart": terms.window.start,
                    "salesEnd": terms.window.end,
                    "extensionPolicy": terms.extension_policy,
                    "total": event.total,
                    **_by(event.by),
                }
                yield (seq, event.at, event.kind, terms.event_id, terms.id, None, _text(data))
            case TicketTypePaused(ticket_type=terms) | TicketTypeResumed(ticket_type=terms):
                yield (seq, event.at, event.kind, terms.event_id, terms.id, None, _text({"by": event.by}))
            case TicketCheckedIn(ticket=used):
                data = {"ticketId": used.id, "by": event.by}
                yield (seq, event.at, event.kind, None, used.ticket_type_id, None, _text(data))
            case _:
                yield _about_reservation(seq, event)


def _about_reservation(seq: int, event: ReservationEvent) -> Row:
    reservation = event.reservation
    return (
        seq,
        event.at,
        event.kind,
        None,
        reservation.ticket_type_id,
        reservation.id,
        _reservation_text(event),
    )


def _reservation_text(event: ReservationEvent) -> str:
    # Formatted by hand: these are integers, and this is on the path of every reservation.
    match event:
        case ReservationCreated(reservation=reservation):
            return (
                f'{{"quantity":{reservation.quantity},"unitPrice":{reservation.unit_price},'
                f'"expiresAt":{reservation.expires_at}}}'
            )
        case ReservationExtended(reservation=reservation) | ReservationRescheduled(reservation=reservation):
            return f'{{"quantity":{reservation.quantity},"expiresAt":{reservation.expires_at}}}'
        case (
            ReservationCancelled(reservation=reservation, by=str(by))
            | ReservationExpired(reservation=reservation, by=str(by))
        ):
            return _text({"quantity": reservation.quantity, "by": by})
        case _:
            return f'{{"quantity":{event.reservation.quantity}}}'


def _by(who: str | None) -> dict[str, str]:
    return {} if who is None else {"by": who}


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
