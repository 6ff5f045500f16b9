"""Spans of OpenTelemetry: one for each request, and in it one for each decision of an actor and for each commit.

None has anything in it that a buyer has typed, and no id of a session: of a request the pattern of its route, of a
command its kind.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from actor_ticketing.actors.journaling import Order
from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.ports import Entry, Store
from actor_ticketing.hooks import Hooks
from actor_ticketing.http.middleware import Handler
from actor_ticketing.http.request_ids import id_of
from actor_ticketing.http.traffic import resource_of

PASSED_OVER = frozenset({"/livez", "/readyz", "/metrics", "/api/public/ws"})
"""What is asked for by machines again and again, and what lasts as long as somebody watches."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

DECISION = "actor.decide"
COMMIT = "journal.commit"


class _Headers(Getter[Mapping[str, str]]):
    def get(self, carrier: Mapping[str, str], key: str) -> list[str] | None:
        value = carrier.get(key)
        return None if value is None else [value]

    def keys(self, carrier: Mapping[str, str]) -> list[str]:
        return list(carrier.keys())


class Tracing:
    """Makes the spans. Of a request that is not sampled, nothing more is looked at."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()
        self._headers = _Headers()
        self._open: dict[str, Span] = {}

    def hooks(self, close: Callable[[], None]) -> Hooks:
        """What is to be put around the parts of the service."""
        tracing = self

        class TracedActor(TicketTypeActor):
            def on_receive(self, message: Order) -> Any:
                return tracing.decide(self.ticket_type_id, message, partial(super().on_receive, message))

        return Hooks(
            around_requests=self.around_requests,
            around_store=partial(TracedStore, self),
            actor=TracedActor,
            close=close,
        )

    def around_requests(self, handler: Handler) -> Handler:
        """Give each request a span, which goes on a trace that the client has begun."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            if request.rel_url.raw_path in PASSED_OVER:
                return await handler(request)
            method = request.method if request.method in METHODS else "_OTHER"
            span = self._tracer.start_span(
                method,
                context=self._propagator.extract(request.headers, getter=self._headers),
                kind=SpanKind.SERVER,
                attributes={"http.request.method": method, "url.scheme": request.scheme},
                record_exception=False,
                set_status_on_exception=False,
            )
            if not span.is_recording():
                return await handler(request)
            name = id_of(request)
            self._open[name] = span
            try:
                response = await handler(request)
                _describe(span, request, method, response.status)
                return response
            finally:
                self._open.pop(name, None)
                span.end()

        return handle

    def decide(self, ticket_type_id: str, order: Order, decide: Callable[[], Any]) -> Any:
        """Have an actor decide, in a span of the request that has asked for it."""
        parent = self._parent_of(order.asked_by)
        if parent is None:
            return decide()
        attributes = {"ticketing.ticket_type_id": ticket_type_id, "ticketing.command": type(order.command).__name__}
        span = self._child(parent, DECISION, attributes)
        try:
            return decide()
        finally:
            span.end()

    def committed(self, batch: Sequence[Entry], began: int, error: BaseException | None) -> None:
        """Tell each request in a batch of the commit that it has waited for. ``began``: ns since the epoch."""
        ended = time.time_ns()
        for entry in batch:
            parent = self._parent_of(entry.asked_by)
            if parent is None:
                continue
            attributes = {"ticketing.batch.entries": len(batch), "ticketing.entry.events": len(entry.events)}
            span = self._child(parent, COMMIT, attributes, start_time=began)
            if error is not None:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            span.end(end_time=ended)

    def _parent_of(self, asked_by: Asker | None) -> Span | None:
        return None if asked_by is None else self._open.get(asked_by())

    def _child(self, parent: Span, name: str, attributes: dict[str, Any], start_time: int | None = None) -> Span:
        return self._tracer.start_span(
            name,
            context=set_span_in_context(parent),
            attributes=attributes,
            start_time=start_time,
            record_exception=False,
            set_status_on_exception=False,
        )


class TracedStore:
    """A store whose commits are told of."""

    def __init__(self, tracing: Tracing, store: Store) -> None:
        self._tracing = tracing
        self._store = store

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Commit, as the store does."""
        began, problem = time.time_ns(), None
        try:
            await self._store.commit(batch)
        except BaseException as error:
            problem = error
            raise
        finally:
            self._tracing.committed(batch, began, problem)


def _describe(span: Span, request: web.BaseRequest, method: str, status: int) -> None:
    resource = resource_of(request)
    if resource is not None:
        # The pattern, not the path: ids in a path can be secrets.
        span.update_name(f"{method} {resource.canonical}")
        span.set_attribute("http.route", resource.canonical)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("ticketing.request_id", id_of(request))
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))
        span.set_attribute("error.type", str(status))
