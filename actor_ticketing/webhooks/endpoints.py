"""The endpoints as they are at present, and how that gets into the store."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from actor_ticketing.clock import Clock, Timer
from actor_ticketing.domain.errors import Draining
from actor_ticketing.domain.ports import Entry, Journal
from actor_ticketing.domain.webhooks import Webhook, WebhookNoted, WebhookState

NOTE_MS = 1_000
"""How often it is written down how far endpoints have been told: what a crash has them told twice."""

STORAGE_PAUSE_MS = 10_000
"""How long to wait when the store can be neither read nor written."""


@dataclass(slots=True, kw_only=True, eq=False)
class Endpoint:
    """One endpoint.

    :ivar tries: how often the next message was not taken.
    :ivar next_try_at: when it is sent again, while it waits for that.
    """

    webhook: Webhook
    state: WebhookState
    tries: int = 0
    next_try_at: int | None = None


class Notes:
    """Writes down how far endpoints have been told, for all of them together, so that it costs a sale little.

    :ivar outcomes: how many messages were sent since the start, by what came of it.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.outcomes: Counter[str] = Counter()
        self._journal = journal
        self._clock = clock
        self._changed: dict[str, Endpoint] = {}
        self._timer: Timer | None = None

    def changed(self, endpoint: Endpoint, *, within_ms: int = NOTE_MS) -> None:
        """Write an endpoint's state down soon."""
        self._changed[endpoint.webhook.id] = endpoint
        if self._timer is None:
            self._timer = self._clock.call_at(self._clock.now() + within_ms, self.write)

    def forget(self, endpoint: Endpoint) -> None:
        """Do not write an endpoint's state down."""
        self._changed.pop(endpoint.webhook.id, None)

    def write(self) -> None:
        """Write down now what has changed. It is durable before whatever is journaled from now on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._changed:
            return
        written, self._changed = self._changed, {}

        def settled(error: Exception | None) -> None:
            if error is not None:
                for endpoint in written.values():
                    self.changed(endpoint, within_ms=STORAGE_PAUSE_MS)

        records = [WebhookNoted(id=each.webhook.id, state=each.state) for each in written.values()]
        with suppress(Draining):  # The next start tells once more what was not noted.
            self._journal.append(Entry(records=records, on_settled=settled))
