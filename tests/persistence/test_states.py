import sqlite3
from contextlib import closing
from pathlib import Path

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.states import StateCounts
from support.service import OpenBackend, buy, hold, list_event, list_ticket_type

MINUTE = 60_000


async def test_what_was_counted_is_only_added_to_and_stays_what_the_table_has(
    open_on_disk: OpenBackend, tmp_path: Path, clock: ManualClock
) -> None:
    async with open_on_disk() as backend:
        await list_event(backend)
        await list_ticket_type(backend)
        with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
            asked: list[str] = []
            connection.set_trace_callback(asked.append)
            states = StateCounts()

            def counted() -> int:
                counts = states.read(connection)
                assert counts == StateCounts().read(connection)
                return sum(counts.values())

            assert counted() == 0
            held = [await hold(backend) for _ in range(4)]
            assert counted() == 4
            await buy(backend, held[0])
            await backend.box_office.release(held[1].id, Owner(session_id="s"))
            assert counted() == 4
            clock.advance(60 * MINUTE)
            await backend.sweeper.sweep("manual")
            await hold(backend)
            assert counted() == 5
            asked.clear()
            states.read(connection)
            assert not [sql for sql in asked if "FROM reservations" in sql]
