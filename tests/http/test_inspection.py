"""What an operator is told who asks what the process is doing."""

import asyncio

import pytest
from structlog.testing import capture_logs

from actor_ticketing.domain.ports import StockRecord
from actor_ticketing.http import inspection
from actor_ticketing.http.inspection import tell
from actor_ticketing.persistence.queries import SqliteQueries
from support.service import eventually, list_ticket_type
from support.web import Api


async def test_it_sums_the_work_up_and_tells_of_each_actor(api: Api) -> None:
    held = await api.reserve(2, expirationMinutes=1)
    with capture_logs() as lines:
        tell(api.doors)
    summary, actor = lines
    assert (summary["event"], actor["event"]) == ("doing", "actor")
    assert (summary["live_holds"], summary["next_deadline_in_ms"], summary["ready"]) == (1, 60_000, True)
    assert (actor["ticket_type_id"], actor["holds"], actor["mail"]) == (held["ticketTypeId"], 1, 0)
    assert "s1" not in str(lines)


async def test_the_busiest_come_first_and_only_so_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    loading, load = asyncio.Event(), SqliteQueries.stock

    async def slow(queries: SqliteQueries, ticket_type_id: str) -> StockRecord | None:
        await loading.wait()
        return await load(queries, ticket_type_id)

    monkeypatch.setattr(SqliteQueries, "stock", slow)
    monkeypatch.setattr(inspection, "SHOWN_MAX", 2)
    for name in ("busy", "idle"):
        await list_ticket_type(api.backend, name)
    waiting = [asyncio.create_task(api.reserve(of=each)) for each in ("tt", "busy", "busy", "busy", "tt", "idle")]
    await eventually(lambda: sum(api.backend.vitals.mailboxes()) == 6 + 3)
    with capture_logs() as lines:
        tell(api.doors)
    assert (lines[0]["actors"], lines[0]["busy_actors"], lines[0]["undecided"]) == (3, 3, 6)
    assert [(each["ticket_type_id"], each["mail"]) for each in lines[1:]] == [("busy", 3), ("tt", 2)]
    assert lines[1]["is_being_built"]
    loading.set()
    await asyncio.gather(*waiting)


async def test_before_recovery_is_done_it_says_that(api: Api) -> None:
    api.doors.backend = None
    with capture_logs() as lines:
        tell(api.doors)
    assert [(each["event"], each["ready"]) for each in lines] == [("doing", False)]
