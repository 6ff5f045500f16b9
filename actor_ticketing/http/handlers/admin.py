"""The operator's routes: the catalogue, and the sweep."""

from dataclasses import replace

from aiohttp import web

from actor_ticketing.actors.catalogue import Listing
from actor_ticketing.actors.journaling import Keep
from actor_ticketing.actors.statistics import TRIGGERS
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, respond, success, to_json
from actor_ticketing.http.catalogue_schemas import EventBody, EventPatch, TicketTypeBody, TicketTypePatch
from actor_ticketing.http.context import Backend, backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import LIMIT_MAX, page_of, read_model
from actor_ticketing.http.request_ids import asker_of
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import EmptyBody


async def list_events(request: web.Request) -> WholeResponse:
    """``GET /api/admin/events``: all of them, past ones included."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    page, limit = page_of(request, default_limit=LIMIT_MAX)
    board, now = backend.desk.board, backend.clock.now()
    return respond(present.events_page(board, now, page=page, limit=limit, with_closed=True))


async def show_event(request: web.Request) -> WholeResponse:
    """``GET /api/admin/events/{id}``."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    board = backend.desk.board
    return respond(present.event_answer(board, board.event(request.match_info["id"]), backend.clock.now()))


async def create_event(request: web.Request) -> WholeResponse:
    """``POST /api/admin/events``."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, EventBody)
    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.desk.create_event(
            event_id=body.id, title=body.title, venue=body.venue, start_date=body.start_date, by=admin.name, keep=keep
        ),
        lambda show: success(to_json({"event": {**present.event(show), "ticketTypes": []}}), status=201),
    )


async def change_event(request: web.Request) -> WholeResponse:
    """``PATCH /api/admin/events/{id}``: what is absent stays."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, EventPatch)
    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.desk.change_event(request.match_info["id"], body.given(), by=admin.name, keep=keep),
        lambda show: present.event_answer(backend.desk.board, show, backend.clock.now()),
    )


async def create_ticket_type(request: web.Request) -> WholeResponse:
    """``POST /api/admin/events/{id}/ticket-types``."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, TicketTypeBody)

    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.desk.create_ticket_type(
            ticket_type_id=body.id,
            event_id=request.match_info["id"],
            terms=body.terms(),
            window=body.window(),
            total=body.total,
            by=admin.name,
            keep=keep,
        ),
        lambda listing: _listing_answer(backend, listing, status=201),
    )


async def change_ticket_type(request: web.Request) -> WholeResponse:
    """``PATCH /api/admin/ticket-types/{id}``: what is absent stays, null takes a bound away."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, TicketTypePatch)
    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.desk.change_ticket_type(
            request.match_info["id"],
            body.changed_terms(),
            window=body.changed_window(),
            total=body.changed_total(),
            by=admin.name,
            keep=keep,
        ),
        lambda listing: _listing_answer(backend, listing, status=200),
    )


async def pause(request: web.Request) -> WholeResponse:
    """``POST /api/admin/ticket-types/{id}/pause``: sell no more of it for a while."""
    return await _set_paused(request, paused=True)


async def resume(request: web.Request) -> WholeResponse:
    """``POST /api/admin/ticket-types/{id}/resume``: let the sale go on."""
    return await _set_paused(request, paused=False)


async def _set_paused(request: web.Request, *, paused: bool) -> WholeResponse:
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)
    ticket_type_id = request.match_info["id"]
    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.desk.set_paused(ticket_type_id, paused=paused, by=admin.name, keep=keep),
        lambda listing: _listing_answer(backend, listing, status=200),
    )


async def cleanup(request: web.Request) -> WholeResponse:
    """``POST /api/admin/reservations/cleanup``: sweep now."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)

    async def sweep(keep: Keep) -> tuple[int, int]:
        # Many decisions stand behind this answer, so it is stored with none of them.
        seen = Keep(asked_by=keep.asked_by)
        swept = await backend.sweeper.sweep("manual", by=admin.name, seen=seen)
        keep.seq = seen.seq
        return swept

    return await perform(request, raw, admin.caller, sweep, _swept)


async def cron_cleanup(request: web.Request) -> WholeResponse:
    """``GET /api/cron/cleanup-reservations``: the same for an outside scheduler."""
    await doors_of(request).authenticator.cron(request)
    seen = Keep(asked_by=asker_of(request))
    answer = _swept(await backend_of(request).sweeper.sweep("cron", seen=seen))
    return respond(replace(answer, seq=seen.seq))


async def statistics(request: web.Request) -> WholeResponse:
    """``GET /api/admin/reservations/cleanup``: what expiry has done since the service started."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    counts, overdue = await backend.sweeper.overview()
    lag = backend.statistics.expiry_lag.summary()
    sweeps = backend.statistics.sweeps
    data = {
        "counts": {status.value: counts.get(status, 0) for status in ReservationStatus},
        "overdue": overdue,
        "foundLate": backend.statistics.found_late,
        "sweeps": {
            trigger: {
                "runs": sweeps[trigger].runs,
                "expired": sweeps[trigger].expired,
                "lastAt": present.instant_or_none(sweeps[trigger].last_at),
                "lastDurationMs": sweeps[trigger].last_duration_ms,
            }
            for trigger in TRIGGERS
        },
        "expiryLagMs": {"p50": lag.p50, "p99": lag.p99, "max": lag.max, "count": lag.count},
        "expiryLagByType": {
            ticket_type_id: {"max": longest, "count": count}
            for ticket_type_id, (longest, count) in backend.statistics.expiry_lag.by_type.items()
        },
        "nextDueAt": present.instant_or_none(backend.next_due_at()),
        "serverTime": rfc3339(backend.clock.now()),
    }
    return respond(success(to_json(data)))


def _listing_answer(backend: Backend, listing: Listing, *, status: int) -> Answer:
    data = {"ticketType": present.ticket_type(*listing, backend.clock.now())}
    return success(to_json(data), status=status)


def _swept(outcome: tuple[int, int]) -> Answer:
    expired, duration_ms = outcome
    return success(to_json({"expired": expired, "durationMs": duration_ms}), message="Cleanup completed")
