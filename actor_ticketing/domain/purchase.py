"""What a conversion makes: a transaction and its tickets, and the people on them."""

import unicodedata
from dataclasses import field

from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.values import value


@value
class Person:
    """A buyer or a ticket holder. A buyer has all five fields; a holder may lack ``email`` and ``whatsapp``.

    Nothing of it is in its repr, and so in no log.
    """

    full_name: str = field(repr=False)
    identity_type: str = field(repr=False)
    identity_number: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    whatsapp: str | None = field(default=None, repr=False)

    def has_email(self, email: str) -> bool:
        """Whether this is their address, however it is spelled in upper and lower case."""
        return self.email is not None and email_key(self.email) == email_key(email)

    def is_named_like(self, other: "Person") -> bool:
        """Whether both have the same name, however it is spelled in upper and lower case."""
        return normalised(self.full_name) == normalised(other.full_name)


def email_key(address: str) -> str:
    """Return what two spellings of one e-mail address have in common.

    It is lower case and not folded: straße.de and strasse.de are two domains.
    """
    return unicodedata.normalize("NFC", address.strip()).lower()


def normalised(name: str) -> str:
    """Return what names are compared by."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


@value
class CheckIn:
    """The use of a ticket. ``at``: ms since the epoch; ``by``: who let its holder in."""

    at: int
    by: str


@value
class Ticket:
    """One admission. ``code`` is unique over all tickets; ``position`` counts from 0 within the transaction.

    ``holder`` is None once they have been forgotten; the ticket is valid all the same. ``checked_in`` is None until it
    is used.
    """

    id: str
    code: str
    transaction_id: str
    ticket_type_id: str
    position: int
    holder: Person | None
    checked_in: CheckIn | None = None


@value
class Transaction:
    """A purchase of one reservation. ``total_price`` is in minor units, ``created_at`` in ms since the epoch.

    ``buyer`` is None once they have been forgotten.
    """

    id: str
    reservation_id: str
    user_id: str | None = field(repr=False)
    quantity: int
    total_price: int
    currency: str
    buyer: Person | None
    created_at: int


@value
class Purchase:
    """A converted reservation with all that came of it."""

    reservation: Reservation
    transaction: Transaction
    tickets: tuple[Ticket, ...]
