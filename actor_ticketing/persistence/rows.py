"""Rows and the domain's objects, both ways. People are sealed on the way in, and opened on the way out."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pydantic_core import to_json

from actor_ticketing.domain.catalogue import ALWAYS, Counters, Event, SalesWindow, TicketType
from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.domain.purchase import CheckIn, Person, Ticket, Transaction, email_key
from actor_ticketing.domain.reservation import Reservation, ReservationStatus, active
from actor_ticketing.vault import Vault

Row = Sequence[Any]

EVENT = "id, title, venue, start_date"
TERMS = "id, event_id, name, price, currency, max_per_reservation, sales_start, sales_end, extension_policy, paused"
TICKET_TYPE = f"{TERMS}, total, sold, reserved"
RESERVATION = (
    "id, ticket_type_id, session_id, user_id, quantity, unit_price, currency, reserved_at, expires_at, "
    "extensions, status, settled_at, metadata"
)
LIVE_HOLD = (
    "id, ticket_type_id, session_id, user_id, quantity, unit_price, currency, reserved_at, expires_at, extensions, "
    "metadata"
)
TRANSACTION = "id, reservation_id, user_id, quantity, total_price, currency, buyer, buyer_digest, created_at"
TICKET = "id, code, transaction_id, ticket_type_id, position, holder, holder_digest, checked_in_at, checked_in_by"
ANSWER = "caller, key, fingerprint, status, body, created_at, seq"

_STATUS = {status.value: status for status in ReservationStatus}


def event_row(event: Event) -> Row:
    """Columns of :data:`EVENT`."""
    return (event.id, event.title, event.venue, event.start_date)


def event_of(row: Row) -> Event:
    """The event of a row of :data:`EVENT`."""
    return Event(id=row[0], title=row[1], venue=row[2], start_date=row[3])


def terms_row(terms: TicketType) -> Row:
    """Columns of :data:`TERMS`."""
    return (
        terms.id,
        terms.event_id,
        terms.name,
        terms.price,
        terms.currency,
        terms.max_per_reservation,
        terms.window.start,
        terms.window.end,
        terms.extension_policy,
        terms.paused,
    )


def terms_of(row: Row) -> TicketType:
    """The terms in a row of :data:`TICKET_TYPE`."""
    return TicketType(
        id=row[0],
        event_id=sys.intern(row[1]),
        name=row[2],
        price=row[3],
        currency=sys.intern(row[4]),
        max_per_reservation=row[5],
        window=ALWAYS if row[6] is None and row[7] is None else SalesWindow(start=row[6], end=row[7]),
        extension_policy=None if row[8] is None else ExtensionPolicy(row[8]),
        paused=bool(row[9]),
    )


def counters_of(row: Row) -> Counters:
    """The counters in a row of :data:`TICKET_TYPE`."""
    return Counters(ticket_type_id=row[0], total=row[10], sold=row[11], reserved=row[12])


def reservation_row(reservation: Reservation) -> Row:
    """Columns of :data:`RESERVATION`."""
    return (
        reservation.id,
        reservation.ticket_type_id,
        reservation.session_id,
        reservation.user_id,
        reservation.quantity,
        reservation.unit_price,
        reservation.currency,
        reservation.reserved_at,
        reservation.expires_at,
        reservation.extensions,
        reservation.status,
        reservation.settled_at,
        reservation.metadata,
    )


def reservation_of(row: Row) -> Reservation:
    """The reservation of a row of :data:`RESERVATION`."""
    return Reservation(
        id=row[0],
        ticket_type_id=row[1],
        session_id=row[2],
        user_id=row[3],
        quantity=row[4],
        unit_price=row[5],
        currency=row[6],
        reserved_at=row[7],
        expires_at=row[8],
        extensions=row[9],
        status=_STATUS[row[10]],
        settled_at=row[11],
        metadata=row[12],
    )


def live_holds_of(found: Iterable[Row]) -> Iterator[Reservation]:
    """The ACTIVE reservations of rows of :data:`LIVE_HOLD`.

    There may be a million: what is the same in nearly all of them (the type, the currency, the price) is kept once.
    """
    same: dict[Any, Any] = {}
    share: Callable[[Any, Any], Any] = same.setdefault
    return (
        active(
            reservation_id,
            share(ticket_type_id, ticket_type_id),
            session_id,
            user_id,
            quantity,
            share(unit_price, unit_price),
            share(currency, currency),
            reserved_at,
            expires_at,
            extensions,
            metadata,
        )
        for (
            reservation_id,
            ticket_type_id,
            session_id,
            user_id,
            quantity,
            unit_price,
            currency,
            reserved_at,
            expires_at,
            extensions,
            metadata,
        ) in found
    )


def buyer_place(transaction_id: str) -> str:
    """What a transaction's buyer is sealed for."""
    return f"transaction.buyer:{transaction_id}"


