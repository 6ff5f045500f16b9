"""What buyers may send. Unknown fields, wrong types and values out of range are refused, field by field."""

import json
from functools import cache
from typing import Annotated, Self

from pydantic import ConfigDict, FailFast, Field, create_model, model_validator

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.domain.purchase import Person
from actor_ticketing.http.fields import (
    Body,
    Email,
    Id,
    Metadata,
    Minutes,
    OpaqueSecret,
    Phone,
    Quantity,
    Secret,
    SessionId,
    Text,
    one_of,
)

LINES_MAX = 20


class PersonBody(Body):
    """``POST /api/admin/privacy/…``: the person with this address."""

    email: Email


class LineBody(Body):
    """One line of a bulk request."""

    ticket_type_id: Id
    quantity: Quantity


class CreateReservationBody(Body):
    """``POST /reservations``: one line, or ``reservations`` with 1 to 20."""

    model_config = ConfigDict(json_schema_extra=one_of(("ticketTypeId", "quantity"), ("reservations",)))

    ticket_type_id: Id | None = None
    quantity: Quantity | None = None
    reservations: Annotated[list[LineBody], Field(min_length=1, max_length=LINES_MAX)] | None = None
    session_id: SessionId | None = None
    expiration_minutes: Minutes | None = None
    metadata: Metadata | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.reservations is not None and (self.ticket_type_id is not None or self.quantity is not None):
            raise Invalid.field("reservations", "cannot be sent together with ticketTypeId and quantity")
        if self.reservations is None and (self.ticket_type_id is None or self.quantity is None):
            single = {"ticketTypeId": self.ticket_type_id, "quantity": self.quantity}
            missing = [{"field": name, "problem": "is required"} for name, value in single.items() if value is None]
            raise Invalid("A reservation needs ticketTypeId and quantity, or a list of reservations.", missing)
        return self

    @property
    def lines(self) -> list[tuple[str, int]]:
        """Ticket type id and quantity, in the order asked."""
        if self.reservations is not None:
            return [(line.ticket_type_id, line.quantity) for line in self.reservations]
        assert self.ticket_type_id is not None and self.quantity is not None  # noqa: S101, PT018 - checked above.
        return [(self.ticket_type_id, self.quantity)]

    @property
    def metadata_text(self) -> str | None:
        """The metadata as it is stored."""
        if self.metadata is None:
            return None
        return json.dumps(self.metadata, ensure_ascii=False, separators=(",", ":"))


class SessionBody(Body):
    """``DELETE /reservations/{id}``."""

    session_id: SessionId | None = None


class ClaimSessionBody(Body):
    """``POST /sessions/claim``."""

    session_id: SessionId


class SignUpBody(Body):
    """``POST /auth/register`` and ``POST /auth/login``. What a new password has to be, the accounts say."""

    email: Email
    password: Secret


class RefreshTokenBody(Body):
    """``POST /auth/refresh`` and ``POST /auth/logout``."""

    refresh_token: OpaqueSecret


class EmptyBody(Body):
    """A request that carries nothing."""


class ExtendBody(Body):
    """``PATCH /reservations/{id}``. ``additional_minutes`` arrives in minutes and is kept in ms."""

    additional_minutes: Minutes
    session_id: SessionId | None = None


class HolderBody(Body):
    """A ticket holder."""

    full_name: Text
    identity_type: Text
    identity_number: Text
    email: Email | None = None
    whatsapp: Phone | None = None

    def person(self) -> Person:
        """The person described."""
        return Person(
            full_name=self.full_name,
            identity_type=self.identity_type,
            identity_number=self.identity_number,
            email=self.email,
            whatsapp=self.whatsapp,
        )


class BuyerBody(HolderBody):
    """A buyer, of whom everything is needed."""

    email: Email
    whatsapp: Phone


Holders = Annotated[list[HolderBody], Field(min_length=1)]
ManyHolders = Annotated[list[Holders], Field(min_length=1, max_length=LINES_MAX)]


class PurchaseBody(Body):
    """``POST /reservations/{id}/purchase``."""

    session_id: SessionId | None = None
    buyer_info: BuyerBody
    ticket_holders: Holders


class PurchasesBody(Body):
    """``POST /purchases``: several reservations, with a list of holders for each."""

    session_id: SessionId | None = None
    reservation_ids: Annotated[list[Id], Field(min_length=1, max_length=LINES_MAX)]
    buyer_info: BuyerBody
    ticket_holders: ManyHolders

    @model_validator(mode="after")
    def _a_list_for_each(self) -> Self:
        if len(self.ticket_holders) != len(self.reservation_ids):
            raise Invalid.field("ticketHolders", "must have one list of holders for each of reservationIds")
        return self


@cache
def purchase_body(max_quantity: int) -> type[PurchaseBody]:
    """The body of a purchase with no more holders than one hold can have tickets: no more are even looked at."""
    holders = Annotated[Holders, Field(max_length=max_quantity)]
    return create_model("PurchaseBody", __base__=PurchaseBody, ticket_holders=(holders, ...))


@cache
def purchases_body(max_quantity: int) -> type[PurchasesBody]:
    """The body of several; after the first list of holders in which something is wrong, no other is looked at."""
    holders = Annotated[Holders, Field(max_length=max_quantity)]
    many = Annotated[list[holders], Field(min_length=1, max_length=LINES_MAX), FailFast()]
    return create_model("PurchasesBody", __base__=PurchasesBody, ticket_holders=(many, ...))


def members_of_people(number: int) -> int:
    """How many members a body with so many people in it may have; see :func:`parsing.read_model`."""
    # Five for each of them, and some room for colons in what they are called.
    return 100 + 8 * number
