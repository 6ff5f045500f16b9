"""Webhooks in either kind of store, and the ledger as they read it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.webhooks import (
    DisabledBecause,
    Webhook,
    WebhookDropped,
    WebhookKept,
    WebhookNoted,
    WebhookSecret,
    WebhookState,
)
from actor_ticketing.persistence import webhooks
from actor_ticketing.persistence.connections import DATABASE
from support.history import NOW, Shop, event_listed, type_listed
from support.people import files_with

if TYPE_CHECKING:
    import pytest

    from conftest import Books

WEBHOOK = Webhook(
    id="w2",
    name="Warehouse",
    url="https://warehouse.example/?key=url-secret",
    kinds=("event.created", "reservation.created"),
    secrets=(WebhookSecret(text="whsec_new"), WebhookSecret(text="whsec_old", until=NOW)),
    created_at=NOW,
)
STATE = WebhookState(
    cursor=7,
    disabled_at=NOW,
    disabled_because=DisabledBecause.FAILING,
    failing_since=NOW - 3,
    last_success_at=NOW - 2,
    last_failure_at=NOW - 1,
    last_failure="status_500",
    missed=(3, 5),
)


async def test_what_is_kept_is_read_again_oldest_first(books: "Books") -> None:
    other = Webhook(id="w1", name="W", url="https://w.example/", secrets=(), created_at=0)
    await books.write(Entry(records=[WebhookKept(webhook=WEBHOOK), WebhookKept(webhook=other)]))
    assert await books.queries.webhooks() == [other, WEBHOOK]


async def test_what_is_kept_again_is_changed(books: "Books") -> None:
    changed = Webhook(id="w2", name="V", url="https://v.example/", secrets=WEBHOOK.secrets[:1], created_at=NOW)
    await books.write(Entry(records=[WebhookKept(webhook=WEBHOOK)]), Entry(records=[WebhookKept(webhook=changed)]))
    assert await books.queries.webhooks() == [changed]


async def test_the_last_note_counts(books: "Books") -> None:
    first, other = WebhookState(cursor=1), WebhookState(cursor=0)
    await books.write(
        Entry(records=[WebhookNoted(id="w2", state=first), WebhookNoted(id="crm", state=other)]),
        Entry(records=[WebhookNoted(id="w2", state=STATE)]),
    )
    assert await books.queries.webhook_states() == {"w2": STATE, "crm": other}


async def test_what_is_dropped_is_gone_with_its_state(books: "Books") -> None:
    await books.write(Entry(records=[WebhookKept(webhook=WEBHOOK), WebhookNoted(id="w2", state=STATE)]))
    await books.write(Entry(records=[WebhookDropped(id="w2")]), Entry(records=[WebhookDropped(id="w3")]))
    assert (await books.queries.webhooks(), await books.queries.webhook_states()) == ([], {})


async def sell(books: "Books", holds: int) -> None:
    """An event, a ticket type, and some holds."""
    await books.write(event_listed(), type_listed(total=100))
    shop = Shop(total=100)
    await books.write(*(shop.reserve() for _ in range(holds)))


async def test_the_ledger_is_read_after_a_position_and_a_portion_at_a_time(books: "Books") -> None:
    await sell(books, 5)
    first = await books.queries.ledger_after(0, kinds=(), limit=4)
    assert ([entry.seq for entry in first.entries], first.until, first.oldest) == ([1, 2, 3, 4], 4, 1)
    assert not first.is_last
    rest = await books.queries.ledger_after(4, kinds=(), limit=4)
    assert ([entry.seq for entry in rest.entries], rest.until, rest.is_last) == ([5, 6, 7], 7, True)
    whole = await books.queries.ledger_after(4, kinds=(), limit=3)
    assert (whole.until, whole.is_last) == (7, True)
    none = await books.queries.ledger_after(7, kinds=(), limit=4)
    assert (list(none.entries), none.until, none.oldest, none.is_last) == ([], 7, 1, True)


async def test_an_entry_has_what_the_ledger_has_and_the_event_of_its_ticket_type(books: "Books") -> None:
    await sell(books, 1)
    listed, typed, held = (await books.queries.ledger_after(0, kinds=(), limit=9)).entries
    assert (listed.kind, listed.event_id, listed.ticket_type_id) == ("event.created", "ev", None)
    assert (typed.kind, typed.event_id, typed.ticket_type_id) == ("ticket_type.created", "ev", "tt")
    assert (held.kind, held.event_id, held.ticket_type_id) == ("reservation.created", "ev", "tt")
    assert held.reservation_id is not None
    assert held.data.keys() == {"quantity", "unitPrice", "expiresAt"}


async def test_only_some_kinds_are_read_and_the_others_count_as_looked_at(books: "Books") -> None:
    await sell(books, 3)
    portion = await books.queries.ledger_after(0, kinds=["ticket_type.created", "event.created"], limit=9)
    assert ([entry.seq for entry in portion.entries], portion.until) == ([1, 2], 5)
    portion = await books.queries.ledger_after(0, kinds=["reservation.created"], limit=2)
    assert ([entry.seq for entry in portion.entries], portion.until) == ([3, 4], 4)
    portion = await books.queries.ledger_after(2, kinds=["event.changed"], limit=2)
    assert (list(portion.entries), portion.until) == ([], 5)


async def test_an_empty_ledger_has_no_beginning(books: "Books") -> None:
    assert await books.queries.oldest_in_ledger() is None
    portion = await books.queries.ledger_after(0, kinds=(), limit=9)
    assert (list(portion.entries), portion.until, portion.oldest, portion.is_last) == ([], 0, None, True)
    await sell(books, 0)
    assert await books.queries.oldest_in_ledger() == 1


async def test_one_read_looks_at_so_much_of_a_long_ledger_and_no_more(
    books: "Books", monkeypatch: "pytest.MonkeyPatch"
) -> None:
    monkeypatch.setattr(webhooks, "LOOKED_AT", 2)
    await sell(books, 5)
    position, read = 0, 0
    is_last = False
    while not is_last:
        portion = await books.queries.ledger_after(position, kinds=["ticket_type.paused"], limit=9)
        position, is_last, read = portion.until, portion.is_last, read + 1
    assert position == 7
    assert read <= 4


async def test_what_is_archived_is_passed_over(books: "Books", tmp_path: Path) -> None:
    await sell(books, 5)
    if not (tmp_path / DATABASE).exists():  # The ledger in memory is always whole.
        return
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("DROP TRIGGER only_what_is_archived_may_go")
        connection.execute("DELETE FROM ledger WHERE seq < 4")
    portion = await books.queries.ledger_after(0, kinds=(), limit=2)
    assert ([entry.seq for entry in portion.entries], portion.until, portion.oldest) == ([4, 5], 5, 4)
    assert await books.queries.oldest_in_ledger() == 4


async def test_neither_a_secret_nor_a_url_stands_in_the_files(books: "Books", tmp_path: Path) -> None:
    await books.write(Entry(records=[WebhookKept(webhook=WEBHOOK)]))
    assert files_with(tmp_path, "whsec_", "url-secret") == []
    assert (tmp_path / DATABASE).exists() == bool(files_with(tmp_path, "Warehouse"))
