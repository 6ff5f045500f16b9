"""What Prometheus is told (https://prometheus.io/docs/instrumenting/exposition_formats/).

Everything is read when somebody asks, from counts that are kept anyway. No id is a label: there would be as many time
series as ticket types.
"""

from collections.abc import Iterable, Iterator, Mapping

from aiohttp import web
from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from actor_ticketing.domain.measures import Histogram
from actor_ticketing.domain.webhooks import DisabledBecause
from actor_ticketing.http.context import Backend, Doors

PREFIX = "ticketing_"
_GIVEN_UP = (DisabledBecause.FAILING, DisabledBecause.GONE)
METRICS: "web.AppKey[Metrics]" = web.AppKey("metrics")


class Metrics(Collector):
    """The service's own, and those of its process."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._registry = CollectorRegistry()
        for of_the_process in (ProcessCollector, PlatformCollector, GCCollector):
            of_the_process(registry=self._registry)
        self._registry.register(self)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All of it as text, and its content type: OpenMetrics for whoever accepts that.

        :param accept: the request's own header.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that the registry does not collect before there is anything."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The service's own."""
        doors, backend = self._doors, self._doors.backend
        yield _gauge("ready", "1 while requests are taken.", int(backend is not None and not doors.draining))
        yield _http_answers(doors)
        yield _counts("refusals", "Requests refused, by error code.", "code", doors.traffic.refusals)
        if backend is not None:
            yield from _books(backend)
            yield from _work(backend)
            yield from _expiry(backend)
            yield from _sockets(backend)
            yield from _mail(backend)
            yield from _webhooks(backend)


def _books(backend: Backend) -> Iterator[Metric]:
    vitals = backend.vitals
    stock = vitals.stock()
    tickets = GaugeMetricFamily(f"{PREFIX}tickets", "Tickets of all types, by state.", labels=["state"])
    for state, number in (
        ("sold", stock.sold),
        ("reserved", stock.reserved),
        ("available", stock.total - stock.sold - stock.reserved),
    ):
        tickets.add_metric([state], number)
    yield tickets
    yield _gauge("live_holds", "Reservations that are ACTIVE.", vitals.live_holds)
    yield _gauge("ledger_seq", "Position of the last committed event.", vitals.seq)
    yield _counts("events", "Committed events, by kind.", "kind", backend.statistics.outcomes)


def _work(backend: Backend) -> Iterator[Metric]:
    vitals = backend.vitals
    waiting, fullest = vitals.mailboxes()
    yield _gauge("actors_running", "Ticket types that have a running actor.", vitals.actors)
    yield _gauge("mailbox_messages", "Messages that wait for actors.", waiting)
    yield _gauge("mailbox_messages_max", "Messages that wait for the actor with the most.", fullest)
    yield _gauge("journal_pending", "Decisions that are not durable yet.", vitals.pending)
    yield _histogram("commit_seconds", "How long a commit took.", vitals.commits.duration_ms, scale=1_000)
    yield _histogram("commit_entries", "Decisions in one commit.", vitals.commits.entries)
    yield _count("commit_failures", "Commits of which nothing was written.", vitals.commits.failed)
    yield _gauge("clock_offset_seconds", "System clock minus the service's own.", backend.clock.offset_ms() / 1_000)


def _expiry(backend: Backend) -> Iterator[Metric]:
    statistics, due = backend.statistics, backend.next_due_at()
    late_ms = 0 if due is None else max(0, backend.clock.now() - due)
    yield _gauge("overdue_seconds", "How long the earliest live deadline has passed.", late_ms / 1_000)
    lag = statistics.expiry_lag.spread
    yield _histogram("expiry_lag_seconds", "From a hold's deadline to its durable release.", lag, scale=1_000)
    runs = {str(trigger): each.runs for trigger, each in statistics.sweeps.items()}
    yield _counts("sweeps", "Sweeps, by what began them.", "trigger", runs)
    expired = {str(trigger): each.expired for trigger, each in statistics.sweeps.items()}
    yield _counts("sweep_expired", "Holds that sweeps released, by what began the sweep.", "trigger", expired)
    yield _count("found_late", "Overdue holds found by a periodic sweep: a bug, or a bad disk.", statistics.found_late)


def _sockets(backend: Backend) -> Iterator[Metric]:
    live = backend.hub.statistics
    yield _gauge("websocket_clients", "Open WebSockets.", backend.hub.open)
    yield _count("websocket_opened", "WebSockets that were let in.", live.opened)
    yield _count("websocket_messages", "Messages handed to WebSockets.", live.messages)
    yield _count("websocket_dropped", "Clients disconnected because they fell behind.", live.dropped)


def _mail(backend: Backend) -> Iterator[Metric]:
    mail = backend.outbox.statistics
    yield _gauge("mail_waiting", "Mails that are to be sent.", mail.waiting)
    yield _gauge("mail_dead_letters", "Mails that were given up, and wait for an operator.", mail.dead)
    yield _count("mail_sent", "Mails that the mail server took.", mail.sent)
    yield _count("mail_failures", "Times at which the mail server took none, or was not there.", mail.failed)


def _webhooks(backend: Backend) -> Iterator[Metric]:
    hooks = backend.webhooks
    yield _counts(
        "webhook_deliveries", "Webhook messages sent, by what came of it.", "outcome", hooks.couriers.notes.outcomes
    )
    given_up = sum(each.state.disabled_because in _GIVEN_UP for each in hooks.endpoints)
    yield _gauge("webhooks_disabled", "Webhooks that are told nothing any more, and no operator wanted it.", given_up)
    behind = max((hooks.behind(each) for each in hooks.endpoints if each.state.is_enabled), default=0)
    yield _gauge("webhook_behind_max", "Ledger entries that the webhook farthest behind was not told.", behind)


def _http_answers(doors: Doors) -> Metric:
    labels = ["method", "route", "status"]
    family = CounterMetricFamily(f"{PREFIX}http_answers", "HTTP answers, by route and status.", labels=labels)
    for each in doors.traffic.answers():
        family.add_metric([each.method, each.route, str(each.status)], each.times)
    return family


def _gauge(name: str, text: str, number: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=number)


def _count(name: str, text: str, number: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value=number)


def _counts(name: str, text: str, label: str, numbers: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, text, labels=[label])
    for of, number in numbers.items():
        family.add_metric([of], number)
    return family


def _histogram(name: str, text: str, values: Histogram, *, scale: float = 1) -> Metric:
    buckets, seen = [], 0
    for bound, number in zip((*values.bounds, None), values.counts, strict=True):
        seen += number
        buckets.append(("+Inf" if bound is None else repr(float(bound / scale)), seen))
    return HistogramMetricFamily(PREFIX + name, text, buckets=buckets, sum_value=values.total / scale)
