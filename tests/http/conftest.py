import asyncio

import pytest

from actor_ticketing.domain.ports import StockRecord
from actor_ticketing.persistence.queries import SqliteQueries
from support.web_fixtures import api, open_api, overrides, settings

__all__ = ["api", "open_api", "overrides", "settings"]


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """No actor is built until this is set, so its mail waits."""
    may_load, load = asyncio.Event(), SqliteQueries.stock

    async def slow(queries: SqliteQueries, ticket_type_id: str) -> StockRecord | None:
        await may_load.wait()
        return await load(queries, ticket_type_id)

    monkeypatch.setattr(SqliteQueries, "stock", slow)
    return may_load
