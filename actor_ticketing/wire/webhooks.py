"""Webhooks, as an operator sees them, and what receivers get."""

from typing import Any, Literal

from actor_ticketing.wire.shapes import Count, Instant, Shape


class WebhookFailure(Shape):
    """The last message that was not taken. `reason` is `status_` and the status, `timeout`, `tls`, `unreachable`,
    `address_refused` or `broken`.
    """

    at: Instant
    reason: str


class Missed(Shape):
    """Positions of the ledger that could not be told any more, both included."""

    from_seq: Count
    to_seq: Count


class Webhook(Shape):
    """One endpoint. It was told of the ledger up to `cursor`; `behind` entries have come since. With no `kinds` it is
    told of all.
    """

    id: str
    name: str
    url: str
    kinds: list[str]
    source: Literal["admin", "config"]
    created_at: Instant | None
    enabled: bool
    disabled_at: Instant | None
    disabled_because: Literal["operator", "failing", "gone"] | None
    cursor: Count
    behind: Count
    last_success_at: Instant | None
    last_failure: WebhookFailure | None
    failing_since: Instant | None
    next_try_at: Instant | None
    missed: Missed | None


class WebhookData(Shape):
    """One endpoint."""

    webhook: Webhook


class WebhookSecretData(WebhookData):
    """One endpoint with its new secret, which is shown this once."""

    secret: str


class WebhooksData(Shape):
    """All endpoints. While webhooks are not `enabled`, nothing is sent."""

    enabled: bool
    webhooks: list[Webhook]


class Tested(Shape):
    """What came of one message: it was taken, or why not."""

    delivered: bool
    reason: str | None


class WebhookMessage(Shape):
    """What a receiver gets. `data` has the members of its `type`, and `seq`, its position in the ledger; that of
    `webhook.test` is empty.
    """

    type: Literal[
        "reservation.created",
        "reservation.extended",
        "reservation.rescheduled",
        "reservation.adopted",
        "reservation.expired",
        "reservation.cancelled",
        "reservation.converted",
        "event.created",
        "event.changed",
        "ticket_type.created",
        "ticket_type.changed",
        "ticket_type.paused",
        "ticket_type.resumed",
        "ticket.checked_in",
        "webhook.test",
    ]
    timestamp: Instant
    data: dict[str, Any]
