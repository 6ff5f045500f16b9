"""Spans on their way to a real collector, and a service that does without one."""

import gzip
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from actor_ticketing.config import ConfigurationError, Settings
from actor_ticketing.hooks import NO_HOOKS
from actor_ticketing.server import hooks_of
from support.process import Service, list_stock
from support.web import RESERVATIONS

BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}


class Collector:
    """What takes spans by OTLP over HTTP.

    :ivar spans: all that came, and what they are of.
    """

    def __init__(self) -> None:
        self.spans: list[tuple[dict[str, str], Any]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        data = await request.read()
        if request.headers.get("Content-Encoding") == "gzip" and data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        for each in ExportTraceServiceRequest.FromString(data).resource_spans:
            resource = {pair.key: pair.value.string_value for pair in each.resource.attributes}
            self.spans += [(resource, span) for scope in each.scope_spans for span in scope.spans]
        return web.Response(content_type="application/x-protobuf")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    opened = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", opened.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    opened.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield opened
    await runner.cleanup()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


async def sell_and_stop(service: Service) -> int:
    await service.start()
    async with aiohttp.ClientSession() as session:
        await list_stock(session, service.url, {"tt": 10})
        async with session.post(service.url + RESERVATIONS, json=BODY) as response:
            assert response.status == 201
    return await service.terminate()


async def test_spans_are_sent_to_a_collector_the_last_ones_when_the_service_stops(
    service: Service, collector: Collector
) -> None:
    service.environment = {
        "ACTOR_TICKETING_TELEMETRY__ENABLED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=hall",
    }
    assert await sell_and_stop(service) == 0
    by_name = {span.name: span for _, span in collector.spans}
    request = by_name[f"POST {RESERVATIONS}"]
    assert {by_name[name].parent_span_id for name in ("actor.decide", "journal.commit")} == {request.span_id}
    resource = collector.spans[0][0]
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("actor-ticketing", "hall")


async def test_the_environment_names_the_service(service: Service, collector: Collector) -> None:
    service.environment = {
        "ACTOR_TICKETING_TELEMETRY__ENABLED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": "box-office",
    }
    assert await sell_and_stop(service) == 0
    assert {resource["service.name"] for resource, _ in collector.spans} == {"box-office"}


async def test_a_collector_that_is_not_there_holds_nothing_up(service: Service) -> None:
    service.environment = {
        "ACTOR_TICKETING_TELEMETRY__ENABLED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }
    service.log = service.data_dir / "log"
    assert await sell_and_stop(service) == 0


async def test_without_the_packages_the_start_is_refused_in_a_sentence(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hidden := tmp_path / "hidden").mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['opentelemetry'] = None\n")
    service.environment = {"ACTOR_TICKETING_TELEMETRY__ENABLED": "true", "PYTHONPATH": str(hidden)}
    status, _, err = await service.run("serve", "--port", "0")
    assert status == 1
    assert "error: telemetry.enabled: needs packages that are not installed" in err
    assert "pip install 'actor_ticketing[otel]'" in err
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    for name in [name for name in sys.modules if name.startswith("actor_ticketing.telemetry.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigurationError, match=r"telemetry\.enabled"):
        hooks_of(Settings(telemetry={"enabled": True}))


def test_while_it_is_off_nothing_is_put_around_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert hooks_of(Settings()) is NO_HOOKS
    store, handler = object(), object()
    assert NO_HOOKS.around_store(store) is store  # type: ignore[arg-type]
    assert NO_HOOKS.around_requests(handler) is handler  # type: ignore[arg-type]
