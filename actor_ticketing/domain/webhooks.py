"""Webhooks: who is told of what stands in the ledger, over HTTP, and how far each has been told.

They are kept beside the books. Instants are ms since the epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any, Protocol, get_args

from actor_ticketing.domain.errors import Conflict
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.records import Record
from actor_ticketing.domain.values import value

KINDS: tuple[str, ...] = tuple(event.kind for event in get_args(LedgerEvent))
"""What there is to tell: every kind of ledger entry."""

WEBHOOKS_MAX = 50
"""Endpoints of the admin API, and as many of the configuration."""


class DisabledBecause(StrEnum):
    """Why an endpoint is told nothing any more."""

    OPERATOR = "operator"
    FAILING = "failing"
    GONE = "gone"


@value
class WebhookSecret:
    """One key that messages are signed with, as ``whsec_…``, and the instant from which it is not, if any."""

    text: str = field(repr=False)
    until: int | None = None


@value
class Webhook:
    """An endpoint: where it is, and what it is told.

    :ivar url: some have a password of sorts in it, so it is nobody's business.
    :ivar kinds: the kinds of ledger entries that it is told; empty for all.
    :ivar secrets: the present one first.
    :ivar created_at: None of one of the configuration.
    :ivar is_configured: it stands in the configuration, and not in the store.
    """

    id: str
    name: str
    url: str = field(repr=False)
    kinds: tuple[str, ...] = ()
    secrets: tuple[WebhookSecret, ...] = field(repr=False)
    created_at: int | None = None
    is_configured: bool = False


@value
class WebhookState:
    """How far an endpoint has been told, and how that goes.

    :ivar cursor: the ledger position up to which there is nothing more to tell.
    :ivar failing_since: the first failure since the last success.
    :ivar last_failure: what sort of failure; see ``docs/webhooks.md``.
    :ivar missed: the first and last ledger position that it could not be told, since the ledger has been archived.
    """

    cursor: int
    disabled_at: int | None = None
    disabled_because: DisabledBecause | None = None
    failing_since: int | None = None
    last_success_at: int | None = None
    last_failure_at: int | None = None
    last_failure: str | None = None
    missed: tuple[int, int] | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether it is told anything."""
        return self.disabled_at is None


@value
class WebhookRecord(Record):
    """Base of what changes webhooks."""


@value
class WebhookKept(WebhookRecord):
    """There is such an endpoint, new or changed."""

    webhook: Webhook


@value
class WebhookNoted(WebhookRecord):
    """So far it has been told."""

    id: str
    state: WebhookState


@value
class WebhookDropped(WebhookRecord):
    """There is no such endpoint any more."""

    id: str


@value
class LedgerEntry:
    """An entry as it stands in the ledger.

    :ivar event_id: also of an entry about a ticket type, whose event it is.
    """

    seq: int
    at: int
    kind: str
    event_id: str | None
    ticket_type_id: str | None
    reservation_id: str | None
    data: Mapping[str, Any]


@value
class LedgerPortion:
    """Some entries after a position, in order.

    :ivar until: of what comes after the position, everything up to here was looked at.
    :ivar oldest: the first position that the ledger still has; None when it is empty.
    :ivar is_last: there was nothing more to look at.
    """

    entries: Sequence[LedgerEntry]
    until: int
    oldest: int | None
    is_last: bool


class WebhookQueries(Protocol):
    """Reads of it. Every method raises :class:`StorageUnavailable` when the store cannot be read."""

    async def webhooks(self) -> Sequence[Webhook]:
        """The endpoints that are kept, oldest first."""

    async def webhook_states(self) -> Mapping[str, WebhookState]:
        """How far each has been told, by id; those of the configuration included."""

    async def ledger_after(self, position: int, *, kinds: Sequence[str], limit: int) -> LedgerPortion:
        """The first entries after a position, of some kinds or, with none named, of all."""

    async def oldest_in_ledger(self) -> int | None:
        """The first position that the ledger still has; None when it is empty."""


class WebhookIsConfigured(Conflict):
    """It stands in the configuration, which is where it is changed."""

    code = "webhook_is_configured"

    def __init__(self) -> None:
        super().__init__("This webhook is part of the configuration, and is changed there.")


class WebhooksOff(Conflict):
    """Nothing is sent, as the configuration has it."""

    code = "webhooks_off"

    def __init__(self) -> None:
        super().__init__("Webhooks are switched off in the configuration.")


class TooManyWebhooks(Conflict):
    """There are as many as there may be."""

    code = "too_many_webhooks"

    def __init__(self) -> None:
        super().__init__("There are as many webhooks as there may be.", {"limit": WEBHOOKS_MAX})


class NotInLedger(Conflict):
    """The ledger has no such position: it is archived, or has not come yet. ``details`` says what there is."""

    code = "seq_not_in_ledger"

    def __init__(self, *, oldest: int, newest: int) -> None:
        super().__init__("The ledger has no such position.", {"oldest": oldest, "newest": newest})
