"""The domain's objects as clients see them: JSON text on the path of a reservation, elsewhere what becomes JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from actor_ticketing.actors.board import Board
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.purchase import Person, Ticket, Transaction
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.http.answers import Answer, list_meta, success, to_json
from actor_ticketing.tickets.signing import TicketSigner

Json = dict[str, Any]


def instant_or_none(instant: int | None) -> str | None:
    """RFC 3339, or null."""
    return None if instant is None else rfc3339(instant)


def event(show: Event) -> Json:
    """One event, without its ticket types."""
    return {"id": show.id, "title": show.title, "venue": show.venue, "startDate": rfc3339(show.start_date)}


def stock(counters: Counters) -> Json:
    """The four counters, and when the next hold may come free."""
    return {
        "total": counters.total,
        "sold": counters.sold,
        "reserved": counters.reserved,
        "available": counters.available,
        "nextReleaseAt": instant_or_none(counters.next_deadline),
    }


def ticket_type(terms: TicketType, counters: Counters, now: int) -> Json:
    """One ticket type with its live availability."""
    return {
        "id": terms.id,
        "eventId": terms.event_id,
        "name": terms.name,
        "price": terms.price,
        "currency": terms.currency,
        "maxPerReservation": terms.max_per_reservation,
        "extensionPolicy": terms.extension_policy,
        "salesStart": instant_or_none(terms.window.start),
        "salesEnd": instant_or_none(terms.window.end),
        "onSale": terms.is_on_sale(now),
        "paused": terms.paused,
        **stock(counters),
    }


def event_with_types(board: Board, show: Event, now: int) -> Json:
    """One event with everything that is sold for it."""
    types = [ticket_type(terms, board.counters[terms.id], now) for terms in board.ticket_types_of(show.id)]
    return {**event(show), "ticketTypes": types}


def event_answer(board: Board, show: Event, now: int) -> Answer:
    """One event as the answer to whoever asks for it."""
    return success(to_json({"event": event_with_types(board, show, now)}), seq=board.seq)


def events_page(board: Board, now: int, *, page: int, limit: int, with_closed: bool) -> Answer:
    """One page of all events, by their start; those of which every sale is over only ``with_closed``."""
    shows = [
        show
        for show in sorted(board.events.values(), key=lambda show: (show.start_date, show.id))
        if with_closed or not all(terms.window.has_closed(now) for terms in board.ticket_types_of(show.id))
    ]
    listed = [event_with_types(board, show, now) for show in shows[(page - 1) * limit : page * limit]]
    return success(
        to_json(listed),
        meta=list_meta(page=page, limit=limit, total=len(shows)),
        seq=board.seq,
    )


def remaining_seconds(held: Reservation, now: int) -> int:
    """What the buyer has left: rounded up, never negative, 0 once it is settled."""
    if held.status is not ReservationStatus.ACTIVE:
        return 0
    return max(0, -(-(held.expires_at - now) // 1000))


def availability(counters: Counters) -> str:
    """The four counters of a ticket type, and when the next hold may come free."""
    deadline = counters.next_deadline
    next_release = "null" if deadline is None else f'"{rfc3339(deadline)}"'
    return (
        f'{{"ticketTypeId":"{counters.ticket_type_id}","total":{counters.total},"sold":{counters.sold},'
        f'"reserved":{counters.reserved},"available":{counters.available},"nextReleaseAt":{next_release}}}'
    )


def _end(held: Reservation, now: int) -> str:
    return f'"expiresAt":"{rfc3339(held.expires_at)}","remainingSeconds":{remaining_seconds(held, now)}'


def reservation(board: Board, held: Reservation, now: int, end: str | None = None) -> str:
    """One reservation with its ticket type, at the price at which it was made.

    Ids, codes and session ids are quoted as they are: what may be in them was checked at the door.

    :param end: what is told of its end, where that is put together already.
    """
    status = held.status
    if status is ReservationStatus.ACTIVE:
        is_expired = "true" if held.is_overdue(now) else "false"
    else:
        is_expired = "true" if status is ReservationStatus.EXPIRED else "false"
    return (
        f'{{"id":"{held.id}","code":"{held.code}","sessionId":"{held.session_id}",'
        f'"ticketTypeId":"{held.ticket_type_id}","quantity":{held.quantity},"reservedAt":"{rfc3339(held.reserved_at)}",'
        f'{end or _end(held, now)},"isExpired":{is_expired},"status":"{status}","extensions":{held.extensions},'
        f'"metadata":{held.metadata or "null"},"ticketType":{_sold_as(board, held)}}}'
    )


_SoldAs = tuple[TicketType, Event, int, str, str]
_KNOWN_MAX = 10_000
_known: dict[str, _SoldAs] = {}


def _sold_as(board: Board, held: Reservation) -> str:
    """The ticket type of a reservation. It is put together once, until its terms, its event or the price differ."""
    terms = board.ticket_types[held.ticket_type_id]
    show = board.events[terms.event_id]
    known = _known.get(terms.id)
    if (
        known is not None
        and known[0] is terms
        and known[1] is show
        and known[2] == held.unit_price
        and known[3] == held.currency
    ):
        return known[4]
    text = to_json(
        {
            "id": terms.id,
            "name": terms.name,
            "price": held.unit_price,
            "currency": held.currency,
            "event": event(show),
        }
    )
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    _known[terms.id] = (terms, show, held.unit_price, held.currency, text)
    return text


def one_reservation(board: Board, held: Reservation, now: int, more: Mapping[str, Any] | None = None) -> str:
    """The ``data`` of every answer about one reservation, with what else there is to say."""
    members = "" if more is None else "," + to_json(more)[1:-1]
    end = _end(held, now)
    return f'{{"reservation":{reservation(board, held, now, end)},{end},"serverTime":"{rfc3339(now)}"{members}}}'


def reservations(board: Board, held: Sequence[Reservation], now: int) -> str:
    """Several of them, in order."""
    return f"[{','.join([reservation(board, each, now) for each in held])}]"


def person(someone: Person | None) -> Json | None:
    """A buyer or holder; what is not known is left out. None is one who was forgotten."""
    if someone is None:
        return None
    known = {
        "fullName": someone.full_name,
        "identityType": someone.identity_type,
        "identityNumber": someone.identity_number,
        "email": someone.email,
        "whatsapp": someone.whatsapp,
    }
    return {name: value for name, value in known.items() if value is not None}


def transaction(bought: Transaction) -> Json:
    """One transaction."""
    return {
        "id": bought.id,
        "reservationId": bought.reservation_id,
        "quantity": bought.quantity,
        "totalPrice": bought.total_price,
        "currency": bought.currency,
        "buyerInfo": person(bought.buyer),
        "createdAt": rfc3339(bought.created_at),
    }


def tickets(signer: TicketSigner, made: Sequence[Ticket]) -> list[Mapping[str, Any]]:
    """The tickets of one transaction, in order."""
    return [
        {
            "id": ticket.id,
            "code": ticket.code,
            "transactionId": ticket.transaction_id,
            "ticketTypeId": ticket.ticket_type_id,
            "ticketHolder": person(ticket.holder),
            "qrPayload": signer.sign(code=ticket.code, ticket_type_id=ticket.ticket_type_id),
            "qrUrl": f"/api/public/tickets/{ticket.code}/qr.svg",
        }
        for ticket in made
    ]
