import sqlite3
import threading
from pathlib import Path

import pytest

from actor_ticketing.persistence.connections import open_writer
from actor_ticketing.persistence.readers import open_readers


async def test_a_database_that_cannot_be_opened_leaves_no_thread_that_would_speak_to_a_closed_loop(
    tmp_path: Path,
) -> None:
    before = threading.active_count()
    for _ in range(20):
        with pytest.raises(sqlite3.OperationalError):
            await open_writer(tmp_path / "no" / "tickets.db", synchronous="FULL", busy_timeout_ms=0)
        with pytest.raises(sqlite3.OperationalError):
            await open_readers(tmp_path / "no" / "tickets.db", count=1, busy_timeout_ms=0)
        assert threading.active_count() <= before
