"""Webhooks as rows, statements and reads, and the ledger as they read it."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from actor_ticketing.domain.webhooks import (
    DisabledBecause,
    LedgerEntry,
    LedgerPortion,
    Webhook,
    WebhookDropped,
    WebhookKept,
    WebhookNoted,
    WebhookRecord,
    WebhookSecret,
    WebhookState,
)
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.persistence.readers import Readers
from actor_ticketing.persistence.rows import Row
from actor_ticketing.vault import Vault

LOOKED_AT = 10_000
"""Entries of the ledger that one read looks at, at most, when few of them are wanted."""

_WEBHOOK = "id, name, target, kinds, created_at"
_STATE = (
    "id, cursor, disabled_at, disabled_because, failing_since, last_success_at, last_failure_at, last_failure, "
    "missed_from, missed_until"
)
_KEEP = (
    f"INSERT INTO webhooks ({_WEBHOOK}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) "  # noqa: S608 - constants above.
    "DO UPDATE SET name = excluded.name, target = excluded.target, kinds = excluded.kinds"
)
_NOTE = f"INSERT OR REPLACE INTO webhook_states ({_STATE}) VALUES ({', '.join('?' * 10)})"  # noqa: S608
_LEDGER = (
    "SELECT l.seq, l.at, l.kind, coalesce(l.event_id, t.event_id), l.ticket_type_id, l.reservation_id, l.data "
    "FROM ledger l LEFT JOIN ticket_types t ON t.id = l.ticket_type_id WHERE l.seq > ?1 AND l.seq <= ?2 "
    "AND (?3 = '[]' OR l.kind IN (SELECT value FROM json_each(?3))) ORDER BY l.seq LIMIT ?4"
)
_ENDS = "SELECT (SELECT min(seq) FROM ledger), (SELECT max(seq) FROM ledger)"


def target_place(webhook_id: str) -> str:
    """What a webhook's URL and secrets are sealed for."""
    return f"webhook.target:{webhook_id}"


def _webhook_row(webhook: Webhook, vault: Vault) -> Row:
    target = json.dumps([webhook.url, [[each.text, each.until] for each in webhook.secrets]])
    sealed = vault.seal(target.encode(), target_place(webhook.id))
    return (webhook.id, webhook.name, sealed, json.dumps(webhook.kinds), webhook.created_at)


def _webhook_of(row: Row, vault: Vault) -> Webhook:
    """The webhook of a row of :data:`_WEBHOOK`.

    :raises VaultError: when its target does not open.
    """
    url, secrets = json.loads(vault.open(row[2], target_place(row[0])))
    return Webhook(
        id=row[0],
        name=row[1],
        url=url,
        kinds=tuple(json.loads(row[3])),
        secrets=tuple(WebhookSecret(text=text, until=until) for text, until in secrets),
        created_at=row[4],
    )


def _state_row(webhook_id: str, state: WebhookState) -> Row:
    return (
        webhook_id,
        state.cursor,
        state.disabled_at,
        state.disabled_because,
        state.failing_since,
        state.last_success_at,
        state.last_failure_at,
        state.last_failure,
        *(state.missed or (None, None)),
    )


def _state_of(row: Row) -> WebhookState:
    return WebhookState(
        cursor=row[1],
        disabled_at=row[2],
        disabled_because=None if row[3] is None else DisabledBecause(row[3]),
        failing_since=row[4],
        last_success_at=row[5],
        last_failure_at=row[6],
        last_failure=row[7],
        missed=None if row[8] is None else (row[8], row[9]),
    )


def ledger_entry_of(row: Row) -> LedgerEntry:
    """The entry of a ledger's row, in the order of its columns; ``event_id`` may have been filled in."""
    return LedgerEntry(
        seq=row[0],
        at=row[1],
        kind=row[2],
        event_id=row[3],
        ticket_type_id=row[4],
        reservation_id=row[5],
        data=json.loads(row[6]),
    )


def statements_of_webhook(record: WebhookRecord, vault: Vault) -> Sequence[Statement]:
    """The statements that keep one record, in order.

    :raises TypeError: for a kind that has no place here.
    """
    match record:
        case WebhookKept(webhook=webhook):
            return [(_KEEP, [_webhook_row(webhook, vault)], False)]
        case WebhookNoted(id=webhook_id, state=state):
            return [(_NOTE, [_state_row(webhook_id, state)], False)]
        case WebhookDropped(id=webhook_id):
            tables = ("webhooks", "webhook_states")
            return [(f"DELETE FROM {table} WHERE id = ?", [(webhook_id,)], False) for table in tables]  # noqa: S608
        case _:
            raise TypeError(f"there is no table for {type(record).__name__}")


class SqliteWebhookQueries:
    """The :class:`WebhookQueries` over SQLite."""

    _readers: Readers
    _vault: Vault

    async def webhooks(self) -> Sequence[Webhook]:
        """The endpoints that are kept, oldest first."""
        sql = f"SELECT {_WEBHOOK} FROM webhooks ORDER BY id"  # noqa: S608 - constants above.
        return await self._readers.run(
            lambda connection: [_webhook_of(row, self._vault) for row in connection.execute(sql)]
        )

    async def webhook_states(self) -> Mapping[str, WebhookState]:
        """How far each has been told, by id."""
        sql = f"SELECT {_STATE} FROM webhook_states"  # noqa: S608 - constants above.
        return await self._readers.run(lambda connection: {row[0]: _state_of(row) for row in connection.execute(sql)})

    async def ledger_after(self, position: int, *, kinds: Sequence[str], limit: int) -> LedgerPortion:
        """The first entries after a position, of some kinds or, with none named, of all."""
        return await self._readers.run(
            lambda connection: _ledger_after(connection, position, json.dumps(list(kinds)), limit)
        )

    async def oldest_in_ledger(self) -> int | None:
        """The first position that the ledger still has."""
        oldest: int | None = await self._readers.run(lambda connection: connection.execute(_ENDS).fetchone()[0])
        return oldest


def _ledger_after(connection: sqlite3.Connection, position: int, kinds: str, limit: int) -> LedgerPortion:
    connection.execute("BEGIN")
    try:
        oldest, newest = connection.execute(_ENDS).fetchone()
        if oldest is None or newest <= position:
            return LedgerPortion(entries=(), until=position, oldest=oldest, is_last=True)
        end = min(max(position, oldest - 1) + LOOKED_AT, newest)
        entries = [ledger_entry_of(row) for row in connection.execute(_LEDGER, (position, end, kinds, limit))]
    finally:
        connection.execute("COMMIT")
    until = entries[-1].seq if len(entries) == limit else end
    return LedgerPortion(entries=entries, until=until, oldest=oldest, is_last=until == newest)
