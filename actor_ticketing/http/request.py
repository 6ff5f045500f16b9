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
    :ivar spent: budgets, keys and units that it has spent, but for the unit of its address that every request costs.
    :ivar standing: the budget that was looked at last, and when all of it is there again.
    :ivar made_id: the id that it was given, as it brought none.
    """

    ATTRS = web.Request.ATTRS | {"doors", "address", "spent", "standing", "made_id"}

    doors: "Doors"
    address: str = ""
    spent: tuple[tuple[Budget, str, int], ...] = ()
    standing: tuple[Budget, float] | None = None
    made_id: str | None = None


def known(request: web.BaseRequest) -> ServiceRequest:
    """The same request, as what it is."""
    # Of exactly this class, never of one below it: requests are of an abstract type, which Python would ask for long.
    assert isinstance(request, ServiceRequest)  # noqa: S101 - the runner makes no other.
    return request
