"""Where spans go: to a collector that speaks OTLP over HTTP, as the ``OTEL_…`` variables of the environment say."""

from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from actor_ticketing.hooks import Hooks
from actor_ticketing.telemetry.tracing import Tracing

NAME = "actor-ticketing"

CLOSING_SECONDS = 2.0
"""A collector that is not there must not hold the end of the service up."""


def exporting_hooks() -> Hooks:
    """What traces the service, and sends what it finds from a thread of its own."""
    resource = Resource.create({"service.name": NAME}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def close() -> None:
        # A daemon, which the end of the process does not wait for.
        sending = Thread(target=provider.shutdown, name="last spans", daemon=True)
        sending.start()
        sending.join(CLOSING_SECONDS)

    return Tracing(provider.get_tracer(NAME)).hooks(close)
