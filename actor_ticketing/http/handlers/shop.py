"""What anyone may see: sessions, events, availability, tickets' QR codes."""

import hashlib

from aiohttp import web

from actor_ticketing.domain.errors import NotFound
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, Document, respond
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import LIMIT_MAX, page_of, read_model
from actor_ticketing.http.schemas import EmptyBody


async def create_session(request: web.Request) -> web.Response:
    """``POST /api/public/sessions``: a new guest session. Nothing is stored; the id is its own proof."""
    backend = backend_of(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)
    identity = doors_of(request).authenticator.user(request)

    async def action(_: object) -> str:
        return backend.box_office.new_session_id()

    def render(session_id: str) -> Answer:
        return Document({"sessionId": session_id}, message="Session created successfully", status=201).answer()

    if identity is None:
        # Nobody can tell whose key an Idempotency-Key would be, and a session given to two callers would be shared.
        return respond(render(await action(None)))
    return await perform(request, raw, identity.caller, action, render)


async def events(request: web.Request) -> web.Response:
    """``GET /api/public/events``: what is on sale, or will be. Without ticket types, nothing is."""
    backend = backend_of(request)
    page, limit = page_of(request, default_limit=LIMIT_MAX)
    board, now = backend.box_office.board, backend.clock.now()
    document = present.events_page(board, now, page=page, limit=limit, with_closed=False)
    return _tagged(request, document.answer())


async def event(request: web.Request) -> web.Response:
    """``GET /api/public/events/{id}``."""
    backend = backend_of(request)
    board = backend.box_office.board
    show = board.event(request.match_info["id"])
    data = {"event": present.event_with_types(board, show, backend.clock.now())}
    return _tagged(request, Document(data).answer())


async def availability(request: web.Request) -> web.Response:
    """``GET /api/public/availability/{ticketTypeId}``, from memory, as of the last commit."""
    board = backend_of(request).box_office.board
    counters = board.counters.get(request.match_info["id"])
    if counters is None:
        raise NotFound("ticket_type")
    tag = f'"{counters.total}-{counters.sold}-{counters.reserved}-{counters.next_deadline or 0}"'
    if _has(request, tag):
        return _not_modified(tag)
    data = {"ticketTypeId": counters.ticket_type_id, **present.stock(counters)}
    return respond(Document(data).answer(), {"ETag": tag, "Cache-Control": "no-cache"})


async def qr_svg(request: web.Request) -> web.Response:
    """``GET /api/public/tickets/{code}/qr.svg``."""
    return web.Response(
        body=await doors_of(request).qr_codes.svg(await _payload(request)),
        content_type="image/svg+xml",
        headers={"Cache-Control": "private, max-age=3600"},
    )


async def qr_png(request: web.Request) -> web.Response:
    """``GET /api/public/tickets/{code}/qr.png``."""
    return web.Response(
        body=await doors_of(request).qr_codes.png(await _payload(request)),
        content_type="image/png",
        headers={"Cache-Control": "private, max-age=3600"},
    )


async def ticket_keys(request: web.Request) -> web.Response:
    """``GET /api/public/ticket-keys``: the public keys a scanner checks tickets with, as a JWK set (RFC 7517)."""
    return _tagged(request, Document(doors_of(request).signer.public_jwks()).answer())


async def _payload(request: web.Request) -> str:
    backend = backend_of(request)
    ticket = await backend.box_office.ticket(request.match_info["code"])
    return doors_of(request).signer.sign(code=ticket.code, ticket_type_id=ticket.ticket_type_id)


def _tagged(request: web.Request, answer: Answer) -> web.Response:
    tag = f'"{hashlib.blake2b(answer.body, digest_size=12).hexdigest()}"'
    if _has(request, tag):
        return _not_modified(tag)
    return respond(answer, {"ETag": tag, "Cache-Control": "no-cache"})


def _has(request: web.Request, tag: str) -> bool:
    # RFC 9110, 13.1.2: If-None-Match compares weakly, and * matches whatever there is.
    known = request.headers.get("If-None-Match")
    if known is None:
        return False
    return known.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in known.split(",")}


def _not_modified(tag: str) -> web.Response:
    return web.Response(status=304, headers={"ETag": tag, "Cache-Control": "no-cache"})
