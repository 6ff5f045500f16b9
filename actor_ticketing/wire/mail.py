"""The outbox, as an operator sees it."""

from typing import Literal

from actor_ticketing.wire.shapes import Count, Instant, Meta, Shape


class Mail(Shape):
    """One mail, without anybody's name or address. `reason` is why it was not taken the last time."""

    id: str
    kind: Literal["purchased", "expiring", "expired", "cancelled", "extended"]
    state: Literal["waiting", "sent", "dead", "dropped"]
    reservation_id: str
    reservation_code: str
    created_at: Instant
    settled_at: Instant | None
    tries: Count
    reason: str | None


class MailData(Shape):
    """One mail."""

    mail: Mail


class OutboxData(Shape):
    """How many mails there are in each state, and a page of the dead letters."""

    enabled: bool
    waiting: Count
    sent: Count
    dropped: Count
    dead: Count
    dead_letters: list[Mail]


class Outbox(Shape):
    """The outbox. `meta` is of the dead letters."""

    success: Literal[True]
    data: OutboxData
    meta: Meta
