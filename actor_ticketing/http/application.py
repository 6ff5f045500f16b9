"""The aiohttp application: the routes. What stands around them is in :mod:`actor_ticketing.http.middleware`."""

from aiohttp import web

from actor_ticketing.http import idempotency
from actor_ticketing.http.context import DOORS, Doors
from actor_ticketing.http.handlers import admin, operations, privacy, purchases, reservations, shop
from actor_ticketing.http.runner import refuse_expectation

# What is not such an id is no address here, so no handler meets a NUL, a slash or a surrogate in one.
_ID = "{id:[A-Za-z0-9._~-]{1,128}}"
_CODE = "{code:[A-Z0-9-]{1,64}}"
_RESERVATIONS = "/api/public/reservations"


def routes() -> list[web.RouteDef]:
    """Every route of the service."""
    return [
        web.post("/api/public/sessions", shop.create_session),
        web.get("/api/public/events", shop.events),
        web.get(f"/api/public/events/{_ID}", shop.event),
        web.get(f"/api/public/availability/{_ID}", shop.availability),
        web.get(f"/api/public/tickets/{_CODE}/qr.svg", shop.qr_svg),
        web.get(f"/api/public/tickets/{_CODE}/qr.png", shop.qr_png),
        web.get("/api/public/ticket-keys", shop.ticket_keys),
        web.post(_RESERVATIONS, reservations.create),
        web.get(_RESERVATIONS, reservations.index),
        web.get(f"{_RESERVATIONS}/{_ID}", reservations.show),
        web.delete(f"{_RESERVATIONS}/{_ID}", reservations.cancel),
        web.patch(f"{_RESERVATIONS}/{_ID}", reservations.extend),
        web.post(f"{_RESERVATIONS}/{_ID}/purchase", purchases.one),
        web.post("/api/public/purchases", purchases.several),
        web.get("/api/admin/events", admin.list_events),
        web.post("/api/admin/events", admin.create_event),
        web.get(f"/api/admin/events/{_ID}", admin.show_event),
        web.patch(f"/api/admin/events/{_ID}", admin.change_event),
        web.post(f"/api/admin/events/{_ID}/ticket-types", admin.create_ticket_type),
        web.patch(f"/api/admin/ticket-types/{_ID}", admin.change_ticket_type),
        web.post("/api/admin/reservations/cleanup", admin.cleanup),
        web.get("/api/admin/reservations/cleanup", admin.statistics),
        web.post("/api/admin/privacy/erase", privacy.erase),
        web.post("/api/admin/privacy/export", privacy.export),
        web.get("/api/cron/cleanup-reservations", admin.cron_cleanup),
        web.get("/livez", operations.livez),
        web.get("/readyz", operations.readyz),
    ]


def create_application(doors: Doors, *, max_body_bytes: int) -> web.Application:
    """Make the application. It answers 503 until ``doors.backend`` is set."""
    app = web.Application(client_max_size=max_body_bytes)
    app[DOORS] = doors
    idempotency.install(app)
    for route in (defined := routes()):
        route.kwargs["expect_handler"] = refuse_expectation
    app.add_routes(defined)
    return app
