"""An entry of the ledger as the message that tells of it, signed as https://www.standardwebhooks.com has it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from actor_ticketing.domain.ids import generate_reservation_code
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.values import value
from actor_ticketing.domain.webhooks import LedgerEntry, Webhook

# What else an entry may have, such as who did it, is not told to others.
_TOLD = (
    "quantity",
    "unitPrice",
    "expiresAt",
    "ticketId",
    "title",
    "venue",
    "startDate",
    "name",
    "price",
    "currency",
    "total",
    "maxPerReservation",
    "salesStart",
    "salesEnd",
    "extensionPolicy",
)
_INSTANTS = frozenset({"expiresAt", "startDate", "salesStart", "salesEnd"})


@value
class Message:
    """What is sent, as often as it takes, under one id."""

    id: str
    body: str


def message_of(entry: LedgerEntry) -> Message:
    """The message about an entry.

    Its instant stands in the id too: in a database that was restored, another entry may come to stand at a position
    that receivers have seen.
    """
    ids = {"eventId": entry.event_id, "ticketTypeId": entry.ticket_type_id, "reservationId": entry.reservation_id}
    data: dict[str, Any] = {"seq": entry.seq} | {name: each for name, each in ids.items() if each is not None}
    if entry.reservation_id is not None:
        data["reservationCode"] = generate_reservation_code(entry.reservation_id)
    for name in _TOLD:
        if name in entry.data:
            told = entry.data[name]
            data[name] = rfc3339(told) if name in _INSTANTS and told is not None else told
    return Message(id=f"msg_{entry.seq}_{entry.at}", body=_body(entry.kind, entry.at, data))


def trial(at: int, unique: str) -> Message:
    """A message that tells of nothing, to try an endpoint out."""
    return Message(id=f"msg_test_{unique}", body=_body("webhook.test", at, {}))


def _body(kind: str, at: int, data: Mapping[str, Any]) -> str:
    told = {"type": kind, "timestamp": rfc3339(at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def signed(message: Message, webhook: Webhook, *, now: int) -> dict[str, str]:
    """The headers that a message is sent with. Each of the endpoint's secrets that is still good signs it.

    :param now: by the system's clock, which receivers compare with theirs.
    """
    moment = datetime.fromtimestamp(now // 1_000, UTC)
    good = [each.text for each in webhook.secrets if each.until is None or now < each.until]
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(now // 1_000),
        "webhook-signature": " ".join(Signer(text).sign(message.id, moment, message.body) for text in good),
    }
