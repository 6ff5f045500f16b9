"""The running process, from outside."""

import json
import os
import shlex
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


@pytest.mark.parametrize("problem", ["mail.templates_dir", "telemetry.enabled"])
async def test_what_the_configuration_names_and_cannot_be_used_stops_the_start_before_anything_is_made(
    service: Service, tmp_path: Path, problem: str
) -> None:
    for directory in ("templates", "hidden"):
        (tmp_path / directory).mkdir()
    (tmp_path / "templates" / "layout.html.jinja").write_text("{% if %}")
    (tmp_path / "hidden" / "sitecustomize.py").write_text("import sys\nsys.modules['opentelemetry'] = None\n")
    service.environment = {
        "mail.templates_dir": {
            "ACTOR_TICKETING_MAIL__ENABLED": "true",
            "ACTOR_TICKETING_MAIL__HOST": "127.0.0.1",
            "ACTOR_TICKETING_MAIL__FROM_ADDRESS": "tickets@hall.test",
            "ACTOR_TICKETING_MAIL__TEMPLATES_DIR": str(tmp_path / "templates"),
        },
        "telemetry.enabled": {
            "ACTOR_TICKETING_TELEMETRY__ENABLED": "true",
            "PYTHONPATH": f"{tmp_path / 'hidden'}:{os.environ.get('PYTHONPATH', '')}",
        },
    }[problem]
    data_dir = tmp_path / "data"
    command = shlex.join([*service.command, "serve", "--port", "0", "--data-dir", str(data_dir)])
    status, out, err = await service.shell(command)
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {problem}: ")
    assert err.count("\n") == 1
    assert not data_dir.exists()


async def _told(service: Service, *, until: str) -> list[str]:
    """The lines of its log, as soon as one of them has a text in it."""
    log = service.log
    assert log is not None
    await eventually(lambda: until in log.read_text(encoding="utf-8"), seconds=SECONDS, pause=0.05)
    return log.read_text(encoding="utf-8").splitlines()
