"""The webhooks of the store in memory, and its ledger as they read it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from actor_ticketing.domain.catalogue import TicketType
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.webhooks import (
    LedgerEntry,
    LedgerPortion,
    Webhook,
    WebhookDropped,
    WebhookKept,
    WebhookNoted,
    WebhookRecord,
    WebhookState,
)
from actor_ticketing.persistence.ledger import ledger_rows
from actor_ticketing.persistence.webhooks import ledger_entry_of


class MemoryWebhooks:
    """What webhook records have made, and the :class:`WebhookQueries` over it."""

    ledger: list[LedgerEvent]
    _ticket_types: dict[str, TicketType]

    def __init__(self) -> None:
        super().__init__()
        self._webhooks: dict[str, Webhook] = {}
        self._webhook_states: dict[str, WebhookState] = {}

    def _take_webhook(self, record: WebhookRecord) -> None:
        match record:
            case WebhookKept(webhook=webhook):
                self._webhooks[webhook.id] = webhook
            case WebhookNoted(id=webhook_id, state=state):
                self._webhook_states[webhook_id] = state
            case WebhookDropped(id=webhook_id):
                self._webhooks.pop(webhook_id, None)
                self._webhook_states.pop(webhook_id, None)

    async def webhooks(self) -> Sequence[Webhook]:
        """The endpoints that are kept, oldest first."""
        return [self._webhooks[each] for each in sorted(self._webhooks)]

    async def webhook_states(self) -> Mapping[str, WebhookState]:
        """How far each has been told, by id."""
        return dict(self._webhook_states)

    async def ledger_after(self, position: int, *, kinds: Sequence[str], limit: int) -> LedgerPortion:
        """The first entries after a position, of some kinds or, with none named, of all."""
        entries: list[LedgerEntry] = []
        oldest, newest = 1 if self.ledger else None, len(self.ledger)
        for seq, event in enumerate(self.ledger[position:], position + 1):
            if not kinds or event.kind in kinds:
                entries.append(self._entry(seq, event))
                if len(entries) == limit:
                    return LedgerPortion(entries=entries, until=seq, oldest=oldest, is_last=seq == newest)
        return LedgerPortion(entries=entries, until=max(position, newest), oldest=oldest, is_last=True)

    async def oldest_in_ledger(self) -> int | None:
        """The first position that the ledger, which is whole, has."""
        return 1 if self.ledger else None

    def _entry(self, seq: int, event: LedgerEvent) -> LedgerEntry:
        [row] = ledger_rows(Entry(events=[event], last_seq=seq))
        entry = ledger_entry_of(row)
        if entry.event_id is None and entry.ticket_type_id is not None:
            return replace(entry, event_id=self._ticket_types[entry.ticket_type_id].event_id)
        return entry
