"""What a trace says of a request, of the decision it led to, and of the commit it waited for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import DEFAULT_OFF, Sampler
from opentelemetry.trace import SpanKind, StatusCode
from pytest_aiohttp.plugin import AiohttpClient

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.credentials import load_credentials
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.ports import CommitFailed
from actor_ticketing.http.application import create_application
from actor_ticketing.http.runner import Runner
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.store import SqliteStore
from actor_ticketing.server import doors_of
from actor_ticketing.telemetry.tracing import Tracing
from support.databases import new_database
from support.people import everything_of
from support.service import ADA, break_once, eventually, fatal, list_event, list_ticket_type
from support.vaults import VAULT
from support.web import ADMIN_TOKEN, RESERVATIONS, Api, RealServer, make_token, purchase_of

SESSION = "the-secret-session-of-ada"
BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": SESSION}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def sampler() -> Sampler | None:
    return None


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def api(
    tmp_path: Path,
    settings: Settings,
    clock: ManualClock,
    exporter: InMemorySpanExporter,
    sampler: Sampler | None,
    aiohttp_client: AiohttpClient,
) -> AsyncIterator[Api]:
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    hooks = Tracing(provider.get_tracer("test")).hooks(provider.shutdown)
    doors = doors_of(settings, load_credentials(settings.auth, tmp_path))

    class TracedServer(RealServer):
        async def _make_runner(self, **options: Any) -> Runner:
            return Runner(self.app, around_requests=hooks.around_requests, **{**options, "access_log": None})

    async with (
        open_storage(new_database(tmp_path / DATABASE), settings, VAULT) as storage,
        open_backend(storage, settings, clock, on_fatal=fatal, hooks=hooks) as backend,
    ):
        await list_event(backend)
        await list_ticket_type(backend)
        await list_ticket_type(backend, "tt2")
        doors.open(backend)
        client = await aiohttp_client(TracedServer(create_application(doors, max_body_bytes=100_000)))
        yield Api(client=client, backend=backend, doors=doors, clock=clock)
        await client.close()
    hooks.close()


def named(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def only(spans: Sequence[ReadableSpan]) -> ReadableSpan:
    [span] = spans
    return span


def is_in(child: ReadableSpan, parent: ReadableSpan) -> bool:
    """Whether a span is a child of another, and lies within it."""
    assert child.parent is not None
    return (child.parent.span_id, child.context.trace_id) == (parent.context.span_id, parent.context.trace_id) and (
        parent.start_time <= child.start_time <= child.end_time <= parent.end_time
    )


async def test_a_request_has_a_span_with_its_decision_and_its_commit(api: Api, exporter: InMemorySpanExporter) -> None:
    response = await api.send("POST", RESERVATIONS, BODY)
    request = only(named(exporter, f"POST {RESERVATIONS}"))
    assert (request.kind, request.parent, request.status.status_code) == (SpanKind.SERVER, None, StatusCode.UNSET)
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "url.scheme": "http",
        "http.route": RESERVATIONS,
        "http.response.status_code": 201,
        "ticketing.request_id": response.headers["X-Request-ID"],
    }
    decision, commit = only(named(exporter, "actor.decide")), only(named(exporter, "journal.commit"))
    assert is_in(decision, request)
    assert is_in(commit, request)
    assert dict(decision.attributes or {}) == {"ticketing.ticket_type_id": "tt", "ticketing.command": "Reserve"}
    assert dict(commit.attributes or {}) == {"ticketing.batch.entries": 1, "ticketing.entry.events": 1}


async def test_each_request_of_a_batch_has_the_commit_in_its_trace(
    api: Api, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go, commit = asyncio.Event(), SqliteStore.commit

    async def slow(store: SqliteStore, batch: Any) -> None:
        await may_go.wait()
        await commit(store, batch)

    monkeypatch.setattr(SqliteStore, "commit", slow)
    asked = [asyncio.create_task(api.send("POST", RESERVATIONS, BODY)) for _ in range(4)]
    await eventually(lambda: api.backend.vitals._journal.pending == 4, pause=0.001)
    may_go.set()
    await asyncio.gather(*asked)
    requests, commits = named(exporter, f"POST {RESERVATIONS}"), named(exporter, "journal.commit")
    assert len(requests) == len(commits) == 4
    assert {span.context.trace_id for span in requests} == {span.context.trace_id for span in commits}
    assert max(span.attributes["ticketing.batch.entries"] for span in commits) >= 3


async def test_a_bulk_request_has_the_turn_of_each_actor(api: Api, exporter: InMemorySpanExporter) -> None:
    lines = [{"ticketTypeId": each, "quantity": 1} for each in ("tt", "tt2")]
    await api.call("POST", RESERVATIONS, {"reservations": lines, "sessionId": SESSION}, status=201)
    request = only(named(exporter, f"POST {RESERVATIONS}"))
    turns = named(exporter, "actor.decide")
    assert [span.attributes["ticketing.ticket_type_id"] for span in turns] == ["tt", "tt2"]
    assert all(is_in(span, request) for span in [*turns, only(named(exporter, "journal.commit"))])


async def test_a_trace_that_the_client_has_begun_goes_on(api: Api, exporter: InMemorySpanExporter) -> None:
    await api.send("POST", RESERVATIONS, BODY, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    request = only(named(exporter, f"POST {RESERVATIONS}"))
    assert f"{request.context.trace_id:032x}" == TRACE
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT


@pytest.mark.parametrize("header", ["rubbish", "00-0-0-01", f"ff-{TRACE}-{PARENT}-01", "x" * 5_000])
async def test_a_traceparent_that_is_none_begins_a_trace_of_its_own(
    api: Api, exporter: InMemorySpanExporter, header: str
) -> None:
    await api.call("POST", RESERVATIONS, BODY, status=201, headers={"traceparent": header})
    assert only(named(exporter, f"POST {RESERVATIONS}")).parent is None


async def test_a_client_that_does_not_sample_is_not_traced(api: Api, exporter: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
    await api.call("POST", RESERVATIONS, BODY, status=201, headers=headers)
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("sampler", [DEFAULT_OFF])
async def test_what_is_not_sampled_leaves_nothing(api: Api, exporter: InMemorySpanExporter) -> None:
    await api.call("POST", RESERVATIONS, BODY, status=201)
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_what_machines_ask_for_again_and_again_is_not_traced(
    api: Api, exporter: InMemorySpanExporter, path: str
) -> None:
    assert (await api.client.get(path)).status == 200
    assert exporter.get_finished_spans() == ()


async def test_a_path_is_never_told_only_its_pattern(api: Api, exporter: InMemorySpanExporter) -> None:
    held = await api.reserve(session=SESSION)
    await api.call("GET", f"{RESERVATIONS}/{held['id']}?sessionId={SESSION}", status=200)
    await api.refused("GET", f"/nowhere/{SESSION}", status=404)
    assert (await api.client.request("PROPFIND", "/api/public/events")).status == 405
    assert only(named(exporter, f"GET {RESERVATIONS}/{{id}}"))
    assert "http.route" not in (only(named(exporter, "GET")).attributes or {})
    assert [span.name for span in exporter.get_finished_spans()][-1].startswith("_OTHER")
    told = " ".join(span.to_json() for span in exporter.get_finished_spans())
    assert not [secret for secret in (SESSION, held["id"], "PROPFIND") if secret in told]


async def test_nobody_is_named_whatever_goes_wrong(
    api: Api, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, body = purchase_of(await api.reserve(session=SESSION), session=SESSION)
    token = make_token("user-of-ada")
    break_once(monkeypatch, Inventory, "convert", KeyError(SESSION, "Ada Lovelace"))
    await api.refused("POST", path, body, token=token, status=500)
    await api.call("POST", path, body, token=token, headers={"Idempotency-Key": "k"}, status=201)
    await api.call("POST", "/api/admin/privacy/erase", {"email": ADA.email}, token=ADMIN_TOKEN, status=200)
    spans = exporter.get_finished_spans()
    told = " ".join(span.to_json() for span in spans)
    assert not [each for each in (*everything_of(ADA), SESSION, token, "user-of-ada", ADMIN_TOKEN) if each in told]
    failed = only([span for span in spans if span.attributes.get("http.response.status_code") == 500])
    assert failed.status.status_code is StatusCode.ERROR
    assert not [span for span in spans if span.events]


async def test_a_commit_that_fails_is_an_error_in_the_trace(
    api: Api, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise CommitFailed(OSError("no space"))

    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "commit", fail)
        await api.refused("POST", RESERVATIONS, BODY, status=503)
    commit = only(named(exporter, "journal.commit"))
    assert (commit.status.status_code, commit.status.description) == (StatusCode.ERROR, "CommitFailed")
    assert only(named(exporter, f"POST {RESERVATIONS}")).status.status_code is StatusCode.ERROR


async def test_what_nobody_has_asked_for_is_in_no_trace(api: Api, exporter: InMemorySpanExporter) -> None:
    await api.reserve()
    exporter.clear()
    api.clock.advance(3_600_000)
    await eventually(lambda: not api.backend.desk.board.counters["tt"].reserved, pause=0.001)
    assert exporter.get_finished_spans() == ()
