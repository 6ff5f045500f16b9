"""The events that a command becomes once it has been checked."""

from actor_ticketing.domain.catalogue import TicketType
from actor_ticketing.domain.commands import Convert, Reserve
from actor_ticketing.domain.events import LedgerEvent, ReservationConverted, ReservationCreated
from actor_ticketing.domain.purchase import Purchase, Ticket, Transaction
from actor_ticketing.domain.reservation import Reservation, ReservationStatus, active


def created(ticket_type: TicketType, command: Reserve, now: int) -> list[LedgerEvent]:
    """The events of a reserve that has been checked."""
    expires_at = now + command.duration_ms
    return [
        ReservationCreated(
            at=now,
            reservation=active(
                reservation_id=line.reservation_id,
                ticket_type_id=ticket_type.id,
                session_id=command.session_id,
                user_id=command.user_id,
                quantity=line.quantity,
                unit_price=ticket_type.price,
                currency=ticket_type.currency,
                reserved_at=now,
                expires_at=expires_at,
                metadata=command.metadata,
                address=command.address,
            ),
        )
        for line in command.lines
    ]


def converted(hold: Reservation, command: Convert, now: int) -> ReservationConverted:
    """The event of a conversion that has been checked."""
    transaction = Transaction(
        id=command.transaction_id,
        reservation_id=hold.id,
        user_id=command.owner.user_id,
        quantity=hold.quantity,
        total_price=hold.quantity * hold.unit_price,
        currency=hold.currency,
        buyer=command.buyer,
        created_at=now,
    )
    tickets = tuple(
        Ticket(
            id=ticket.id,
            code=ticket.code,
            transaction_id=transaction.id,
            ticket_type_id=hold.ticket_type_id,
            position=position,
            holder=ticket.holder,
        )
        for position, ticket in enumerate(command.tickets)
    )
    settled = hold.settle(ReservationStatus.CONVERTED, now)
    return ReservationConverted(
        at=now, purchase=Purchase(reservation=settled, transaction=transaction, tickets=tickets)
    )
