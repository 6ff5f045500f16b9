"""The aiohttp application: the routes. What stands around them is in :mod:`actor_ticketing.http.middleware`."""

from aiohttp import web

from actor_ticketing.http import idempotency
from actor_ticketing.http.context import DOORS, Doors
from actor_ticketing.http.handlers import (
    accounts,
    admin,
    analytics,
    desk,
    documents,
    door,
    live,
    mail,
    operations,
    pages,
    papers,
    privacy,
    purchases,
    reports,
    reservations,
    shop,
    webhooks,
)
from actor_ticketing.http.limits import PURCHASE, READ, RESERVE, SIGN_IN
from actor_ticketing.http.metrics import METRICS, Metrics
from actor_ticketing.http.runner import refuse_expectation
from actor_ticketing.http.throttling import guarded, within

# What is not such an id is no address here, so no handler meets a NUL, a slash or a surrogate in one.
_ID = "{id:[A-Za-z0-9._~-]{1,128}}"
_CODE = "{code:[A-Z0-9-]{1,64}}"
_TYPED_CODE = "{code:[A-Za-z0-9-]{1,64}}"
_RESERVATIONS = "/api/public/reservations"
_WEBHOOKS = "/api/admin/webhooks"
# The addresses of the storefront and of the desk: their scripts show what belongs there.
_PAGES = ("/", f"/events/{_ID}", "/checkout", f"/tickets/{_ID}", "/reservations", "/sign-in")
_DESK_PAGES = ("/admin", "/admin/sales", "/admin/catalogue", f"/admin/catalogue/{_ID}", "/admin/lookup")


def public_routes() -> list[web.RouteDef]:
    """The routes of buyers."""
    return [
        web.post("/api/public/sessions", within(RESERVE, shop.create_session)),
        web.post("/api/public/sessions/claim", within(RESERVE, reservations.claim_session)),
        web.get("/api/public/events", within(READ, shop.events)),
        web.get("/api/public/events.ics", within(READ, papers.calendar_of_several)),
        web.get(f"/api/public/events/{_ID}", within(READ, shop.event)),
        web.get(f"/api/public/events/{_ID}/event.ics", within(READ, papers.calendar)),
        web.get(f"/api/public/availability/{_ID}", within(READ, shop.availability)),
        web.get(f"/api/public/tickets/{_CODE}/qr.svg", within(READ, shop.qr_svg)),
        web.get(f"/api/public/tickets/{_CODE}/qr.png", within(READ, shop.qr_png)),
        web.get(f"/api/public/tickets/{_CODE}/ticket.pdf", within(READ, papers.ticket)),
        web.get("/api/public/ticket-keys", within(READ, shop.ticket_keys)),
        web.post(_RESERVATIONS, within(RESERVE, reservations.create)),
        web.get(_RESERVATIONS, within(READ, reservations.index)),
        web.get(f"{_RESERVATIONS}/{_ID}", within(READ, reservations.show)),
        web.delete(f"{_RESERVATIONS}/{_ID}", within(RESERVE, reservations.cancel)),
        web.patch(f"{_RESERVATIONS}/{_ID}", within(RESERVE, reservations.extend)),
        web.get(f"{_RESERVATIONS}/{_ID}/tickets.pdf", within(READ, papers.tickets)),
        web.post(f"{_RESERVATIONS}/{_ID}/purchase", within(PURCHASE, purchases.one)),
        web.post("/api/public/purchases", within(PURCHASE, purchases.several)),
        web.get("/api/public/purchases/tickets.pdf", within(READ, papers.purchase)),
        web.get("/api/public/ws", within(READ, live.open_socket)),
    ]


