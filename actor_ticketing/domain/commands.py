"""What an inventory can be asked to do. Ids, codes and instants are made by whoever asks, so deciding stays pure."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from actor_ticketing.domain.catalogue import TicketType
from actor_ticketing.domain.purchase import Person
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.domain.values import value


@value
class Line:
    """One reservation to be made: ``quantity`` tickets under this id."""

    reservation_id: str
    quantity: int


@value
class Reserve:
    """Hold stock of one ticket type for ``duration_ms``: all lines or none, summed against stock and limits."""

    lines: tuple[Line, ...]
    session_id: str = field(repr=False)
    user_id: str | None = field(repr=False)
    duration_ms: int
    metadata: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)

    @property
    def quantity(self) -> int:
        """Tickets asked for, over all lines."""
        lines = self.lines
        return lines[0].quantity if len(lines) == 1 else sum([line.quantity for line in lines])


@value
class Extend:
    """Move the deadline by ``additional_ms``, counted from the present one.

    :ivar turned_away_at: when somebody was last refused for lack of this stock, ms since the epoch; None: nobody was.
    """

    reservation_id: str
    owner: Owner
    additional_ms: int
    turned_away_at: int | None = None


@value
class Release:
    """The buyer gives the stock back."""

    reservation_id: str
    owner: Owner


@value
class Cancel:
    """An operator gives the stock back for the buyer. ``by``: who does it."""

    reservation_id: str
    by: str


@value
class Adopt:
    """A session's holds become a user's, who has signed in with it. Those that are somebody's already stay theirs."""

    reservation_ids: tuple[str, ...]
    session_id: str
    user_id: str


@value
class NewTicket:
    """One ticket to be made, for one holder."""

    id: str
    code: str
    holder: Person


@value
class Convert:
    """Turn a hold into tickets: one for each unit of its quantity."""

    reservation_id: str
    owner: Owner
    transaction_id: str
    buyer: Person
    tickets: tuple[NewTicket, ...]


@value
class ExpireDue:
    """Release what is overdue, at most ``limit`` holds at a time. ``by``: who has asked for it, if anybody has."""

    limit: int
    by: str | None = None


@value
class SetPaused:
    """Stop the sale for a while, or let it go on. ``by``: who wants it."""

    paused: bool
    by: str


@value
class ChangeTicketType:
    """Sell under other terms. None leaves ``total`` as it is.

    :ivar changes: fields of :class:`TicketType` by name, but for the window.
    :ivar window: fields of :class:`SalesWindow` by name.
    :ivar by: who changes it.
    """

    changes: Mapping[str, Any]
    window: Mapping[str, int | None]
    total: int | None = None
    by: str | None = None

    def terms(self, present: TicketType) -> TicketType:
        """The terms after the change.

        :raises Invalid: when the on-sale window would end before it starts.
        """
        changed = replace(present, **self.changes, window=replace(present.window, **self.window))
        changed.window.require_order()
        return changed
