"""The opening balance: what the ledger comes to at one position, as text, from where it can be replayed on."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from actor_ticketing.persistence import rows
from actor_ticketing.persistence.replay import Hold, Replay, Stock

_SHOW = rows.EVENT.split(", ")
_TERMS = rows.TERMS.split(", ")
_COUNTERS = ("total", "sold", "reserved", "checked_in")
_HOLD = [field.name for field in fields(Hold)]
_hold = attrgetter(*_HOLD)


def opening_of(replay: Replay) -> str:
    """The state of a replay. The same entries lead to the same text."""
    types = ((*stock.terms, *(getattr(stock, name) for name in _COUNTERS)) for stock in replay.stock.values())
    state = {
        "created": replay.created,
        "events": _table(_SHOW, replay.shows.values()),
        "ticketTypes": _table([*_TERMS, *_COUNTERS], types),
        "holds": _table(["id", *_HOLD], ((its_id, *_hold(hold)) for its_id, hold in replay.holds.items())),
    }
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def replay_from(opening: str) -> Replay:
    """A replay that goes on from an opening balance.

    :raises ValueError, LookupError, TypeError: when it is none.
    """
    state, replay = json.loads(opening), Replay()
    replay.created = state["created"]
    replay.shows = {row["id"]: tuple(row.get(name) for name in _SHOW) for row in _rows(state["events"])}
    for row in _rows(state["ticketTypes"]):
        counters = {name: row[name] for name in _COUNTERS}
        replay.stock[row["id"]] = Stock(terms=tuple(row.get(name) for name in _TERMS), **counters)
    replay.holds = {row.pop("id"): Hold(**row) for row in _rows(state["holds"])}
    return replay


# A balance may be older than a column, so each row says by name what it has; the names stand once.
def _table(columns: Sequence[str], of: Iterable[Sequence[Any]]) -> dict[str, Any]:
    return {"columns": columns, "rows": [list(row) for row in of]}


def _rows(table: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (dict(zip(table["columns"], row, strict=True)) for row in table["rows"])
