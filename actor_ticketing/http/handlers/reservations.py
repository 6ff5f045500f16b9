"""Reserve, look, extend, cancel."""

from typing import Any

from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.actors.journaling import Keep
from actor_ticketing.domain.errors import Unauthenticated
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, list_meta, respond, success
from actor_ticketing.http.auth import caller_of, owner_of
from actor_ticketing.http.budgets import OverBudget
from actor_ticketing.http.contacts import note_contact
from actor_ticketing.http.context import address_of, backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.limits import READ, RESERVE
from actor_ticketing.http.parsing import LIMIT_MAX, page_of, read_model
from actor_ticketing.http.request import ServiceRequest
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import ClaimSessionBody, CreateReservationBody, ExtendBody, SessionBody
from actor_ticketing.http.throttling import require_restraint, spend_of, take_back


async def owner_in_query(request: ServiceRequest, units: int = 1) -> Owner:
    """Who looks, at so many reservations."""
    owner = owner_of(request.query.get("sessionId"), await doors_of(request).authenticator.user(request))
    spend_of(request, READ, owner, units)
    return owner


async def create(request: ServiceRequest) -> WholeResponse:
    """``POST /api/public/reservations``: one line or several, all or none."""
    backend = backend_of(request)
    body, raw = await read_model(request, CreateReservationBody)
    identity = await doors_of(request).authenticator.user(request)
    owner = owner_of(body.session_id, identity)
    lines = body.lines
    spend_of(request, RESERVE, owner, len(lines))
    box_office, clock, board = backend.box_office, backend.clock, backend.box_office.board

    def render(made: list[Reservation]) -> Answer:
        now = clock.now()
        if body.reservations is None:
            data = present.one_reservation(board, made[0], now)
            return success(data, message="Reservation created successfully", status=201)
        first = min(made, key=lambda each: each.expires_at)
        data = (
            f'{{"reservations":{present.reservations(board, made, now)},"expiresAt":"{rfc3339(first.expires_at)}",'
            f'"remainingSeconds":{present.remaining_seconds(first, now)},"serverTime":"{rfc3339(now)}"}}'
        )
        return success(data, message="Reservations created successfully", status=201)

    async def action(keep: Keep) -> list[Reservation]:
        require_restraint(request, owner)
        made = await box_office.reserve(
            lines,
            # A user without a guest session gets one of their own for this reservation.
            session_id=owner.session_id or box_office.new_session_id(),
            user_id=owner.user_id,
            duration_ms=body.expiration_minutes,
            metadata=body.metadata_text,
            address=address_of(request),
            keep=keep,
        )
        note_contact(backend, identity)
        return made

    try:
        return await perform(request, raw, caller_of(owner), action, render)
    except OverBudget:
        # Only the budget for holds that are let go refuses by now, and that one by itself.
        take_back(request, RESERVE, owner, len(lines))
        raise


async def index(request: ServiceRequest) -> WholeResponse:
    """``GET /api/public/reservations``: live holds of a session, or of the user."""
    backend = backend_of(request)
    owner = await owner_in_query(request)
    page, limit = page_of(request)
    held, total = backend.box_office.active(owner, offset=(page - 1) * limit, limit=limit)
    now = backend.clock.now()
    meta = {**list_meta(page=page, limit=limit, total=total), "serverTime": rfc3339(now)}
    return respond(success(present.reservations(backend.box_office.board, held, now), meta=meta))


async def show(request: ServiceRequest) -> WholeResponse:
    """``GET /api/public/reservations/{id}``: any state; a purchased one with its tickets."""
    backend = backend_of(request)
    record = await backend.box_office.reservation(request.match_info["id"], await owner_in_query(request))
    held, more = record.reservation, None
    if record.transaction is not None:
        more = {
            "transaction": present.transaction(record.transaction),
            "tickets": present.tickets(doors_of(request).signer, record.tickets),
        }
    elif held.status is ReservationStatus.ACTIVE:
        more = _room(backend.box_office, held)
    board, now = backend.box_office.board, backend.clock.now()
    return respond(success(present.one_reservation(board, held, now, more)))


def _room(box_office: BoxOffice, held: Reservation) -> dict[str, Any]:
    """How far a hold can still be extended and, if it cannot, by which rule."""
    room = box_office.room(held)
    more = {} if room.limit is None else {"extensionLimit": room.limit}
    return {"extensionsLeft": room.left, "maxExpiresAt": rfc3339(room.max_expires_at), **more}


async def claim_session(request: ServiceRequest) -> WholeResponse:
    """``POST /api/public/sessions/claim``: a guest has signed in, and what the session holds is now the user's too."""
    backend = backend_of(request)
    identity = await doors_of(request).authenticator.user(request)
    if identity is None or identity.user_id is None:
        raise Unauthenticated("Claiming a session needs a signed-in user: send a bearer token.")
    body, raw = await read_model(request, ClaimSessionBody)
    owner = owner_of(body.session_id, identity)
    spend_of(request, RESERVE, owner)
    box_office, user_id = backend.box_office, identity.user_id

    def render(claimed: int) -> Answer:
        now = backend.clock.now()
        held = [each for each in box_office.board.live.of(owner, now) if each.user_id == user_id][:LIMIT_MAX]
        data = (
            f'{{"reservations":{present.reservations(box_office.board, held, now)},"claimed":{claimed},'
            f'"serverTime":"{rfc3339(now)}"}}'
        )
        return success(data, message="Session claimed successfully")

    async def adopt(keep: Keep) -> int:
        # Several decisions may stand behind this answer, so it is stored with none of them.
        seen = Keep(asked_by=keep.asked_by)
        claimed = await box_office.adopt(body.session_id, user_id, seen=seen)
        keep.seq = seen.seq
        if claimed:
            note_contact(backend, identity)
        return claimed

    return await perform(request, raw, caller_of(owner), adopt, render)


async def extend(request: ServiceRequest) -> WholeResponse:
    """``PATCH /api/public/reservations/{id}``."""
    backend = backend_of(request)
    body, raw = await read_model(request, ExtendBody)
    owner = owner_of(body.session_id, await doors_of(request).authenticator.user(request))
    spend_of(request, RESERVE, owner)
    box_office = backend.box_office

    def render(held: Reservation) -> Answer:
        data = present.one_reservation(box_office.board, held, backend.clock.now(), _room(box_office, held))
        return success(data, message="Reservation extended successfully")

    return await perform(
        request,
        raw,
        caller_of(owner),
        lambda keep: box_office.extend(request.match_info["id"], owner, body.additional_minutes, keep=keep),
        render,
    )


async def cancel(request: ServiceRequest) -> WholeResponse:
    """``DELETE /api/public/reservations/{id}``; some proxies drop the body, so the session may be in the query."""
    backend = backend_of(request)
    body, raw = await read_model(request, SessionBody, may_be_empty=True)
    session_id = body.session_id if body.session_id is not None else request.query.get("sessionId")
    owner = owner_of(session_id, await doors_of(request).authenticator.user(request))
    spend_of(request, RESERVE, owner)
    box_office = backend.box_office

    def render(released: Reservation) -> Answer:
        data = present.one_reservation(box_office.board, released, backend.clock.now())
        return success(data, message="Reservation cancelled successfully")

    return await perform(
        request,
        raw,
        caller_of(owner),
        lambda keep: box_office.release(request.match_info["id"], owner, keep=keep),
        render,
    )
