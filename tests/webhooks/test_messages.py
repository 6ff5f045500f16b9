"""What is said about each kind of entry, and how it is signed."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.events import ReservationRescheduled
from actor_ticketing.domain.webhooks import KINDS, Webhook, WebhookSecret
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore
from actor_ticketing.webhooks.messages import Message, message_of, signed, trial
from actor_ticketing.wire.webhooks import WebhookMessage
from support.lively import live
from support.service import ADA
from support.webhooks import believe

MANUAL = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
# The example of the specification, https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = Message(id="msg_p5jXN8AQM9LWM0D4loKWxJek", body='{"test": 2432232314}')
EXAMPLE_AT, EXAMPLE_SIGNATURE = 1_614_265_330_000, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def hook(*secrets: WebhookSecret) -> Webhook:
    return Webhook(id="w", name="W", url="https://w.example/", secrets=secrets or (WebhookSecret(text=SECRET),))


async def everything(backend: Backend, memory: MemoryStore, clock: ManualClock) -> dict[str, Any]:
    """One message of each kind, by its type."""
    await live(backend, clock)
    held = next(iter(memory._reservations.values()))
    memory.ledger.append(ReservationRescheduled(at=clock.now(), reservation=held))
    portion = await memory.ledger_after(0, kinds=(), limit=1_000)
    return {entry.kind: json.loads(message_of(entry).body) for entry in portion.entries}


async def test_each_kind_has_the_members_that_the_manual_says(
    backend: Backend, memory: MemoryStore, clock: ManualClock
) -> None:
    told = await everything(backend, memory, clock)
    rows = re.findall(r"^\| `([a-z_.]+)` \| .* \| (.*) \|$", MANUAL, re.MULTILINE)
    del rows[0]  # The heading.
    documented = {kind: set(re.findall(r"`(\w+)`", members)) for kind, members in rows}
    assert documented.keys() == told.keys() == set(KINDS)
    assert set(get_args(WebhookMessage.model_fields["type"].annotation)) == {*KINDS, "webhook.test"}
    for kind, message in told.items():
        assert message["type"] == kind
        assert message["data"].keys() == documented[kind] | {"seq"}, kind
        WebhookMessage.model_validate_json(json.dumps(message), extra="forbid", by_name=False)


async def test_no_message_says_who(backend: Backend, memory: MemoryStore, clock: ManualClock) -> None:
    text = json.dumps(await everything(backend, memory, clock))
    assert not re.search(f"guest|boss|ada|{ADA.email}|{ADA.full_name}|sessionId|userId", text, re.IGNORECASE)


async def test_instants_are_written_as_everywhere_else(
    backend: Backend, memory: MemoryStore, clock: ManualClock
) -> None:
    told = await everything(backend, memory, clock)
    created = told["reservation.created"]
    assert created["timestamp"].endswith("Z")
    assert created["data"]["expiresAt"].endswith("Z")
    assert told["event.created"]["data"]["startDate"] == "1970-01-01T00:00:00.000Z"
    assert told["ticket_type.created"]["data"]["salesStart"] is None


async def test_an_entry_has_one_id_and_another_at_its_place_has_another(
    backend: Backend, memory: MemoryStore, clock: ManualClock
) -> None:
    await live(backend, clock)
    portion = await memory.ledger_after(0, kinds=(), limit=1_000)
    ids = [message_of(entry).id for entry in portion.entries]
    assert ids == [message_of(entry).id for entry in portion.entries]
    assert len(set(ids)) == len(ids)
    # The same place in the ledger of a database that was restored, a moment later.
    memory.ledger[0].at += 1  # type: ignore[misc]
    again = await memory.ledger_after(0, kinds=(), limit=1)
    assert message_of(again.entries[0]).id != ids[0]
    assert all(re.fullmatch(r"msg_[0-9]+_[0-9]+", each) for each in ids)


def test_the_signature_is_that_of_the_specifications_example() -> None:
    headers = signed(EXAMPLE, hook(), now=EXAMPLE_AT + 999)
    assert headers["webhook-id"] == EXAMPLE.id
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == EXAMPLE_SIGNATURE


def test_what_was_changed_on_the_way_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    believe(monkeypatch, clock)
    message = trial(clock.now(), "x")
    headers = signed(message, hook(), now=clock.now())
    assert Verifier(SECRET).verify(message.body, headers)["type"] == "webhook.test"
    for body, changed in (
        (message.body + " ", {}),
        (message.body, {"webhook-id": "msg_other"}),
        (message.body, {"webhook-timestamp": str(clock.now() // 1_000 + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(SECRET).verify(body, headers | changed)


def test_every_secret_that_is_still_good_signs() -> None:
    others = [f"whsec_{letter * 32}" for letter in "BCD"]
    secrets = [
        WebhookSecret(text=others[0]),
        WebhookSecret(text=others[1], until=EXAMPLE_AT + 1),
        WebhookSecret(text=others[2], until=EXAMPLE_AT),
    ]
    each = [signed(EXAMPLE, hook(one), now=EXAMPLE_AT)["webhook-signature"] for one in secrets[:2]]
    assert signed(EXAMPLE, hook(*secrets), now=EXAMPLE_AT)["webhook-signature"].split(" ") == each


def test_the_manuals_receiver_takes_what_we_sign_once_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    believe(monkeypatch, clock)
    [example] = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    seen: set[str] = set()
    worked: list[str] = []

    def remember(message_id: str) -> bool:
        is_new = message_id not in seen
        seen.add(message_id)
        return is_new

    scope: dict[str, Any] = {"remember": remember, "put_to_work": lambda kind, _: worked.append(kind)}
    exec(example, scope)  # noqa: S102 - it is ours.
    message = trial(clock.now(), "x")
    headers = signed(message, hook(WebhookSecret(text=scope["SECRET"])), now=clock.now())
    assert [scope["receive"](headers, message.body.encode()) for _ in range(2)] == [204, 204]
    assert worked == ["webhook.test"]
    assert scope["receive"](headers, b"{}") == 400
    clock.advance(301_000)
    assert scope["receive"](headers, message.body.encode()) == 400
