"""What anyone may see: sessions, events, availability, tickets' QR codes."""

import hashlib

from aiohttp import web

from actor_ticketing.domain.errors import NotFound
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, respond, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import LIMIT_MAX, knows, page_of, read_model
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import EmptyBody


async def create_session(request: web.Request) -> WholeResponse:
    """``POST /api/public/sessions``: a new guest session. Nothing is stored; the id is its own proof."""
    backend = backend_of(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)
    identity = await doors_of(request).authenticator.user(request)

    async def action(_: object) -> str:
        return backend.box_office.new_session_id()

    def render(session_id: str) -> Answer:
        return success(to_json({"sessionId": session_id}), message="Session created successfully", status=201)

    if identity is None:
        # Nobody can tell whose key an Idempotency-Key would be, and a session given to two callers would be shared.
        return respond(render(await action(None)))
    return await perform(request, raw, identity.caller, action, render)


async def events(request: web.Request) -> WholeResponse:
    """``GET /api/public/events``: what is on sale, or will be. Without ticket types, nothing is."""
    backend = backend_of(request)
    page, limit = page_of(request, default_limit=LIMIT_MAX)
    board, now = backend.box_office.board, backend.clock.now()
    answer = present.events_page(board, now, page=page, limit=limit, with_closed=False)
    return _tagged(request, answer, board.seq)


async def event(request: web.Request) -> WholeResponse:
    """``GET /api/public/events/{id}``."""
    backend = backend_of(request)
    board = backend.box_office.board
    show = board.event(request.match_info["id"])
    data = {"event": present.event_with_types(board, show, backend.clock.now())}
    return _tagged(request, success(to_json(data)), board.seq)


async def availability(request: web.Request) -> WholeResponse:
    """``GET /api/public/availability/{ticketTypeId}``, from memory, as of the last commit."""
    board = backend_of(request).box_office.board
    counters = board.counters.get(request.match_info["id"])
    if counters is None:
        raise NotFound("ticket_type")
    tag = f'"{counters.total}-{counters.sold}-{counters.reserved}-{counters.next_deadline or 0}"'
    if knows(request, tag):
        return _not_modified(tag, board.seq)
    return _with_tag(tag, success(present.availability(counters)), board.seq)


async def qr_svg(request: web.Request) -> WholeResponse:
    """``GET /api/public/tickets/{code}/qr.svg``."""
    return _image("image/svg+xml", await doors_of(request).qr_codes.svg(await _payload(request)))


async def qr_png(request: web.Request) -> WholeResponse:
    """``GET /api/public/tickets/{code}/qr.png``."""
    return _image("image/png", await doors_of(request).qr_codes.png(await _payload(request)))


async def ticket_keys(request: web.Request) -> WholeResponse:
    """``GET /api/public/ticket-keys``: the public keys a scanner checks tickets with, as a JWK set (RFC 7517)."""
    return _tagged(request, success(to_json(doors_of(request).signer.public_jwks())))


async def _payload(request: web.Request) -> str:
    backend = backend_of(request)
    ticket = await backend.box_office.ticket(request.match_info["code"])
    return doors_of(request).signer.sign(code=ticket.code, ticket_type_id=ticket.ticket_type_id)


def _tagged(request: web.Request, answer: Answer, seq: int | None = None) -> WholeResponse:
    tag = f'"{hashlib.blake2b(answer.body, digest_size=12).hexdigest()}"'
    if knows(request, tag):
        return _not_modified(tag, seq)
    return _with_tag(tag, answer, seq)


def _not_modified(tag: str, seq: int | None) -> WholeResponse:
    return WholeResponse(status=304, body=b"", cache_control="no-cache", headers={"ETag": tag}, seq=seq)


def _with_tag(tag: str, answer: Answer, seq: int | None) -> WholeResponse:
    headers = {"ETag": tag}
    return WholeResponse(status=answer.status, body=answer.body, cache_control="no-cache", headers=headers, seq=seq)


def _image(content_type: str, body: bytes) -> WholeResponse:
    return WholeResponse(status=200, body=body, content_type=content_type, cache_control="private, max-age=3600")
