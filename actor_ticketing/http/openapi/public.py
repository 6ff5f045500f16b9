"""The routes for buyers: what is on sale, and accounts."""

from collections.abc import Mapping

from actor_ticketing.http.openapi.examples import EVENT, REFRESH_TOKEN, SEAT, SIGN_UP, TICKET
from actor_ticketing.http.openapi.operation import GUEST_OR_USER, SESSION, Operation, Query
from actor_ticketing.http.openapi.parameters import paged, several_ids
from actor_ticketing.http.schemas import EmptyBody, RefreshTokenBody, SignUpBody
from actor_ticketing.wire.accounts import SignedIn
from actor_ticketing.wire.shapes import Listed, Meta, Nothing, Success
from actor_ticketing.wire.shop import Availability, EventData, EventWithTypes, NewSession, TicketKeys

SHOP: Mapping[str, Operation] = {
    "POST /api/public/sessions": Operation(
        id="createSession",
        summary="Make a guest session",
        tag="sessions",
        proof=GUEST_OR_USER,
        body=EmptyBody,
        body_is_optional=True,
        bodies={"nothing": {}},
        answer=Success[NewSession],
        status=201,
        keeps_answers=True,
    ),
    "GET /api/public/events": Operation(
        id="listEvents",
        summary="What is on sale, and what will be",
        tag="events",
        query=paged(default_limit=100),
        answer=Listed[EventWithTypes, Meta],
        has_tag=True,
    ),
    "GET /api/public/events/{id}": Operation(
        id="getEvent",
        summary="One event with its ticket types",
        tag="events",
        path={"id": EVENT},
        answer=Success[EventData],
        has_tag=True,
        refusals=("event_not_found",),
    ),
    "GET /api/public/events/{id}/event.ics": Operation(
        id="getCalendarEntry",
        summary="The event for a calendar",
        tag="events",
        path={"id": EVENT},
        answer=("text/calendar",),
        refusals=("event_not_found",),
    ),
    "GET /api/public/events.ics": Operation(
        id="getCalendar",
        summary="Several events for a calendar",
        tag="events",
        query=(several_ids("eventIds", EVENT),),
        answer=("text/calendar",),
        refusals=("event_not_found",),
    ),
    "GET /api/public/availability/{id}": Operation(
        id="getAvailability",
        summary="What is left of a ticket type, as of the last commit",
        tag="events",
        path={"id": SEAT},
        answer=Success[Availability],
        has_tag=True,
        refusals=("ticket_type_not_found",),
    ),
    "GET /api/public/tickets/{code}/qr.svg": Operation(
        id="getQrCodeAsSvg",
        summary="The QR code of a ticket",
        tag="tickets",
        path={"code": TICKET},
        answer=("image/svg+xml",),
        refusals=("ticket_not_found",),
    ),
    "GET /api/public/tickets/{code}/qr.png": Operation(
        id="getQrCodeAsPng",
        summary="The QR code of a ticket",
        tag="tickets",
        path={"code": TICKET},
        answer=("image/png",),
        refusals=("ticket_not_found",),
    ),
    "GET /api/public/tickets/{code}/ticket.pdf": Operation(
        id="getTicketAsPdf",
        summary="A ticket for print",
        tag="tickets",
        path={"code": TICKET},
        answer=("application/pdf",),
        refusals=("ticket_not_found",),
    ),
    "GET /api/public/ticket-keys": Operation(
        id="getTicketKeys",
        summary="The public keys that tickets are checked with",
        tag="tickets",
        answer=Success[TicketKeys],
        has_tag=True,
    ),
    "GET /api/public/ws": Operation(
        id="openWebSocket",
        summary="Hear what becomes of a session's reservations, and of ticket types; see /asyncapi.json",
        tag="live",
        proof=SESSION,
        query=(
            Query(
                name="after",
                description="The `seq` of the last message that was seen: what came after it is told.",
                schema={"type": "string", "pattern": "^[0-9]{1,18}$"},
            ),
        ),
        answer=(),
        status=101,
        refusals=("forbidden", "upgrade_required", "too_many_connections"),
    ),
}

ACCOUNTS: Mapping[str, Operation] = {
    "POST /api/public/auth/register": Operation(
        id="register",
        summary="Make an account",
        tag="accounts",
        body=SignUpBody,
        bodies={"an account": SIGN_UP},
        answer=Success[SignedIn],
        status=201,
        refusals=("email_taken",),
    ),
    "POST /api/public/auth/login": Operation(
        id="login",
        summary="Sign in",
        tag="accounts",
        body=SignUpBody,
        bodies={"an account": SIGN_UP},
        answer=Success[SignedIn],
        refusals=("invalid_credentials",),
    ),
    "POST /api/public/auth/refresh": Operation(
        id="refresh",
        summary="Get the next user token; the refresh token serves once",
        tag="accounts",
        body=RefreshTokenBody,
        bodies={"a refresh token": {"refreshToken": REFRESH_TOKEN}},
        answer=Success[SignedIn],
        refusals=("invalid_refresh_token",),
    ),
    "POST /api/public/auth/logout": Operation(
        id="logout",
        summary="Sign out",
        tag="accounts",
        body=RefreshTokenBody,
        bodies={"a refresh token": {"refreshToken": REFRESH_TOKEN}},
        answer=Success[Nothing],
    ),
}
