"""Mails about what has happened to a reservation, and where those who are not our own users can be written to.

They are kept beside the books. A waiting mail names a reservation and nobody: to whom it goes, and what it says of
them, is looked up when it is sent. Instants are ms since the epoch.
"""

from collections.abc import Sequence
from dataclasses import field
from enum import StrEnum
from typing import Protocol

from actor_ticketing.domain.records import Record
from actor_ticketing.domain.values import value


class MailKind(StrEnum):
    """What a mail tells."""

    PURCHASED = "purchased"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    EXTENDED = "extended"


class MailState(StrEnum):
    """WAITING is to be sent; a DEAD one was given up. A DROPPED one had nobody to go to, or nothing to say any more."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


@value
class Mail:
    """One mail, to be sent or sent.

    :ivar id: stable, and unique for what it tells; its Message-ID is made of it.
    :ivar deadline: that of the hold when there was something to tell, where that is what the mail is about.
    :ivar since: when it was written, or brought back by an operator.
    :ivar tries: how often the mail server has not taken it.
    :ivar due_at: when to try next.
    :ivar settled_at: when it left WAITING.
    :ivar reason: why it was not taken the last time, or was dropped. It names nobody.
    """

    id: str
    kind: MailKind
    reservation_id: str
    deadline: int | None = None
    created_at: int
    since: int
    state: MailState = MailState.WAITING
    tries: int = 0
    due_at: int
    settled_at: int | None = None
    reason: str | None = None


@value
class MailRecord(Record):
    """Base of what changes mails and contacts."""


@value
class MailQueued(MailRecord):
    """There is something to tell. A mail that is there already stays as it is."""

    mail: Mail


@value
class MailPutOff(MailRecord):
    """It was not taken, and is tried again."""

    id: str
    tries: int
    due_at: int
    reason: str


@value
class MailSettled(MailRecord):
    """It has gone, or was given up or dropped."""

    id: str
    state: MailState
    at: int
    tries: int
    reason: str | None = None


@value
class MailsGivenUp(MailRecord):
    """All that have waited since before an instant are given up."""

    since_before: int
    at: int
    reason: str


@value
class MailRevived(MailRecord):
    """A dead one is to be tried again, as if it had just been written."""

    id: str
    at: int


@value
class MailsForgotten(MailRecord):
    """Mails that were settled before an instant are forgotten, and contacts not seen since; a portion at a time."""

    before: int


@value
class ContactSeen(MailRecord):
    """This is the address of a user whom an identity provider vouches for."""

    user_id: str = field(repr=False)
    email: str = field(repr=False)
    at: int


@value
class Contact:
    """What is kept of such a user. ``seen_at`` is when their token last said so."""

    user_id: str = field(repr=False)
    email: str = field(repr=False)
    seen_at: int


@value
class MailCounts:
    """How many mails are in each state, of those that are still known."""

    waiting: int = 0
    sent: int = 0
    dead: int = 0
    dropped: int = 0


class MailQueries(Protocol):
    """Reads of it. Every method raises :class:`StorageUnavailable` when the store cannot be read."""

    async def due_mails(self, now: int, *, limit: int, urgent_first: bool = True) -> Sequence[Mail]:
        """Mails that wait and are due: those with a deadline, by it, and the others, the earliest first.

        :param urgent_first: whether those with a deadline come before the others, or behind them.
        """

    async def next_mail_at(self) -> int | None:
        """When the next of those that wait is due; None when none waits."""

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail in any state."""

    async def dead_mails(self, *, offset: int, limit: int) -> Sequence[Mail]:
        """A page of the dead ones, those that died last first."""

    async def mail_counts(self) -> MailCounts:
        """How many there are."""

    async def mails_open(self) -> tuple[int, int]:
        """How many wait, and how many are dead. It takes no look at the others, of which there may be a million."""

    async def contact(self, user_id: str) -> Contact | None:
        """Where a user of an identity provider can be written to."""

    async def contacts_seen(self) -> Sequence[tuple[str, int]]:
        """All users who can, by id, and when each was last seen."""

    async def has_outlived_mail(self, before: int) -> bool:
        """Whether any mail was settled, or any contact last seen, before this instant."""
