"""Every route of the service, with a body that it takes and credentials that open it."""

from typing import Any

from aiohttp import ClientResponse, web

from actor_ticketing.http.application import all_routes
from actor_ticketing.http.openapi import document
from support.web import ADMIN_TOKEN, CRON_SECRET, PERSON, Api, make_token

ALL = all_routes(has_accounts=True)
UNSAFE = [route for route in ALL if route.method in {"POST", "PATCH", "DELETE"}]
SAFE = [route for route in ALL if route.method == "GET"]

VALID: dict[str, list[dict[str, Any]]] = {
    "/api/public/sessions/claim": [{"sessionId": "s1"}],
    "/api/public/auth/register": [{"email": "ada@example.com", "password": "correct horse battery"}],
    "/api/public/auth/login": [{"email": "ada@example.com", "password": "correct horse battery"}],
    "/api/public/auth/refresh": [{"refreshToken": "x" * 43}],
    "/api/public/auth/logout": [{"refreshToken": "x" * 43}],
    "/api/public/reservations": [
        {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1", "expirationMinutes": 1, "metadata": {"a": 1}},
        {"reservations": [{"ticketTypeId": "tt", "quantity": 1}], "sessionId": "s1"},
    ],
    "/api/public/reservations/{id}": [{"additionalMinutes": 1, "sessionId": "s1"}, {"sessionId": "s1"}],
    "/api/public/reservations/{id}/purchase": [
        {"sessionId": "s1", "buyerInfo": PERSON, "ticketHolders": [PERSON, PERSON]}
    ],
    "/api/public/purchases": [
        {"sessionId": "s1", "reservationIds": ["{id}"], "buyerInfo": PERSON, "ticketHolders": [[PERSON, PERSON]]}
    ],
    "/api/admin/checkin": [
        {"code": "AAAA-AAAA-AAAA-AAAA", "ticketTypeIds": ["tt"]},
        {"qrPayload": "e30.e30.e30"},
    ],
    "/api/admin/webhooks": [
        {"name": "N", "url": "https://w.example/", "kinds": ["reservation.created"], "fromSeq": 1},
    ],
    "/api/admin/webhooks/{id}": [{"name": "N", "url": "https://w.example/", "kinds": [], "enabled": False}],
    "/api/admin/webhooks/{id}/replay": [{"fromSeq": 1}],
    "/api/admin/privacy/erase": [{"email": "nobody@example.com"}],
    "/api/admin/privacy/export": [{"email": "nobody@example.com"}],
    "/api/admin/events": [
        {"title": "T", "venue": "V", "startDate": "2027-03-20T19:00:00Z"},
        {"id": "other", "title": "T", "venue": "V", "startDate": "2027-03-20T19:00:00Z"},
    ],
    "/api/admin/events/{id}": [{"title": "T", "venue": "V", "startDate": "2027-03-20T19:00:00Z"}],
    "/api/admin/events/{id}/ticket-types": [
        {"name": "N", "price": 1, "currency": "EUR", "total": 5, "maxPerReservation": 2,
         "salesStart": "2027-01-01T00:00:00Z", "salesEnd": "2027-02-01T00:00:00Z"},
        {"id": "new", "name": "N", "price": 1, "currency": "EUR", "total": 5},
    ],
    "/api/admin/ticket-types/{id}": [
        {"name": "N", "price": 1, "currency": "EUR", "total": 9, "maxPerReservation": 2,
         "salesStart": "2027-01-01T00:00:00Z", "salesEnd": "2027-02-01T00:00:00Z"}
    ],
}  # fmt: skip


def name_of(route: web.RouteDef) -> str:
    return f"{route.method} {template_of(route)}"


def template_of(route: web.RouteDef) -> str:
    """The path without the patterns of its parameters."""
    return document.template_of(route.path)


def path_of(route: web.RouteDef, held: Any) -> str:
    template = template_of(route)
    own = "tt" if "ticket-types/" in template or "availability" in template else "ev"
    reservation = held["id"] if "reservations" in template else own
    return template.replace("{id}", reservation).replace("{code}", "AAAA-AAAA").replace("{path}", "app.js")


def token_of(route: web.RouteDef) -> str:
    if "/cron/" in route.path:
        return CRON_SECRET
    return ADMIN_TOKEN if "/api/admin/" in route.path else make_token()


async def send_raw(api: Api, route: web.RouteDef, path: str, body: bytes) -> ClientResponse:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token_of(route)}"}
    return await api.client.request(route.method, path, data=body, headers=headers)