def holder_place(ticket_id: str) -> str:
    """What a ticket's holder is sealed for."""
    return f"ticket.holder:{ticket_id}"


def answer_place(caller: bytes, key: str) -> str:
    """What a kept answer is sealed for."""
    return f"answer:{caller.hex()}:{key}"


def digest_of(email: str | None, vault: Vault) -> bytes | None:
    """What a person is found by; None for one without an address."""
    return None if email is None else vault.digest(email_key(email))


def _sealed(person: Person | None, place: str, vault: Vault) -> tuple[str | None, bytes | None]:
    if person is None:
        return None, None
    text = to_json([person.full_name, person.identity_type, person.identity_number, person.email, person.whatsapp])
    return vault.seal(text, place), digest_of(person.email, vault)


def _person_of(sealed: str | None, place: str, vault: Vault) -> Person | None:
    """Open a person; None is one who has been forgotten.

    :raises VaultError: when it does not open.
    """
    if sealed is None:
        return None
    full_name, identity_type, identity_number, email, whatsapp = json.loads(vault.open(sealed, place))
    return Person(
        full_name=full_name,
        identity_type=identity_type,
        identity_number=identity_number,
        email=email,
        whatsapp=whatsapp,
    )


def transaction_row(transaction: Transaction, vault: Vault) -> Row:
    """Columns of :data:`TRANSACTION`."""
    return (
        transaction.id,
        transaction.reservation_id,
        transaction.user_id,
        transaction.quantity,
        transaction.total_price,
        transaction.currency,
        *_sealed(transaction.buyer, buyer_place(transaction.id), vault),
        transaction.created_at,
    )


def transaction_of(row: Row, vault: Vault) -> Transaction:
    """The transaction of a row of :data:`TRANSACTION`.

    :raises VaultError: when its buyer does not open.
    """
    return Transaction(
        id=row[0],
        reservation_id=row[1],
        user_id=row[2],
        quantity=row[3],
        total_price=row[4],
        currency=row[5],
        buyer=_person_of(row[6], buyer_place(row[0]), vault),
        created_at=row[8],
    )


def ticket_row(ticket: Ticket, vault: Vault) -> Row:
    """Columns of :data:`TICKET`."""
    return (
        ticket.id,
        ticket.code,
        ticket.transaction_id,
        ticket.ticket_type_id,
        ticket.position,
        *_sealed(ticket.holder, holder_place(ticket.id), vault),
        *((None, None) if ticket.checked_in is None else (ticket.checked_in.at, ticket.checked_in.by)),
    )


def ticket_of(row: Row, vault: Vault) -> Ticket:
    """The ticket of a row of :data:`TICKET`.

    :raises VaultError: when its holder does not open.
    """
    return Ticket(
        id=row[0],
        code=row[1],
        transaction_id=row[2],
        ticket_type_id=row[3],
        position=row[4],
        holder=_person_of(row[5], holder_place(row[0]), vault),
        checked_in=None if row[7] is None else CheckIn(at=row[7], by=row[8]),
    )


def answer_row(answer: StoredAnswer, vault: Vault) -> Row:
    """Columns of :data:`ANSWER`. Every body is sealed: a purchase's has people in it.

    The fingerprint is sealed with it, before it and after its own length in one byte. In clear it would prove a guess
    at what was sent.
    """
    text = bytes([len(answer.fingerprint)]) + answer.fingerprint + answer.body
    sealed = vault.seal(text, answer_place(answer.caller, answer.key)).encode()
    return (answer.caller, answer.key, b"", answer.status, sealed, answer.created_at, answer.seq)


def answer_of(row: Row, vault: Vault) -> StoredAnswer:
    """The kept answer of a row of :data:`ANSWER`.

    :raises VaultError: when it does not open.
    """
    caller, key, fingerprint, status, sealed, created_at, seq = row
    # Its place has a client's own words in it.
    body = vault.open(sealed.decode(errors="replace"), answer_place(caller, key), told="a kept answer")
    if not fingerprint:  # Answers of former versions have it beside the body.
        fingerprint, body = body[1 : 1 + body[0]], body[1 + body[0] :]
    return StoredAnswer(
        caller=caller,
        key=key,
        fingerprint=fingerprint,
        status=status,
        body=body,
        created_at=created_at,
        seq=seq,
    )
