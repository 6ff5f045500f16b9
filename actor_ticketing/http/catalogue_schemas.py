"""What organisers may send, over HTTP and in catalogue files."""

from typing import Any

from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.http.fields import Body, Currency, Id, Instant, Price, Quantity, Text, Total

_TERMS = ("name", "price", "currency", "max_per_reservation", "extension_policy")
_WINDOW = {"sales_start": "start", "sales_end": "end"}


class EventBody(Body):
    """``POST /admin/events``. ``start_date`` arrives as RFC 3339 and is kept in ms."""

    id: Id | None = None
    title: Text
    venue: Text
    start_date: Instant


class EventPatch(Body):
    """``PATCH /admin/events/{id}``: what is absent stays."""

    title: Text = ""
    venue: Text = ""
    start_date: Instant = 0


class TicketTypeBody(Body):
    """``POST /admin/events/{id}/ticket-types``."""

    id: Id | None = None
    name: Text
    price: Price
    currency: Currency
    total: Total
    max_per_reservation: Quantity | None = None
    extension_policy: ExtensionPolicy | None = None
    sales_start: Instant | None = None
    sales_end: Instant | None = None

    def terms(self) -> dict[str, Any]:
        """The terms by their names in the domain, without the window."""
        return {name: getattr(self, name) for name in _TERMS}

    def window(self) -> SalesWindow:
        """The on-sale window."""
        return SalesWindow(start=self.sales_start, end=self.sales_end)


class TicketTypePatch(Body):
    """``PATCH /admin/ticket-types/{id}``: what is absent stays; null takes a bound or a policy away."""

    name: Text = ""
    price: Price = 0
    currency: Currency = ""
    total: Total = 0
    max_per_reservation: Quantity | None = None
    extension_policy: ExtensionPolicy | None = None
    sales_start: Instant | None = None
    sales_end: Instant | None = None

    def changed_terms(self) -> dict[str, Any]:
        """The terms that were sent, by their names in the domain, without the window."""
        return {name: value for name, value in self.given().items() if name in _TERMS}

    def changed_window(self) -> dict[str, int | None]:
        """The ends of the on-sale window that were sent."""
        return {_WINDOW[name]: value for name, value in self.given().items() if name in _WINDOW}

    def changed_total(self) -> int | None:
        """The total, if it was sent."""
        return self.total if "total" in self.model_fields_set else None
