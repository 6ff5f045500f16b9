"""The routes for operators: catalogue, desk, door, figures, cleanup, privacy."""

from collections.abc import Mapping
from functools import partial

from actor_ticketing.http.catalogue_schemas import EventBody, EventPatch, TicketTypeBody, TicketTypePatch
from actor_ticketing.http.desk_schemas import CheckInBody
from actor_ticketing.http.handlers.analytics import AnalyticsQuery
from actor_ticketing.http.openapi import operation
from actor_ticketing.http.openapi.examples import EMAIL, EVENT, HOLD, HOLD_CODE, MAIL, QR_PAYLOAD, SEAT, TICKET
from actor_ticketing.http.openapi.operation import CRON, Door, Operation, Query
from actor_ticketing.http.openapi.parameters import ID, paged, parameters_of
from actor_ticketing.http.schemas import EmptyBody, PersonBody
from actor_ticketing.wire.analytics import Sales
from actor_ticketing.wire.desk import Admitted, CleanupStatistics, DeskRecord, DeskTicketRecord, Swept
from actor_ticketing.wire.mail import MailData, Outbox
from actor_ticketing.wire.privacy import Forgotten, Known
from actor_ticketing.wire.shapes import Listed, Meta, Success
from actor_ticketing.wire.shop import EventData, EventWithTypes, TicketTypeData

_guarded = partial(Operation, door=Door.GUARDED, proof=operation.ADMIN)
_pressed = partial(_guarded, body=EmptyBody, body_is_optional=True, bodies={"nothing": {}}, keeps_answers=True)
_ENDED = ("reservation_expired", "reservation_cancelled", "reservation_converted")

CATALOGUE: Mapping[str, Operation] = {
    "GET /api/admin/events": _guarded(
        id="listAllEvents",
        summary="All events, past and empty ones included",
        tag="catalogue",
        query=paged(default_limit=100),
        answer=Listed[EventWithTypes, Meta],
    ),
    "POST /api/admin/events": _guarded(
        id="createEvent",
        summary="Add an event",
        tag="catalogue",
        body=EventBody,
        bodies={
            "an event": {
                "title": "Chamber Evening",
                "venue": "Old Customs House",
                "startDate": "2027-05-14T19:30:00+02:00",
            }
        },
        answer=Success[EventData],
        status=201,
        keeps_answers=True,
        refusals=("already_exists",),
    ),
    "GET /api/admin/events/{id}": _guarded(
        id="getAnyEvent",
        summary="One event",
        tag="catalogue",
        path={"id": EVENT},
        answer=Success[EventData],
        refusals=("event_not_found",),
    ),
    "PATCH /api/admin/events/{id}": _guarded(
        id="changeEvent",
        summary="Change an event; what is absent stays",
        tag="catalogue",
        path={"id": EVENT},
        body=EventPatch,
        bodies={"another room": {"venue": "City Library, Great Hall"}},
        answer=Success[EventData],
        keeps_answers=True,
        refusals=("event_not_found",),
    ),
    "POST /api/admin/events/{id}/ticket-types": _guarded(
        id="createTicketType",
        summary="Put something on sale",
        tag="catalogue",
        path={"id": EVENT},
        body=TicketTypeBody,
        bodies={
            "a ticket type": {
                "name": "Row A to F",
                "price": 3200,
                "currency": "EUR",
                "total": 90,
                "maxPerReservation": 6,
                "salesEnd": "2027-05-14T17:00:00Z",
            }
        },
        answer=Success[TicketTypeData],
        status=201,
        keeps_answers=True,
        refusals=("event_not_found", "already_exists"),
    ),
    "PATCH /api/admin/ticket-types/{id}": _guarded(
        id="changeTicketType",
        summary="Change a ticket type; what is absent stays, null takes a bound away",
        tag="catalogue",
        path={"id": SEAT},
        body=TicketTypePatch,
        bodies={"more of them": {"total": 100, "salesEnd": None}},
        answer=Success[TicketTypeData],
        keeps_answers=True,
        refusals=("ticket_type_not_found", "total_too_low"),
    ),
    "POST /api/admin/ticket-types/{id}/pause": _pressed(
        id="pauseSale",
        summary="Sell no more of it for a while",
        tag="catalogue",
        path={"id": SEAT},
        answer=Success[TicketTypeData],
        refusals=("ticket_type_not_found",),
    ),
    "POST /api/admin/ticket-types/{id}/resume": _pressed(
        id="resumeSale",
        summary="Let the sale go on",
        tag="catalogue",
        path={"id": SEAT},
        answer=Success[TicketTypeData],
        refusals=("ticket_type_not_found",),
    ),
}

