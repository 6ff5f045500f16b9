"""A request, with what becomes known of it on its way."""

from typing import TYPE_CHECKING

from aiohttp import web

from actor_ticketing.http.budgets import Budget

if TYPE_CHECKING:
    from actor_ticketing.http.context import Doors


class ServiceRequest(web.Request):
    """aiohttp's request with plain fields. In its own mapping, and the application's, each look costs three calls.

    :ivar doors: those of the application that it came to.
    :ivar address: the client's network address, as limits know it. Every limited door notes it.
    :ivar came_at: when it came, in seconds of the limits' clock; noted with its address.
    :ivar standing: the budget that was looked at last, and in how many seconds all of it is there again.
    :ivar made_id: the id that it was given, as it brought none.
    """

    ATTRS = web.Request.ATTRS | {"doors", "address", "came_at", "standing", "made_id"}

    doors: "Doors"
    address: str = ""
    came_at: float = 0.0
    standing: tuple[Budget, float] | None = None
    made_id: str | None = None


def known(request: web.BaseRequest) -> ServiceRequest:
    """The same request, as what it is."""
    # Of exactly this class, never of one below it: requests are of an abstract type, which Python would ask for long.
    assert isinstance(request, ServiceRequest)  # noqa: S101 - the runner makes no other.
    return request
