"""The routes that belong to no buyer: health, these documents, and the storefront's pages."""

from collections.abc import Mapping
from functools import partial

from actor_ticketing.http.openapi.examples import EVENT, HOLD
from actor_ticketing.http.openapi.operation import Door, Operation
from actor_ticketing.wire.shapes import Success
from actor_ticketing.wire.shop import Health

_page = partial(Operation, tag="pages", answer=("text/html",), has_tag=True, needs_service=False)
_document = partial(Operation, tag="documents", answer=("application/json",), has_tag=True, needs_service=False)
_FILES = (
    "text/javascript",
    "text/css",
    "application/json",
    "image/svg+xml",
    "font/woff2",
    "application/manifest+json",
)

PAGES: Mapping[str, Operation] = {
    "GET /livez": Operation(
        id="isAlive",
        summary="Whether the process answers",
        tag="health",
        door=Door.OPEN,
        answer=Success[Health],
        needs_service=False,
    ),
    "GET /readyz": Operation(
        id="isReady",
        summary="Whether the service takes requests",
        tag="health",
        door=Door.OPEN,
        answer=Success[Health],
    ),
    "GET /metrics": Operation(
        id="getMetrics",
        summary="The state of everything for Prometheus",
        tag="health",
        answer=("text/plain", "application/openmetrics-text"),
        needs_service=False,
    ),
    "GET /openapi.json": _document(id="getOpenApi", summary="This document"),
    "GET /asyncapi.json": _document(id="getAsyncApi", summary="What goes over the WebSocket, as AsyncAPI"),
    "GET /docs": _page(id="showDocs", summary="This document for reading and trying out", tag="documents"),
    "GET /": _page(id="showShop", summary="The storefront: what is on sale"),
    "GET /events/{id}": _page(id="showEvent", summary="The storefront: an event", path={"id": EVENT}),
    "GET /checkout": _page(id="showCheckout", summary="The storefront: what is held"),
    "GET /tickets/{id}": _page(id="showTickets", summary="The storefront: tickets", path={"id": HOLD}),
    "GET /reservations": _page(id="showReservations", summary="The storefront: the buyer's reservations"),
    "GET /sign-in": _page(id="showSignIn", summary="The storefront: the account"),
    "GET /admin": _page(id="showDesk", summary="The operator's desk: live holds"),
    "GET /admin/sales": _page(id="showSales", summary="The operator's desk: sales over time"),
    "GET /admin/catalogue": _page(id="showCatalogue", summary="The operator's desk: events"),
    "GET /admin/catalogue/{id}": _page(
        id="showCatalogueEvent", summary="The operator's desk: an event", path={"id": EVENT}
    ),
    "GET /admin/lookup": _page(id="showLookup", summary="The operator's desk: looking things up"),
    "GET /admin/door": _page(id="showDoor", summary="The door, which reads tickets with the camera"),
    "GET /static/{path}": _page(
        id="getFile", summary="A file of the pages", door=Door.OPEN, path={"path": "app.js"}, answer=_FILES
    ),
}
