"""From a row of the outbox to a whole mail: to whom, what it says, and what is attached."""

import asyncio
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from email_validator import EmailNotValidError, validate_email

from actor_ticketing.actors.board import Board
from actor_ticketing.clock import Clock
from actor_ticketing.config.sections import MailSettings
from actor_ticketing.domain.catalogue import Event, TicketType
from actor_ticketing.domain.mail import Mail, MailKind
from actor_ticketing.domain.money import amount
from actor_ticketing.domain.ports import Queries, ReservationRecord
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.domain.values import value
from actor_ticketing.notifications.contacts import Contacts
from actor_ticketing.notifications.wording import Templates, Wording, one_line
from actor_ticketing.tickets.calendar import calendar_file
from actor_ticketing.tickets.papers import TicketPapers, pages_of
from actor_ticketing.tickets.signing import TicketSigner


class NothingToTell(Exception):
    """A mail has nobody to go to, or nothing to say any more. The message says why, and names nobody."""


@value
class Attachment:
    """A file that goes along. What is text is UTF-8."""

    name: str
    content: bytes = field(repr=False)
    main_type: str
    sub_type: str


@value
class Letter:
    """A mail as it travels. ``content`` is all of it, headers and all.

    :ivar needs_utf8: whether the recipient has an address that is not ASCII (RFC 6531).
    """

    sender: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)
    needs_utf8: bool


class Letters:
    """Composes mails from what is committed at the time."""

    def __init__(
        self,
        *,
        board: Board,
        queries: Queries,
        contacts: Contacts,
        clock: Clock,
        settings: MailSettings,
        templates: Templates,
        papers: TicketPapers,
        signer: TicketSigner,
    ) -> None:
        self._board = board
        self._queries = queries
        self._contacts = contacts
        self._clock = clock
        self._settings = settings
        self._templates = templates
        self._papers = papers
        self._signer = signer

    async def compose(self, mail: Mail) -> Letter:
        """Write one. The same row gives the same Message-ID, however often.

        :raises NothingToTell: when there is no need for it.
        :raises Unavailable: when what it is about cannot be read, or its tickets cannot be drawn at present.
        :raises jinja2.TemplateError: when a template does not work.
        """
        record = await self._queries.reservation(mail.reservation_id)
        if record is None:
            raise NothingToTell("the reservation is not there")
        if mail.deadline is not None:
            self._require_deadline(mail, record)
        recipient = await self._recipient(mail, record)
        terms = self._board.ticket_type(record.reservation.ticket_type_id)
        show = self._board.event(terms.event_id)
        wording = self._templates.wording(mail.kind, self._facts(mail, record, terms, show))
        files = await self._files(record, terms, show) if mail.kind is MailKind.PURCHASED else ()
        # A large purchase is megabytes, which are encoded while the sale goes on.
        return await asyncio.to_thread(_letter, mail, wording, files, self._settings.from_address, recipient)

    def _require_deadline(self, mail: Mail, record: ReservationRecord) -> None:
        hold = record.reservation
        is_live = hold.status is ReservationStatus.ACTIVE and not hold.is_overdue(self._clock.now())
        if not is_live or hold.expires_at != mail.deadline:
            raise NothingToTell("the hold has ended, or has another deadline")

    async def _recipient(self, mail: Mail, record: ReservationRecord) -> str:
        """The address in the form in which it travels."""
        if mail.kind is MailKind.PURCHASED:
            buyer = None if record.transaction is None else record.transaction.buyer
            address = None if buyer is None else buyer.email
        else:
            address = await self._contacts.address_of(record.reservation.user_id)
        if address is None:
            raise NothingToTell("nobody knows an address")
        try:
            checked = validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise NothingToTell("the address is none") from None
        return checked.ascii_email or checked.normalized

    async def _files(self, record: ReservationRecord, terms: TicketType, show: Event) -> Sequence[Attachment]:
        assert record.transaction is not None  # noqa: S101 - it was purchased.
        pages = pages_of(self._signer, show, terms, record.transaction, record.tickets)
        code = record.reservation.code
        return (
            Attachment(
                name=f"tickets-{code}.pdf",
                content=await self._papers.pdf(pages),
                main_type="application",
                sub_type="pdf",
            ),
            Attachment(
                name=f"event-{show.id}.ics",
                content=calendar_file([show], now=self._clock.now()),
                main_type="text",
                sub_type="calendar",
            ),
        )

    def _facts(self, mail: Mail, record: ReservationRecord, terms: TicketType, show: Event) -> dict[str, Any]:
        """What templates can speak of; ``docs/operations.md`` lists it. Every text is one line."""
        held, bought = record.reservation, record.transaction
        total = held.unit_price * held.quantity if bought is None else bought.total_price
        buyer = None if bought is None else bought.buyer
        return {
            "event": {"title": one_line(show.title), "venue": one_line(show.venue), "start": show.start_date},
            "ticket_type": one_line(terms.name),
            "quantity": held.quantity,
            "total": amount(total, held.currency),
            "code": held.code,
            "deadline": mail.deadline,
            "buyer": None if buyer is None else one_line(buyer.full_name),
            "tickets": [
                {"code": each.code, "holder": None if each.holder is None else one_line(each.holder.full_name)}
                for each in record.tickets
            ],
            "link": self._link(mail, show),
        }

    def _link(self, mail: Mail, show: Event) -> str | None:
        if not self._settings.public_url:
            return None
        match mail.kind:
            case MailKind.PURCHASED:
                page = f"tickets/{mail.reservation_id}"
            case MailKind.EXPIRING | MailKind.EXTENDED:
                page = "reservations"
            case _:
                page = f"events/{show.id}"
        return f"{self._settings.public_url}/{page}"


def _letter(mail: Mail, wording: Wording, files: Sequence[Attachment], from_address: str, recipient: str) -> Letter:
    name, sender = parseaddr(from_address)
    local, _, domain = sender.rpartition("@")
    to_local, _, to_domain = recipient.rpartition("@")
    needs_utf8 = not recipient.isascii()
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit", utf8=needs_utf8))
    message["From"] = Address(name, local, domain)
    message["To"] = Address("", to_local, to_domain)
    message["Subject"] = wording.subject
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.created_at // 1000, UTC))
    # RFC 3834: nobody's holiday notice answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(wording.text)
    message.add_alternative(wording.html, subtype="html")
    for file in files:
        # As bytes, for its line ends are part of it. So nobody else says which letters they are.
        params = {"charset": "utf-8"} if file.main_type == "text" else None
        message.add_attachment(
            file.content, maintype=file.main_type, subtype=file.sub_type, filename=file.name, params=params
        )
    return Letter(sender=sender, recipient=recipient, content=message.as_bytes(), needs_utf8=needs_utf8)