def admin_routes() -> list[web.RouteDef]:
    """The routes of operators, and of cron."""
    return [
        web.get("/api/admin/events", guarded(admin.list_events)),
        web.post("/api/admin/events", guarded(admin.create_event)),
        web.get(f"/api/admin/events/{_ID}", guarded(admin.show_event)),
        web.patch(f"/api/admin/events/{_ID}", guarded(admin.change_event)),
        web.post(f"/api/admin/events/{_ID}/ticket-types", guarded(admin.create_ticket_type)),
        web.patch(f"/api/admin/ticket-types/{_ID}", guarded(admin.change_ticket_type)),
        web.post(f"/api/admin/ticket-types/{_ID}/pause", guarded(admin.pause)),
        web.post(f"/api/admin/ticket-types/{_ID}/resume", guarded(admin.resume)),
        web.post("/api/admin/reservations/cleanup", guarded(admin.cleanup)),
        web.get("/api/admin/reservations/cleanup", guarded(admin.statistics)),
        web.get(f"/api/admin/reservations/by-code/{_TYPED_CODE}", guarded(desk.reservation_by_code)),
        web.get(f"/api/admin/reservations/{_ID}", guarded(desk.reservation)),
        web.post(f"/api/admin/reservations/{_ID}/cancel", guarded(desk.cancel)),
        web.get(f"/api/admin/tickets/{_TYPED_CODE}", guarded(desk.ticket)),
        web.get("/api/admin/analytics", guarded(analytics.sales)),
        web.get("/api/admin/analytics/report.csv", guarded(reports.download)),
        web.get("/api/admin/mail", guarded(mail.overview)),
        web.post(f"/api/admin/mail/{_ID}/retry", guarded(mail.retry)),
        web.get(_WEBHOOKS, guarded(webhooks.index)),
        web.post(_WEBHOOKS, guarded(webhooks.create)),
        web.get(f"{_WEBHOOKS}/{_ID}", guarded(webhooks.show)),
        web.patch(f"{_WEBHOOKS}/{_ID}", guarded(webhooks.change)),
        web.delete(f"{_WEBHOOKS}/{_ID}", guarded(webhooks.delete)),
        web.post(f"{_WEBHOOKS}/{_ID}/replay", guarded(webhooks.replay)),
        web.post(f"{_WEBHOOKS}/{_ID}/rotate-secret", guarded(webhooks.rotate)),
        web.post(f"{_WEBHOOKS}/{_ID}/test", guarded(webhooks.test)),
        web.post("/api/admin/checkin", guarded(door.check_in)),
        web.post("/api/admin/privacy/erase", guarded(privacy.erase)),
        web.post("/api/admin/privacy/export", guarded(privacy.export)),
        web.get("/api/cron/cleanup-reservations", guarded(admin.cron_cleanup)),
    ]


def other_routes() -> list[web.RouteDef]:
    """Health, documents and pages."""
    return [
        web.get("/livez", operations.livez),
        web.get("/readyz", operations.readyz),
        web.get("/metrics", within(READ, operations.metrics)),
        web.get("/openapi.json", within(READ, documents.openapi)),
        web.get("/asyncapi.json", within(READ, documents.asyncapi)),
        web.get("/docs", within(READ, pages.docs)),
        *[web.get(path, within(READ, pages.index)) for path in _PAGES],
        *[web.get(path, within(READ, pages.desk)) for path in _DESK_PAGES],
        web.get("/admin/door", within(READ, pages.door)),
        web.get("/static/{path:[A-Za-z0-9._/-]{1,64}}", pages.static),
    ]


def account_routes() -> list[web.RouteDef]:
    """The routes of a service that has accounts of its own."""
    return [
        web.post("/api/public/auth/register", within(SIGN_IN, accounts.register)),
        web.post("/api/public/auth/login", within(SIGN_IN, accounts.login)),
        web.post("/api/public/auth/refresh", within(SIGN_IN, accounts.refresh)),
        web.post("/api/public/auth/logout", within(SIGN_IN, accounts.logout)),
    ]


def all_routes(*, has_accounts: bool) -> list[web.RouteDef]:
    """Every route of a service, with accounts of its own or without."""
    return [*public_routes(), *admin_routes(), *other_routes(), *(account_routes() if has_accounts else ())]


def create_application(doors: Doors, *, max_body_bytes: int) -> web.Application:
    """Make the application. It answers 503 until ``doors.backend`` is set."""
    app = web.Application(client_max_size=max_body_bytes)
    app[DOORS] = doors
    app[METRICS] = Metrics(doors)
    idempotency.install(app)
    app.on_shutdown.append(live.close_sockets)
    defined = all_routes(has_accounts=doors.has_accounts)
    app[documents.ROUTES] = documents.names_of(defined)
    for route in defined:
        route.kwargs["expect_handler"] = refuse_expectation
    app.add_routes(defined)
    return app
