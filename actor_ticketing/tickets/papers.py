from collections.abc import Sequence
from dataclasses import dataclass, field

from actor_ticketing.domain.catalogue import Event, TicketType
from actor_ticketing.domain.purchase import Ticket, Transaction
from actor_ticketing.tickets.drawing import Drawings
from actor_ticketing.tickets.signing import TicketSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is printed of one ticket.

    `start_date` and `sold_at` are ms since the epoch, `price` is in the minor unit of `currency`, `number` counts from
    1 to `of` within the reservation, or within the file of a whole purchase. `holder` is a name, or None of one who was
    forgotten.
    """

    title: str
    venue: str
    start_date: int
    ticket_type: str
    price: int
    currency: str
    holder: str | None = field(repr=False)
    code: str
    qr_payload: str = field(repr=False)
    number: int
    of: int
    sold_at: int


def pages_of(
    signer: TicketSigner, event: Event, terms: TicketType, transaction: Transaction, tickets: Sequence[Ticket]
) -> tuple[Page, ...]:
    """Return the pages of a purchase's tickets, or some of them, at the price that was paid."""
    return tuple(
        Page(
            title=event.title,
            venue=event.venue,
            start_date=event.start_date,
            ticket_type=terms.name,
            price=transaction.total_price // transaction.quantity,
            currency=transaction.currency,
            holder=None if ticket.holder is None else ticket.holder.full_name,
            code=ticket.code,
            qr_payload=signer.sign(code=ticket.code, ticket_type_id=ticket.ticket_type_id),
            number=ticket.position + 1,
            of=transaction.quantity,
            sold_at=transaction.created_at,
        )
        for ticket in tickets
    )


class TicketPapers:
    """Draws tickets as PDF files off the event loop, as :class:`Drawings` does.

    Nothing is kept: a file has names in it, and everyone asks for another one.
    """

    def __init__(self, *, max_pending: int = 64) -> None:
        self._drawings = Drawings("pdf", cache_size=0, max_pending=max_pending)

    async def pdf(self, pages: tuple[Page, ...]) -> bytes:
        """Return one file with a page for each ticket. Raises `DrawingOverloaded`."""
        return await self._drawings.get(_draw, pages)

    async def close(self) -> None:
        """Refuse what has not begun, wait for what has, and end the thread. May be called twice."""
        await self._drawings.close()


def _draw(pages: tuple[Page, ...]) -> bytes:
    # Imported at the first ticket: it takes 0.4 s, and every command of the command line would wait for it.
    from actor_ticketing.tickets.pdf import draw_pdf  # noqa: PLC0415

    return draw_pdf(pages)
