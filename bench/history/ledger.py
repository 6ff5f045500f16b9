"""The ledger, replayed entry by entry in a model of its own: a few lines that share nothing with the service's code."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.history.operations import CANCELLED, CONVERTED, CREATED, EXTENDED, Stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of the ledger. ``at``: ms since the epoch."""

    seq: int
    at: int
    kind: str
    ticket_type_id: str | None = None
    reservation_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def read_ledger(database: Path) -> list[Row]:
    """All that is committed, in order. The service may be running."""
    uri = f"{database.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        found = connection.execute(
            "SELECT seq, at, kind, ticket_type_id, reservation_id, data FROM ledger ORDER BY seq"
        )
        return [
            Row(seq=seq, at=at, kind=kind, ticket_type_id=of, reservation_id=reservation, data=json.loads(data))
            for seq, at, kind, of, reservation, data in found
        ]


@dataclass(slots=True)
class _Hold:
    ticket_type_id: str
    quantity: int
    expires_at: int


@dataclass(slots=True)
class _Type:
    total: int
    sold: int = 0
    reserved: int = 0


class Model:
    """The counters and the live holds, as the entries so far left them."""

    def __init__(self) -> None:
        self._types: dict[str, _Type] = {}
        self._holds: dict[str, _Hold] = {}

    def stock(self, ticket_type_id: str) -> Stock | None:
        """The counters of one ticket type; None if there is none."""
        of = self._types.get(ticket_type_id)
        if of is None:
            return None
        return Stock(
            ticket_type_id=ticket_type_id,
            total=of.total,
            sold=of.sold,
            reserved=of.reserved,
            available=of.total - of.sold - of.reserved,
        )

    def take(self, row: Row) -> Iterator[str]:
        """Let one entry have its effect; say what is wrong with it."""
        match row.kind:
            case "ticket_type.created" | "ticket_type.changed":
                of = self._types.setdefault(str(row.ticket_type_id), _Type(total=0))
                of.total = row.data["total"]
                yield from self._bounds(row, of)
            case _ if row.kind == CREATED:
                yield from self._create(row)
            case _ if row.kind.startswith("reservation."):
                yield from self._change(row)

    def _create(self, row: Row) -> Iterator[str]:
        of = self._types.get(str(row.ticket_type_id))
        if of is None or row.reservation_id in self._holds:
            yield f"entry {row.seq} makes {row.reservation_id}, of no known ticket type or for the second time"
            return
        quantity = row.data["quantity"]
        self._holds[str(row.reservation_id)] = _Hold(str(row.ticket_type_id), quantity, row.data["expiresAt"])
        of.reserved += quantity
        yield from self._bounds(row, of)

    def _change(self, row: Row) -> Iterator[str]:
        hold = self._holds.get(str(row.reservation_id))
        if hold is None or hold.ticket_type_id != row.ticket_type_id or hold.quantity != row.data["quantity"]:
            yield f"entry {row.seq}, {row.kind}, is about {row.reservation_id}, which is not held like that"
            return
        of, is_overdue = self._types[hold.ticket_type_id], hold.expires_at <= row.at
        match row.kind:
            case "reservation.expired":
                if not is_overdue:
                    yield f"entry {row.seq} expires {row.reservation_id} {hold.expires_at - row.at} ms early"
            case "reservation.rescheduled":  # The wall clock had gone back, so instants do not compare.
                hold.expires_at = row.data["expiresAt"]
                return
            case _ if is_overdue:
                yield f"entry {row.seq}, {row.kind}, comes {row.at - hold.expires_at} ms after the deadline"
        if row.kind == EXTENDED:
            hold.expires_at = row.data["expiresAt"]
        if row.kind not in {"reservation.expired", CANCELLED, CONVERTED}:
            return
        del self._holds[str(row.reservation_id)]
        of.reserved -= hold.quantity
        of.sold += hold.quantity if row.kind == CONVERTED else 0
        yield from self._bounds(row, of)

    @staticmethod
    def _bounds(row: Row, of: _Type) -> Iterator[str]:
        if min(of.sold, of.reserved, of.total - of.sold - of.reserved) < 0:
            yield f"entry {row.seq}, {row.kind}, leaves {row.ticket_type_id} with {of}"
