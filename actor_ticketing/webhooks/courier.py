"""The one that tells an endpoint: message by message in the order of the ledger, each at least once."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import structlog

from actor_ticketing.actors.retrying import Pauses, Wake
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.ports import Journal, Queries
from actor_ticketing.domain.webhooks import DisabledBecause, LedgerEntry, LedgerPortion
from actor_ticketing.webhooks.carrier import Carrier, Delivery
from actor_ticketing.webhooks.endpoints import STORAGE_PAUSE_MS, Endpoint, Notes
from actor_ticketing.webhooks.messages import message_of, signed

log = structlog.get_logger(__name__)

PORTION = 50
"""Entries of the ledger that are read at a time."""

GONE = 410
"""A receiver that answers with this status wants to be told nothing any more."""


class Courier:
    """Reads the ledger after the endpoint's cursor, and sends the next message once the one before was taken."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        carrier: Carrier,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        notes: Notes,
        pauses: Pauses,
        disable_after_ms: int,
    ) -> None:
        self._endpoint = endpoint
        self._carrier = carrier
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._notes = notes
        self._pauses = pauses
        self._disable_after_ms = disable_after_ms
        self._wake = Wake(clock)
        self._draining = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what has come after the cursor."""
        self._task = asyncio.create_task(self._run(), name=f"webhook {self._endpoint.webhook.id}")

    def look(self) -> None:
        """There may be something new in the ledger. One that waits to try again finds it when it does."""
        if self._endpoint.next_try_at is None:
            self._wake.set()

    def drain(self) -> None:
        """Begin no other message; the one under way may come to its end."""
        self._draining = True
        self._wake.set()

    async def stop(self) -> None:
        """End now. A message under way is sent again by whoever goes on from the cursor."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            # Whatever is committed from here on is either read in this round or wakes for the next.
            self._wake.clear()
            await self._round()
            if self._draining or not self._endpoint.state.is_enabled:
                return
            await self._wake.wait_until(self._endpoint.next_try_at)

    async def _round(self) -> None:
        """Tell all there is to tell, unless it is not yet time to try again."""
        endpoint = self._endpoint
        if endpoint.next_try_at is not None:
            if self._clock.now() < endpoint.next_try_at:
                return
            endpoint.next_try_at = None
        try:
            await self._tell_all()
        except Refusal as refusal:
            log.warning("webhook_paused", webhook=endpoint.webhook.id, error=refusal.message)
            endpoint.next_try_at = self._clock.now() + STORAGE_PAUSE_MS
        except Exception:
            log.exception("webhook_failed", webhook=endpoint.webhook.id)
            endpoint.next_try_at = self._clock.now() + STORAGE_PAUSE_MS

    async def _tell_all(self) -> None:
        endpoint = self._endpoint
        while True:
            cursor = endpoint.state.cursor
            await self._give_way()
            portion = await self._queries.ledger_after(cursor, kinds=endpoint.webhook.kinds, limit=PORTION)
            self._note_missed(portion)
            for entry in portion.entries:
                await self._give_way()
                if self._draining or not await self._tell(entry):
                    return
            if portion.until != cursor:
                self._note(cursor=portion.until)
            if portion.is_last:
                return

    async def _give_way(self) -> None:
        """Let what buyers wait for be committed first: this takes its time from the same core."""
        if self._journal.pending:
            await self._journal.settled()

    async def _tell(self, entry: LedgerEntry) -> bool:
        """Send the message about an entry; return whether it was taken."""
        endpoint, message = self._endpoint, message_of(entry)
        system_now = self._clock.now() + self._clock.offset_ms()
        headers = signed(message, endpoint.webhook, now=system_now)
        delivery = await self._carrier.post(endpoint.webhook.url, headers, message.body, now=system_now)
        self._notes.outcomes[delivery.outcome] += 1
        if delivery.failure is not None:
            self._not_taken(entry, delivery, delivery.failure)
            return False
        endpoint.tries = 0
        self._note(cursor=entry.seq, failing_since=None, last_success_at=self._clock.now())
        return True

    def _not_taken(self, entry: LedgerEntry, delivery: Delivery, failure: str) -> None:
        endpoint, now = self._endpoint, self._clock.now()
        since = endpoint.state.failing_since
        since = now if since is None else since
        self._note(failing_since=since, last_failure_at=now, last_failure=failure)
        if delivery.status == GONE:
            self._disable(DisabledBecause.GONE, failure)
        elif now - since >= self._disable_after_ms:
            self._disable(DisabledBecause.FAILING, failure)
        else:
            endpoint.tries += 1
            pause_ms = max(self._pauses.after(endpoint.tries), min(delivery.retry_after_ms, self._pauses.longest_ms))
            endpoint.next_try_at = now + round(pause_ms)
            told = {"webhook": endpoint.webhook.id, "seq": entry.seq, "reason": failure, "tries": endpoint.tries}
            log.warning("webhook_not_taken", **told, pause_seconds=pause_ms / 1_000)

    def _disable(self, because: DisabledBecause, failure: str) -> None:
        endpoint = self._endpoint
        endpoint.tries = 0
        self._note(disabled_at=self._clock.now(), disabled_because=because)
        self._notes.write()
        log.error("webhook_disabled", webhook=endpoint.webhook.id, because=because.value, reason=failure)

    def _note_missed(self, portion: LedgerPortion) -> None:
        """Say so when the ledger does not go back to the cursor any more."""
        first = self._endpoint.state.cursor + 1
        if portion.oldest is not None and portion.oldest > first:
            missed = (first, portion.oldest - 1)
            log.error("webhook_missed_entries", webhook=self._endpoint.webhook.id, first=first, last=missed[1])
            self._note(cursor=missed[1], missed=missed)

    def _note(self, **changes: object) -> None:
        self._endpoint.state = replace(self._endpoint.state, **changes)  # type: ignore[arg-type]
        self._notes.changed(self._endpoint)
