"""Every figure of the sales, on both stores, against a naive count over random histories."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actor_ticketing.actors import analytics as asking
from actor_ticketing.actors.analytics import Analytics
from actor_ticketing.actors.board import Board
from actor_ticketing.actors.holders import Holders
from actor_ticketing.domain.analytics import PORTION, Span, Tally
from actor_ticketing.domain.catalogue import TicketType
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.events import ReservationRescheduled
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http import present_analytics
from actor_ticketing.http.answers import to_json
from actor_ticketing.persistence import analytics
from actor_ticketing.persistence.memory import MemoryStore
from actor_ticketing.persistence.schema import migrate
from actor_ticketing.persistence.store import statements_of
from actor_ticketing.wire.analytics import Sales
from support import naive_sales
from support.history import NOW, Shop, event_listed, type_listed
from support.vaults import VAULT

TYPES = {"a": "EUR", "b": "EUR", "c": "USD"}
STEPS = st.tuples(
    # Often within one second, and often just when a deadline comes.
    st.sampled_from([0] * 8 + [1, 999, 1_000, 10_000, 10_000, 30_000]),
    st.sampled_from(
        ["reserve"] * 5 + ["extend"] * 3 + ["buy", "buy_late"] * 2 + ["release", "expire", "restart", "restart"]
    ),
    st.integers(0, 30),
)
INSTANTS = st.sampled_from([NOW - 1, NOW, NOW + 1_000, NOW + 90_000, NOW + 5_000_000, NOW + 5_000_000])


class History:
    """What happens in three ticket types of one event, told to a ledger and noted for the naive count."""

    def __init__(self) -> None:
        self.shops = {
            each: Shop(
                TicketType(id=each, event_id="ev", name=each, price=100 + number, currency=currency), total=1_000
            )
            for number, (each, currency) in enumerate(TYPES.items())
        }
        self.entries: list[Entry] = [event_listed()]
        self.entries += [type_listed(shop.inventory.ticket_type, total=1_000) for shop in self.shops.values()]
        self.holds: dict[str, naive_sales.Hold] = {}
        self.now = NOW

    def step(self, gap: int, kind: str, choice: int) -> None:
        """Do one thing; what is refused leaves no trace."""
        self.now += gap
        try:
            if kind == "reserve":
                self._reserve(choice)
            elif kind == "expire":
                self._expire()
            elif live := [hold for shop in self.shops.values() for hold in shop.inventory.holds.values()]:
                getattr(self, f"_{kind}")(live[choice % len(live)])
        except Refusal:
            pass

    def _reserve(self, choice: int) -> None:
        name = list(TYPES)[choice % 3]
        shop, quantity = self.shops[name], choice % 4 + 1
        self.entries.append(shop.reserve(quantity, now=self.now, ms=10_000 * (1 + choice % 3)))
        held = shop.reservation
        self.holds[held.id] = {
            "type": name, "quantity": quantity, "price": quantity * held.unit_price, "currency": TYPES[name],
            "made": self.now, "since": self.now, "deadline": held.expires_at, "extensions": 0, "status": "ACTIVE",
            "settled": None,
        }  # fmt: skip

    def _extend(self, held: Reservation) -> None:
        self.entries.append(self.shops[held.ticket_type_id].extend(held, 20_000, now=self.now))
        self.holds[held.id]["extensions"] += 1

    def _buy(self, held: Reservation) -> None:
        self.entries.append(self.shops[held.ticket_type_id].buy(held, now=self.now))
        self.holds[held.id] |= {"status": "CONVERTED", "settled": self.now}

    def _buy_late(self, held: Reservation) -> None:
        """At the moment at which it would have ended, had it not been extended."""
        self.now = max(self.now, self.holds[held.id]["deadline"])
        self._buy(held)

    def _release(self, held: Reservation) -> None:
        self.entries.append(self.shops[held.ticket_type_id].release(held, now=self.now))
        self.holds[held.id] |= {"status": "CANCELLED", "settled": self.now}

    def _expire(self) -> None:
        for shop in self.shops.values():
            entry = shop.expire(self.now)
            self.entries.append(entry)
            for event in entry.events:
                self.holds[event.reservation.id] |= {"status": "EXPIRED", "settled": self.now}  # type: ignore[union-attr]

    def _restart(self, held: Reservation) -> None:
        hold, restarted = self.holds[held.id], held.restarted(self.now)
        event = ReservationRescheduled(at=self.now, reservation=restarted)
        self.entries.append(self.shops[held.ticket_type_id]._entry([event]))
        hold["since"] = self.now
        if not hold["extensions"]:
            hold["deadline"] = restarted.expires_at


class InSqlite:
    """The queries over a ledger in SQLite, without threads."""

    def __init__(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        self._connection = connection
        migrate(connection, VAULT)
        for sql, parameters, _ in statements_of(entries, VAULT):
            connection.executemany(sql, parameters)

    async def positions(self, start: int, end: int) -> tuple[int, int]:
        return analytics.positions(self._connection, start, end)

    async def tally(self, span: Span, *, after: int, until: int) -> Tally:
        return analytics.tally(self._connection, span, after, until)


async def told(entries: Sequence[Entry], span: Span, now: int) -> list[Any]:
    """What the answer is on each store."""
    seq = 0
    for entry in entries:
        seq = entry.last_seq = seq + len(entry.events)
    memory, board = MemoryStore(), Board(Holders(max_per_session=0, max_per_user=0))
    await memory.commit(entries)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        sqlite = InSqlite(connection, entries)
        for after in range(0, seq, asking.PORTION):
            until = after + asking.PORTION
            portions = [await each.tally(span, after=after, until=until) for each in (memory, sqlite)]
            assert portions[0] == portions[1]
        return [
            present_analytics.sales(
                span, await Analytics(board=board, queries=queries).sales(span), now, complete_from=None
            )
            for queries in (memory, sqlite)
        ]


def require_equal(answer: Any, expected: Any) -> None:
    """Hold an answer against the naive count."""
    Sales.model_validate_json(to_json(answer))
    for point, at in zip(expected["points"], answer["points"], strict=True):
        point["at"] = at["at"]
    for name, unit in (("second", 1_000), ("minute", 60_000)):
        found = expected["peak"][name]
        expected["peak"][name] = found and {"at": rfc3339(found[0]), "tickets": found[1]}
        assert found is None or found[0] % unit == 0
    times, said = expected.pop("times"), answer["timeToPurchase"]
    assert said["purchases"] == sum(said["bins"]) == len(times)
    for percent in (50, 90):
        expected_rank = times[-(-len(times) * percent // 100) - 1] if times else None
        assert said[f"p{percent}Seconds"] == expected_rank
    assert said["bins"][:1] == [sum(each <= said["binSeconds"] for each in times)][: len(said["bins"])]
    assert {name: answer[name] for name in expected} == expected


# A failing history is shrunk for up to five minutes; the suite's usual limit would cut the report off.
@pytest.mark.timeout(400)
@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(STEPS, min_size=25, max_size=60),
    start=INSTANTS,
    end=INSTANTS,
    types=st.sampled_from([None, frozenset(["a"]), frozenset(["a", "c"]), frozenset[str]()]),
    portion=st.sampled_from([1, 2, 7, PORTION]),
    slack=st.sampled_from([0, 3, analytics.SLACK]),
)
def test_every_figure_is_that_of_a_naive_count(
    steps: list[tuple[int, str, int]], start: int, end: int, types: frozenset[str] | None, portion: int, slack: int
) -> None:
    history = History()
    for step in steps:
        history.step(*step)
    span = Span(start=min(start, end), end=max(start, end) + 1, bucket=60_000, ticket_type_ids=types)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asking, "PORTION", portion)
        patched.setattr(analytics, "SLACK", slack)
        answers = asyncio.run(told(history.entries, span, history.now))
    for answer in answers:
        expected = naive_sales.figures(list(history.holds.values()), span.start, span.end, span.bucket, types)
        require_equal(answer, expected)
