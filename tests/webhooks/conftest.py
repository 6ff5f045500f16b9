from collections.abc import AsyncIterator

import pytest

from actor_ticketing.clock import ManualClock
from support.webhooks import Receiver, believe


@pytest.fixture
async def receiver(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    believe(monkeypatch, clock)
    made = Receiver()
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def another() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.close()
