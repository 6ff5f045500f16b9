"""The WebSocket's handshake."""

import re

from aiohttp import web

from actor_ticketing.domain.errors import Forbidden, Invalid
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.auth import check_session_id
from actor_ticketing.http.context import DOORS, address_of, backend_of, doors_of
from actor_ticketing.http.limits import READ
from actor_ticketing.http.live.connection import Connection
from actor_ticketing.http.live.socket import LiveSocket
from actor_ticketing.http.request import ServiceRequest
from actor_ticketing.http.request_ids import REQUEST_ID, id_of
from actor_ticketing.http.throttling import spend_of

_POSITION = re.compile(r"[0-9]{1,18}")
_UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}


async def open_socket(request: ServiceRequest) -> web.StreamResponse:
    """``GET /api/public/ws``: what happens to a session's reservations, and to ticket types, as it happens."""
    hub = backend_of(request).hub
    session_id = request.query.get("sessionId")
    if session_id is None:
        raise Invalid.field("sessionId", "is required")
    check_session_id(session_id)
    after = _after(request)
    _require_origin(request)
    _require_websocket(request)
    spend_of(request, READ, Owner(session_id=session_id))
    with hub.admitted(session_id, address_of(request)):
        socket = LiveSocket()
        socket.headers[REQUEST_ID] = id_of(request)
        socket.headers["Server"] = "actor-ticketing"
        try:
            transport = await socket.open(request)
        except ConnectionError:
            return socket  # The client has gone.
        await Connection(hub, request, socket, transport).serve(session_id, after=after)
    return socket


async def close_sockets(app: web.Application) -> None:
    """Have all sockets closed, since a shutdown waits for every handler."""
    backend = app[DOORS].backend
    if backend is not None:
        backend.hub.close()


def _after(request: ServiceRequest) -> int | None:
    text = request.query.get("after")
    if text is None:
        return None
    if not _POSITION.fullmatch(text):
        raise Invalid.field("after", "must be the seq of a message")
    return int(text)


def _require_origin(request: ServiceRequest) -> None:
    # Browsers always say whose page it is. What says nothing is no browser, and could say anything.
    cors, origin = doors_of(request).cors, request.headers.get("Origin", "").lower()
    is_our_own = origin.partition("://")[2] == request.host.lower()
    if cors is not None and origin and not is_our_own and not cors.allows(origin):
        raise Forbidden("Pages of this origin may not open a WebSocket here.")


def _require_websocket(request: ServiceRequest) -> None:
    is_upgrade = request.headers.get("Upgrade", "").strip().lower() == "websocket"
    if not is_upgrade or request.method != "GET" or request.headers.get("Sec-WebSocket-Version") != "13":
        raise web.HTTPUpgradeRequired(headers=_UPGRADE)
