"""The running process, from outside."""

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from support.process import Service, list_stock
from support.service import eventually
from support.web import RESERVATIONS

SECONDS = 30.0


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    environment = {"ACTOR_TICKETING_LOG__FORMAT": "json"}
    service = Service(data_dir=tmp_path, environment=environment, log=tmp_path / "log")
    yield service
    await service.stop()


async def test_sigusr1_tells_of_every_actor_and_thread_and_the_sale_goes_on(service: Service) -> None:
    await service.start()
    body = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "a-secret-session"}
    async with aiohttp.ClientSession(service.url) as session:
        await list_stock(session, service.url, {"tt": 10, "other": 10})
        async with session.post(RESERVATIONS, json=body) as response:
            assert response.status == 201
        assert service.process is not None
        service.process.send_signal(signal.SIGUSR1)
        told = await _told(service, until='"actor"')
        async with session.post(RESERVATIONS, json=body) as response:
            assert response.status == 201
    lines = [json.loads(line) for line in told if line.startswith("{")]
    assert any(line.startswith(("Thread 0x", "Current thread 0x")) for line in told)
    assert [(each["live_holds"], each["actors"]) for each in lines if each["event"] == "doing"] == [(1, 1)]
    assert [(each["ticket_type_id"], each["holds"]) for each in lines if each["event"] == "actor"] == [("tt", 1)]
    assert not [line for line in told if "a-secret-session" in line]


async def _told(service: Service, *, until: str) -> list[str]:
    """The lines of its log, as soon as one of them has a text in it."""
    log = service.log
    assert log is not None
    await eventually(lambda: until in log.read_text(encoding="utf-8"), seconds=SECONDS, pause=0.05)
    return log.read_text(encoding="utf-8").splitlines()
