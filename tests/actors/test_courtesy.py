"""Long reads give way to the sale."""

from typing import Any

import pytest

from actor_ticketing.actors import courtesy
from actor_ticketing.actors.analytics import Analytics
from actor_ticketing.actors.board import Board
from actor_ticketing.actors.courtesy import Courtesy
from actor_ticketing.actors.holders import Holders
from actor_ticketing.domain.analytics import Span
from actor_ticketing.http.context import Backend
from support.service import hold, list_event, list_ticket_type

ALWAYS = Span(start=0, end=10**13, bucket=10**13)


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each rest, none of which is waited for."""
    taken: list[float] = []

    async def rest(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(courtesy, "sleep", rest)
    return taken


async def test_the_more_was_sold_since_the_last_rest_the_longer_is_this_one(rests: list[float]) -> None:
    board = Board(Holders(max_per_session=0, max_per_user=0))
    board.seq = 10
    giving_way = Courtesy(board, at_most=0.1)
    for entries in (0, 5, 0, 10_000, 0):
        board.seq += entries
        await giving_way.rest()
    assert rests == [0.005, 0.1]


async def test_analytics_and_reports_do_not_rest_while_nothing_is_sold(backend: Backend, rests: list[float]) -> None:
    await list_event(backend)
    await list_ticket_type(backend)
    await hold(backend)
    await backend.analytics.sales(ALWAYS)
    assert [len(portion) async for portion in backend.reports.reservations(None)] == [1]
    assert rests == []


async def test_analytics_and_reports_rest_for_what_was_sold_during_a_portion(
    backend: Backend, rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    await list_event(backend)
    await list_ticket_type(backend)
    await hold(backend)
    queries: Any = backend.analytics._queries
    for name in ("tally", "reservations_after"):
        monkeypatch.setattr(queries, name, while_somebody_buys(backend, getattr(queries, name)))
    assert isinstance(backend.analytics, Analytics)
    await backend.analytics.sales(ALWAYS)
    assert rests == [0.001]
    # Whether the new hold comes after those that were there, within the millisecond, is chance.
    assert [len(portion) async for portion in backend.reports.reservations(None)] in ([2], [2, 1])
    assert rests == [0.001] * 2


def while_somebody_buys(backend: Backend, read: Any) -> Any:
    buyers = iter(["somebody"])

    async def reading(*which: Any, **more: Any) -> Any:
        found = await read(*which, **more)
        for session in buyers:
            await hold(backend, session=session)
        return found

    return reading