DESK: Mapping[str, Operation] = {
    "GET /api/admin/reservations/by-code/{code}": _guarded(
        id="findReservation",
        summary="A reservation by what the buyer reads out",
        tag="desk",
        path={"code": HOLD_CODE},
        answer=Success[DeskRecord],
        refusals=("reservation_not_found",),
    ),
    "GET /api/admin/reservations/{id}": _guarded(
        id="getAnyReservation",
        summary="A reservation with all that came of it",
        tag="desk",
        path={"id": HOLD},
        answer=Success[DeskRecord],
        refusals=("reservation_not_found",),
    ),
    "POST /api/admin/reservations/{id}/cancel": _pressed(
        id="cancelForBuyer",
        summary="Give a hold's stock back for its buyer",
        tag="desk",
        path={"id": HOLD},
        answer=Success[DeskRecord],
        refusals=("reservation_not_found", *_ENDED),
    ),
    "GET /api/admin/tickets/{code}": _guarded(
        id="findTicket",
        summary="A ticket, and the reservation that it came of",
        tag="desk",
        path={"code": TICKET},
        answer=Success[DeskTicketRecord],
        refusals=("ticket_not_found",),
    ),
    "POST /api/admin/checkin": _guarded(
        id="checkIn",
        summary="Let a ticket in, once",
        tag="door",
        body=CheckInBody,
        bodies={
            "typed": {"code": TICKET.lower(), "ticketTypeIds": [SEAT]},
            "scanned": {"qrPayload": QR_PAYLOAD},
        },
        answer=Success[Admitted],
        keeps_answers=True,
        refusals=(
            "invalid_ticket",
            "ticket_not_found",
            "ticket_type_not_found",
            "ticket_already_used",
            "ticket_for_another_event",
        ),
    ),
}

FIGURES: Mapping[str, Operation] = {
    "GET /api/admin/analytics": _guarded(
        id="getSales",
        summary="How sales go: a chart over time, and the funnel from hold to purchase",
        tag="figures",
        query=parameters_of(
            AnalyticsQuery,
            {
                "from": "Where the first point begins; a day before `to`, if absent.",
                "to": "Exclusive; now, if absent.",
                "bucket": "Length of a point in seconds.",
                "eventId": "Only what is sold for this event counts.",
                "ticketTypeId": "Only this ticket type counts.",
            },
        ),
        answer=Success[Sales],
        refusals=("event_not_found", "ticket_type_not_found"),
    ),
    "GET /api/admin/analytics/report.csv": _guarded(
        id="getReport",
        summary="Everything as a file for a spreadsheet, oldest first",
        tag="figures",
        query=(
            Query(
                name="of",
                description="What the rows are.",
                schema={"type": "string", "enum": ["reservations", "transactions", "tickets"]},
                example="tickets",
                required=True,
            ),
            Query(name="eventId", description="Only what is sold for this event.", schema=ID),
        ),
        answer=("text/csv",),
        refusals=("event_not_found",),
    ),
    "POST /api/admin/reservations/cleanup": _pressed(
        id="cleanUp",
        summary="Release what is overdue, now",
        tag="cleanup",
        answer=Success[Swept],
    ),
    "GET /api/admin/reservations/cleanup": _guarded(
        id="getCleanupStatistics",
        summary="How expiry is doing",
        tag="cleanup",
        answer=Success[CleanupStatistics],
    ),
    "GET /api/cron/cleanup-reservations": Operation(
        id="cleanUpOnSchedule",
        summary="The same sweep for an outside scheduler",
        tag="cleanup",
        door=Door.GUARDED,
        proof=CRON,
        answer=Success[Swept],
    ),
    "GET /api/admin/mail": _guarded(
        id="getOutbox",
        summary="How mails go, and the dead letters",
        tag="mail",
        query=paged(default_limit=10),
        answer=Outbox,
    ),
    "POST /api/admin/mail/{id}/retry": _pressed(
        id="retryMail",
        summary="Have a dead letter tried again",
        tag="mail",
        path={"id": MAIL},
        answer=Success[MailData],
        refusals=("mail_not_found", "mail_not_dead"),
    ),
    "POST /api/admin/privacy/erase": _guarded(
        id="forgetPerson",
        summary="Forget a person for ever",
        tag="privacy",
        body=PersonBody,
        bodies={"a person": {"email": EMAIL}},
        answer=Success[Forgotten],
        keeps_answers=True,
    ),
    "POST /api/admin/privacy/export": _guarded(
        id="exportPerson",
        summary="All that is known of a person",
        tag="privacy",
        body=PersonBody,
        bodies={"a person": {"email": EMAIL}},
        answer=Success[Known],
    ),
}
