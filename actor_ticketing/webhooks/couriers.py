"""All couriers, one for each endpoint that is to be told, and what they share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actor_ticketing.actors.retrying import Pauses
from actor_ticketing.clock import Clock
from actor_ticketing.config.sections import WebhookSettings
from actor_ticketing.domain.errors import Draining
from actor_ticketing.domain.ids import Entropy, new_id
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.domain.webhooks import Webhook
from actor_ticketing.webhooks.carrier import Carrier, Delivery
from actor_ticketing.webhooks.courier import Courier
from actor_ticketing.webhooks.endpoints import Endpoint, Notes
from actor_ticketing.webhooks.messages import signed, trial


class Couriers:
    """Starts and ends them. They subscribe to what is committed; without an endpoint there is none, and no connection.

    :ivar notes: what writes down how far they have come.
    """

    def __init__(
        self, *, settings: WebhookSettings, journal: Journal, queries: Queries, clock: Clock, entropy: Entropy
    ) -> None:
        self.notes = Notes(journal, clock)
        self._settings = settings
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._entropy = entropy
        self._pauses = Pauses(
            first_seconds=settings.retry_first_seconds, longest_seconds=settings.retry_max_seconds, entropy=entropy
        )
        self._couriers: dict[Endpoint, Courier] = {}
        self._carrier: Carrier | None = None
        self._draining = False
        self._trials: set[asyncio.Timeout] = set()

    def __call__(self, entry: Entry) -> None:
        """Take note of an entry that has just become durable."""
        if entry.events:
            for courier in self._couriers.values():
                courier.look()

    def begin(self, endpoint: Endpoint) -> None:
        """Have an endpoint told, if it is to be."""
        if self._draining or not (self._settings.enabled and endpoint.state.is_enabled):
            return
        courier = self._couriers[endpoint] = Courier(
            endpoint,
            carrier=self._opened_carrier(),
            journal=self._journal,
            queries=self._queries,
            clock=self._clock,
            notes=self.notes,
            pauses=self._pauses,
            disable_after_ms=round(self._settings.disable_after_hours * 3_600_000),
        )
        courier.start()

    async def end(self, endpoint: Endpoint) -> None:
        """Have an endpoint told nothing more; how far it was told is left to the caller to note."""
        courier = self._couriers.pop(endpoint, None)
        if courier is not None:
            await courier.stop()
        self.notes.forget(endpoint)

    @asynccontextmanager
    async def interrupted(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """Have an endpoint told nothing while it is being changed."""
        await self.end(endpoint)
        try:
            yield
        except BaseException:
            self.notes.changed(endpoint)
            raise
        finally:
            self.begin(endpoint)

    async def test(self, webhook: Webhook) -> Delivery:
        """Send an endpoint a message that tells of nothing, beside all others and once.

        :raises Draining: when the service is stopping, or stops before there is an answer.
        """
        if self._draining:
            raise Draining
        now = self._clock.now()
        message, system_now = trial(now, new_id(now, self._entropy)), now + self._clock.offset_ms()
        headers = signed(message, webhook, now=system_now)
        try:
            async with asyncio.timeout(None) as limit:
                self._trials.add(limit)
                return await self._opened_carrier().post(webhook.url, headers, message.body, now=system_now)
        except TimeoutError:
            raise Draining from None
        finally:
            self._trials.discard(limit)

    def drain(self) -> None:
        """The service is about to stop: begin no other message, and have nobody wait for a trial."""
        self._draining = True
        while self._trials:
            self._trials.pop().reschedule(0)
        for courier in self._couriers.values():
            courier.drain()

    async def stop(self) -> None:
        """End now, and note how far they have come."""
        self.drain()
        for courier in self._couriers.values():
            await courier.stop()
        self.notes.write()
        if self._carrier is not None:
            await self._carrier.close()

    def _opened_carrier(self) -> Carrier:
        if self._carrier is None:
            settings = self._settings
            self._carrier = Carrier(timeout_seconds=settings.timeout_seconds, allow_private=settings.allow_private)
        return self._carrier
