"""Every failure that a client may get, by its code, made as the service makes it: its text is an example."""

from actor_ticketing.domain import errors, webhooks
from actor_ticketing.domain.extensions import Limit
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.http.errors import CODES, INTERNAL, MALFORMED, Failure, failure_of_refusal
from actor_ticketing.http.openapi.examples import INSTANT_MS, SEAT

_NOT_FOUND = ("reservation", "ticket_type", "event", "ticket", "mail", "webhook")


def _malformed_json() -> errors.Refusal:
    refusal = errors.Invalid("The body is not valid JSON: EOF while parsing an object at line 1 column 1.")
    refusal.code = "malformed_json"
    return refusal


_REFUSALS = (
    errors.Invalid(
        "Some of what was sent is not valid.", [{"field": "buyerInfo.email", "problem": "must be an e-mail address"}]
    ),
    _malformed_json(),
    errors.InvalidTicket(),
    errors.Unauthenticated("This needs a sessionId or a bearer token."),
    errors.InvalidCredentials(),
    errors.InvalidRefreshToken(),
    errors.Forbidden("This reservation is someone else's."),
    *(errors.NotFound(what) for what in _NOT_FOUND),
    errors.NotEnoughTickets(requested=2, available=1, ticket_type_id=SEAT),
    errors.ReservationExpired(),
    errors.ReservationCancelled(),
    errors.ReservationConverted(),
    errors.NotPurchased(ReservationStatus.ACTIVE.value),
    errors.ExtensionLimitReached(extensions_left=2, max_expires_at=INSTANT_MS, limit=Limit.TOTAL),
    errors.SalesNotOpen(),
    errors.SalesClosed(),
    errors.SalesPaused(),
    errors.HolderLimitReached(limit=5, scope="session"),
    errors.TotalTooLow(sold=2, reserved=0),
    errors.TicketAlreadyUsed(at=INSTANT_MS, by="usher-2"),
    errors.TicketForAnotherEvent(ticket_type_id=SEAT),
    errors.NotDead("sent"),
    webhooks.NotInLedger(oldest=1, newest=812),
    webhooks.TooManyWebhooks(),
    webhooks.WebhookIsConfigured(),
    webhooks.WebhooksOff(),
    errors.EmailTaken(),
    errors.AlreadyExists("event"),
    errors.KeyReused("This Idempotency-Key was used for another request."),
    errors.TooManyRequests(budget="reserve-session", seconds=42),
    errors.TooManyConnections(limit=10, scope="session"),
    errors.Unavailable("The service is starting. Please try again in a moment."),
    errors.StorageUnavailable(),
    errors.Overloaded(),
    errors.Draining(),
)

FAILURES = {
    failure.code: failure
    for failure in (
        *map(failure_of_refusal, _REFUSALS),
        *(Failure(status=status, code=code, message=message) for status, (code, message) in CODES.items()),
        MALFORMED,
        INTERNAL,
    )
}
