"""The routes for buyers: reservations and purchases."""

from collections.abc import Mapping

from actor_ticketing.http.openapi.examples import BUYER, HOLD, HOLDER, SEAT, SESSION, STREAM
from actor_ticketing.http.openapi.operation import GUEST_OR_USER, USER, Operation, Query
from actor_ticketing.http.openapi.operation import HOLDER as OF_THE_HOLDER
from actor_ticketing.http.openapi.parameters import SESSION_ID, paged, several_ids
from actor_ticketing.http.schemas import (
    ClaimSessionBody,
    CreateReservationBody,
    ExtendBody,
    PurchaseBody,
    PurchasesBody,
    SessionBody,
)
from actor_ticketing.wire.reservations import (
    Bought,
    BoughtTogether,
    Claimed,
    Extended,
    Held,
    HeldTogether,
    Reservation,
    Shown,
)
from actor_ticketing.wire.shapes import Listed, LiveMeta, Success

_UNREACHABLE = ("forbidden", "reservation_not_found")
_ENDED = ("reservation_expired", "reservation_cancelled", "reservation_converted")

HOLDS: Mapping[str, Operation] = {
    "POST /api/public/sessions/claim": Operation(
        id="claimSession",
        summary="Make what a session holds the user's",
        tag="sessions",
        proof=USER,
        body=ClaimSessionBody,
        bodies={"a session": {"sessionId": SESSION}},
        answer=Success[Claimed],
        keeps_answers=True,
    ),
    "POST /api/public/reservations": Operation(
        id="reserve",
        summary="Hold tickets for some minutes: of one type, or of several at once, all or none",
        tag="reservations",
        proof=GUEST_OR_USER,
        body=CreateReservationBody,
        bodies={
            "of one type": {"ticketTypeId": SEAT, "quantity": 2, "sessionId": SESSION, "metadata": {"cart": "c-8841"}},
            "of several types": {
                "reservations": [{"ticketTypeId": SEAT, "quantity": 1}, {"ticketTypeId": STREAM, "quantity": 1}],
                "sessionId": SESSION,
                "expirationMinutes": 5,
            },
        },
        answer=Success[Held | HeldTogether],
        status=201,
        keeps_answers=True,
        refusals=(
            "ticket_type_not_found",
            "not_enough_tickets",
            "sales_not_open",
            "sales_closed",
            "sales_paused",
            "holder_limit_reached",
        ),
    ),
    "GET /api/public/reservations": Operation(
        id="listReservations",
        summary="What a session or user holds, oldest first",
        tag="reservations",
        proof=OF_THE_HOLDER,
        query=paged(default_limit=10),
        answer=Listed[Reservation, LiveMeta],
    ),
    "GET /api/public/reservations/{id}": Operation(
        id="getReservation",
        summary="One reservation in any state, a purchased one with its tickets",
        tag="reservations",
        proof=OF_THE_HOLDER,
        path={"id": HOLD},
        answer=Success[Shown],
        refusals=("validation_error", *_UNREACHABLE),
    ),
    "PATCH /api/public/reservations/{id}": Operation(
        id="extend",
        summary="Hold it longer",
        tag="reservations",
        proof=GUEST_OR_USER,
        path={"id": HOLD},
        body=ExtendBody,
        bodies={"by five minutes": {"additionalMinutes": 5, "sessionId": SESSION}},
        answer=Success[Extended],
        keeps_answers=True,
        refusals=(*_UNREACHABLE, *_ENDED, "extension_limit_reached"),
    ),
    "DELETE /api/public/reservations/{id}": Operation(
        id="cancel",
        summary="Give it back",
        tag="reservations",
        proof=GUEST_OR_USER,
        path={"id": HOLD},
        query=(
            Query(
                name="sessionId",
                description="Instead of the body's, since some proxies drop the body of a DELETE.",
                schema=SESSION_ID,
            ),
        ),
        body=SessionBody,
        body_is_optional=True,
        bodies={"by its session": {"sessionId": SESSION}},
        answer=Success[Held],
        keeps_answers=True,
        refusals=(*_UNREACHABLE, *_ENDED),
    ),
    "GET /api/public/reservations/{id}/tickets.pdf": Operation(
        id="getTicketsAsPdf",
        summary="All tickets of a purchase for print",
        tag="tickets",
        proof=OF_THE_HOLDER,
        path={"id": HOLD},
        answer=("application/pdf",),
        refusals=("validation_error", *_UNREACHABLE, "reservation_not_purchased"),
    ),
    "GET /api/public/purchases/tickets.pdf": Operation(
        id="getTicketsOfSeveralAsPdf",
        summary="All tickets of several reservations for print",
        tag="tickets",
        proof=OF_THE_HOLDER,
        query=(several_ids("reservationIds", HOLD),),
        answer=("application/pdf",),
        refusals=(*_UNREACHABLE, "reservation_not_purchased"),
    ),
    "POST /api/public/reservations/{id}/purchase": Operation(
        id="purchase",
        summary="Turn a hold into tickets",
        tag="purchases",
        proof=USER,
        path={"id": HOLD},
        body=PurchaseBody,
        bodies={"two tickets": {"sessionId": SESSION, "buyerInfo": BUYER, "ticketHolders": [BUYER, HOLDER]}},
        answer=Success[Bought],
        status=201,
        keeps_answers=True,
        refusals=(*_UNREACHABLE, *_ENDED),
    ),
    "POST /api/public/purchases": Operation(
        id="purchaseSeveral",
        summary="Turn several holds into tickets, all or none",
        tag="purchases",
        proof=USER,
        body=PurchasesBody,
        bodies={
            "one of them": {
                "sessionId": SESSION,
                "reservationIds": [HOLD],
                "buyerInfo": BUYER,
                "ticketHolders": [[BUYER, HOLDER]],
            }
        },
        answer=Success[BoughtTogether],
        status=201,
        keeps_answers=True,
        refusals=(*_UNREACHABLE, *_ENDED),
    ),
}
