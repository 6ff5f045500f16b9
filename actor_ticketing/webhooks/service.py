"""All webhooks: who is told, and what operators change about that."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.clock import Clock
from actor_ticketing.config.sections import WebhookEndpoint, WebhookSettings
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.destinations import problem_of_url
from actor_ticketing.domain.errors import Invalid, NotFound, Refusal
from actor_ticketing.domain.ids import Entropy, new_id
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.domain.webhooks import (
    WEBHOOKS_MAX,
    DisabledBecause,
    NotInLedger,
    TooManyWebhooks,
    Webhook,
    WebhookDropped,
    WebhookIsConfigured,
    WebhookKept,
    WebhookNoted,
    WebhookRecord,
    WebhookSecret,
    WebhooksOff,
    WebhookState,
)
from actor_ticketing.turns import Turns
from actor_ticketing.webhooks.carrier import Delivery
from actor_ticketing.webhooks.couriers import Couriers
from actor_ticketing.webhooks.endpoints import Endpoint

log = structlog.get_logger(__name__)

SECRET_BYTES = 32
OLD_SECRET_MS = 24 * 60 * 60 * 1_000
"""How long the secret before still signs, so that a receiver can change over."""

_CREATING = ""
_Changed = tuple[Webhook, WebhookState]


class Webhooks:
    """The endpoints of the configuration, and those that operators add.

    What is changed is changed one at a time for each endpoint, to the end, with nothing sent to it meanwhile.

    :ivar couriers: those who tell them.
    """

    def __init__(
        self,
        *,
        settings: WebhookSettings,
        board: Board,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self.couriers = Couriers(settings=settings, journal=journal, queries=queries, clock=clock, entropy=entropy)
        self._settings = settings
        self._board = board
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._entropy = entropy
        self._turns = Turns()
        self._endpoints: dict[str, Endpoint] = {}

    @property
    def is_enabled(self) -> bool:
        """Whether anything is sent."""
        return self._settings.enabled

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """All of them, those of the configuration first."""
        return list(self._endpoints.values())

    def endpoint(self, webhook_id: str) -> Endpoint:
        """One of them.

        :raises NotFound: when there is none.
        """
        endpoint = self._endpoints.get(webhook_id)
        if endpoint is None:
            raise NotFound("webhook")
        return endpoint

    def behind(self, endpoint: Endpoint) -> int:
        """How many ledger entries come after what an endpoint was told."""
        return max(0, self._board.seq - endpoint.state.cursor)

    async def start(self) -> None:
        """Read who is to be told, and begin. A new endpoint of the configuration is told what comes from now on.

        What cannot be read is no reason to sell nothing: then nobody is told anything, and the log says so.
        """
        try:
            states, kept = await self._queries.webhook_states(), await self._queries.webhooks()
        except Refusal as refusal:
            log.error("webhooks_not_started", error=refusal.message)  # noqa: TRY400 - its cause is logged already.
            return
        for webhook in (*map(_configured, self._settings.endpoints), *kept):
            state = states.get(webhook.id) or WebhookState(cursor=self._board.seq)
            endpoint = self._endpoints[webhook.id] = Endpoint(webhook=webhook, state=state)
            if webhook.id not in states:
                self.couriers.notes.changed(endpoint)
            self.couriers.begin(endpoint)
        self.couriers.notes.write()

    def drain(self) -> None:
        """The service is about to stop: begin nothing new."""
        self.couriers.drain()

    async def stop(self) -> None:
        """End now, and note how far it has come."""
        self.drain()
        await self._turns.settled()
        await self.couriers.stop()

    async def create(
        self,
        *,
        name: str,
        url: str,
        kinds: Sequence[str],
        from_seq: int | None,
        asked_by: Asker | None = None,
    ) -> Endpoint:
        """Add an endpoint, with a secret of its own.

        :param from_seq: the first ledger position that it is told; None for what comes from now on.
        :raises Invalid, TooManyWebhooks, NotInLedger: when that cannot be.
        :raises Unavailable: when it could not be stored.
        """
        return await self._turns.take(_CREATING, self._create(name, url, kinds, from_seq, asked_by))

    async def change(
        self, webhook_id: str, changes: Mapping[str, object], *, enabled: bool | None, asked_by: Asker | None = None
    ) -> Endpoint:
        """Change what an endpoint is and what it is told. It gets another chance with another URL, and when it is
        enabled.

        :param changes: new values, by their names in :class:`Webhook`.
        :param enabled: None leaves that as it is.
        :raises NotFound, Invalid, WebhookIsConfigured: when that cannot be.
        :raises Unavailable: when it could not be stored.
        """
        if changes:
            self._require_ours(webhook_id)
        if "url" in changes:
            self._check(str(changes["url"]))

        def changed(webhook: Webhook, state: WebhookState) -> _Changed:
            if enabled:
                state = replace(state, disabled_at=None, disabled_because=None)
            elif enabled is not None and state.is_enabled:
                state = replace(state, disabled_at=self._clock.now(), disabled_because=DisabledBecause.OPERATOR)
            if enabled or "url" in changes:
                state = replace(state, failing_since=None)
            return replace(webhook, **changes), state  # type: ignore[arg-type]

        return await self._turns.take(webhook_id, self._change(webhook_id, changed, asked_by))

    async def replay(self, webhook_id: str, from_seq: int, *, asked_by: Asker | None = None) -> Endpoint:
        """Go on from a ledger position: tell again what was told, or skip what was not.

        :raises NotFound, NotInLedger: when that cannot be.
        :raises Unavailable: when it could not be stored.
        """
        self.endpoint(webhook_id)
        cursor = await self._before(from_seq)

        def moved(webhook: Webhook, state: WebhookState) -> _Changed:
            return webhook, replace(state, cursor=cursor, missed=None)

        return await self._turns.take(webhook_id, self._change(webhook_id, moved, asked_by))

    async def rotate(self, webhook_id: str, *, asked_by: Asker | None = None) -> Endpoint:
        """Give an endpoint another secret. The one before signs as well for a day, and one before that no more.

        :raises NotFound, WebhookIsConfigured: when that cannot be.
        :raises Unavailable: when it could not be stored.
        """
        self._require_ours(webhook_id)
        secret, until = self._new_secret(), self._clock.now() + OLD_SECRET_MS

        def rotated(webhook: Webhook, state: WebhookState) -> _Changed:
            return replace(webhook, secrets=(secret, replace(webhook.secrets[0], until=until))), state

        return await self._turns.take(webhook_id, self._change(webhook_id, rotated, asked_by))

    async def delete(self, webhook_id: str, *, asked_by: Asker | None = None) -> None:
        """Tell an endpoint nothing more, and forget it.

        :raises NotFound, WebhookIsConfigured: when that cannot be.
        :raises Unavailable: when it could not be stored.
        """
        self._require_ours(webhook_id)
        await self._turns.take(webhook_id, self._delete(webhook_id, asked_by))

    async def test(self, webhook_id: str) -> Delivery:
        """Send an endpoint a message that tells of nothing, and return what came of it.

        :raises NotFound, WebhooksOff, Draining: when that cannot be.
        """
        webhook = self.endpoint(webhook_id).webhook
        if not self.is_enabled:
            raise WebhooksOff
        return await self.couriers.test(webhook)

    async def _create(
        self, name: str, url: str, kinds: Sequence[str], from_seq: int | None, asked_by: Asker | None
    ) -> Endpoint:
        self._check(url)
        if sum(not each.webhook.is_configured for each in self._endpoints.values()) >= WEBHOOKS_MAX:
            raise TooManyWebhooks
        now = self._clock.now()
        webhook = Webhook(
            id=new_id(now, self._entropy),
            name=name,
            url=url,
            kinds=tuple(kinds),
            secrets=(self._new_secret(),),
            created_at=now,
        )
        cursor = self._board.seq if from_seq is None else await self._before(from_seq)
        endpoint = Endpoint(webhook=webhook, state=WebhookState(cursor=cursor))
        await self._write([WebhookKept(webhook=webhook), WebhookNoted(id=webhook.id, state=endpoint.state)], asked_by)
        self._endpoints[webhook.id] = endpoint
        self.couriers.begin(endpoint)
        return endpoint

    async def _change(
        self, webhook_id: str, change: Callable[[Webhook, WebhookState], _Changed], asked_by: Asker | None
    ) -> Endpoint:
        endpoint = self.endpoint(webhook_id)
        async with self.couriers.interrupted(endpoint):
            webhook, state = change(endpoint.webhook, endpoint.state)
            kept: list[WebhookRecord] = [] if webhook.is_configured else [WebhookKept(webhook=webhook)]
            await self._write([*kept, WebhookNoted(id=webhook_id, state=state)], asked_by)
            endpoint.webhook, endpoint.state = webhook, state
            endpoint.tries, endpoint.next_try_at = 0, None
        return endpoint

    async def _delete(self, webhook_id: str, asked_by: Asker | None) -> None:
        endpoint = self.endpoint(webhook_id)
        async with self.couriers.interrupted(endpoint):
            await self._write([WebhookDropped(id=webhook_id)], asked_by)
        await self.couriers.end(endpoint)
        del self._endpoints[webhook_id]

    async def _write(self, records: Sequence[WebhookRecord], asked_by: Asker | None) -> None:
        await write_entry(self._journal, Entry(records=records, asked_by=asked_by))

    async def _before(self, from_seq: int) -> int:
        """The cursor with which a ledger position is the next to be told.

        :raises NotInLedger: when the ledger has it no more, or something else is to come before it.
        """
        oldest, newest = await self._queries.oldest_in_ledger() or 1, self._board.seq
        if not oldest <= from_seq <= newest + 1:
            raise NotInLedger(oldest=oldest, newest=newest)
        return from_seq - 1

    def _require_ours(self, webhook_id: str) -> None:
        if self.endpoint(webhook_id).webhook.is_configured:
            raise WebhookIsConfigured

    def _check(self, url: str) -> None:
        problem = problem_of_url(url, allow_private=self._settings.allow_private)
        if problem is not None:
            raise Invalid.field("url", problem)

    def _new_secret(self) -> WebhookSecret:
        return WebhookSecret(text=f"whsec_{base64.b64encode(self._entropy(SECRET_BYTES)).decode()}")


def _configured(endpoint: WebhookEndpoint) -> Webhook:
    return Webhook(
        id=endpoint.name,
        name=endpoint.name,
        url=endpoint.url,
        kinds=endpoint.kinds,
        secrets=tuple(WebhookSecret(text=each.get_secret_value()) for each in endpoint.secrets),
        is_configured=True,
    )
