"""The outbox in SQLite: what is asked before every mail stays cheap, however many wait."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.mail import _DUE_AT_LEISURE, _DUE_IN_TIME
from actor_ticketing.persistence.schema import migrate
from support.vaults import VAULT


@pytest.mark.parametrize("sql", [_DUE_IN_TIME, _DUE_AT_LEISURE])
def test_what_is_due_is_found_in_an_index_that_has_the_order(tmp_path: Path, sql: str) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as database:
        migrate(database, VAULT)
        plan = [step[3] for step in database.execute(f"EXPLAIN QUERY PLAN {sql}", (0, 1))]
    assert len(plan) == 1, plan
    assert plan[0].startswith("SEARCH mails USING INDEX"), plan
