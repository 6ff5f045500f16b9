import inspect
import re
from collections import Counter

import pytest

from actor_ticketing.domain import errors
from actor_ticketing.domain.errors import Conflict, Invalid, Kind, NotFound, Refusal, Unavailable

REFUSALS: list[tuple[Refusal, str, Kind]] = [
    (errors.Invalid("No."), "validation_error", Kind.INVALID),
    (errors.InvalidTicket(), "invalid_ticket", Kind.INVALID),
    (errors.SalesPaused(), "sales_paused", Kind.CONFLICT),
    (errors.TicketAlreadyUsed(at=0, by="boss"), "ticket_already_used", Kind.CONFLICT),
    (errors.TicketForAnotherEvent(ticket_type_id="tt"), "ticket_for_another_event", Kind.CONFLICT),
    (errors.Unauthenticated("No."), "unauthenticated", Kind.UNAUTHENTICATED),
    (errors.InvalidCredentials(), "invalid_credentials", Kind.UNAUTHENTICATED),
    (errors.InvalidRefreshToken(), "invalid_refresh_token", Kind.UNAUTHENTICATED),
    (errors.Forbidden("No."), "forbidden", Kind.FORBIDDEN),
    (errors.NotFound("reservation"), "reservation_not_found", Kind.NOT_FOUND),
    (errors.NotFound("ticket_type"), "ticket_type_not_found", Kind.NOT_FOUND),
    (errors.NotFound("event"), "event_not_found", Kind.NOT_FOUND),
    (
        errors.NotEnoughTickets(requested=3, available=2, ticket_type_id="tt"),
        "not_enough_tickets",
        Kind.CONFLICT,
    ),
    (errors.ReservationExpired(), "reservation_expired", Kind.CONFLICT),
    (errors.ReservationCancelled(), "reservation_cancelled", Kind.CONFLICT),
    (errors.ReservationConverted(), "reservation_converted", Kind.CONFLICT),
    (errors.NotPurchased("ACTIVE"), "reservation_not_purchased", Kind.CONFLICT),
    (errors.NotDead("sent"), "mail_not_dead", Kind.CONFLICT),
    (errors.NotFound("mail"), "mail_not_found", Kind.NOT_FOUND),
    (
        errors.ExtensionLimitReached(extensions_left=0, max_expires_at=0, limit="count"),
        "extension_limit_reached",
        Kind.CONFLICT,
    ),
    (errors.SalesNotOpen(), "sales_not_open", Kind.CONFLICT),
    (errors.SalesClosed(), "sales_closed", Kind.CONFLICT),
    (errors.HolderLimitReached(limit=5, scope="session"), "holder_limit_reached", Kind.CONFLICT),
    (errors.TotalTooLow(sold=1, reserved=2), "total_too_low", Kind.CONFLICT),
    (errors.EmailTaken(), "email_taken", Kind.CONFLICT),
    (errors.TooManySubscriptions(limit=2), "too_many_subscriptions", Kind.CONFLICT),
    (errors.TooManyConnections(limit=2, scope="session"), "too_many_connections", Kind.TOO_MANY),
    (errors.AlreadyExists("event"), "already_exists", Kind.CONFLICT),
    (errors.KeyReused("No."), "idempotency_key_reused", Kind.KEY_REUSED),
    (errors.TooManyRequests(budget="read-address", seconds=7), "rate_limited", Kind.TOO_MANY),
    (errors.Unavailable("No."), "unavailable", Kind.UNAVAILABLE),
    (errors.StorageUnavailable(), "storage_unavailable", Kind.UNAVAILABLE),
    (errors.Overloaded(), "overloaded", Kind.UNAVAILABLE),
    (errors.Draining(), "draining", Kind.UNAVAILABLE),
]
CONFLICTS_OF_THE_CONTRACT = [
    "not_enough_tickets",
    "reservation_expired",
    "reservation_cancelled",
    "reservation_converted",
    "extension_limit_reached",
    "sales_not_open",
    "sales_closed",
    "holder_limit_reached",
    "email_taken",
]
BASES = {Refusal, Conflict}
each_refusal = pytest.mark.parametrize(
    ("refusal", "code", "kind"), REFUSALS, ids=[f"{type(refusal).__name__}-{code}" for refusal, code, _ in REFUSALS]
)


def all_refusals() -> set[type[Refusal]]:
    classes = (each for _, each in inspect.getmembers(errors, inspect.isclass))
    return {each for each in classes if issubclass(each, Refusal)} - BASES


@each_refusal
def test_each_refusal_has_a_stable_code_and_a_kind(refusal: Refusal, code: str, kind: Kind) -> None:
    assert (refusal.code, refusal.kind) == (code, kind)


@each_refusal
def test_each_refusal_says_so_in_a_sentence(refusal: Refusal, code: str, kind: Kind) -> None:
    del code, kind
    assert refusal.message.endswith(".")
    assert str(refusal) == refusal.message


def test_each_refusal_that_can_be_given_is_in_the_table_of_this_test() -> None:
    unlisted = all_refusals() - {type(refusal) for refusal, _, _ in REFUSALS}
    assert unlisted == set()


def test_no_two_refusals_share_a_code() -> None:
    codes = [
        *(each.code for each in all_refusals() - {NotFound}),
        *(code for _, code, _ in REFUSALS if "found" in code),
    ]
    assert [code for code, uses in Counter(codes).items() if uses > 1] == []


def test_codes_are_snake_case() -> None:
    for _, code, _ in REFUSALS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)


@pytest.mark.parametrize("code", CONFLICTS_OF_THE_CONTRACT)
def test_the_contracts_conflict_codes_are_all_there(code: str) -> None:
    assert code in {each.code for each in all_refusals() if each.kind is Kind.CONFLICT}


def test_each_refusal_of_a_conflict_or_an_unavailability_is_of_that_family() -> None:
    for each in all_refusals():
        assert issubclass(each, Conflict) is (each.kind is Kind.CONFLICT)
        assert issubclass(each, Unavailable) is (each.kind is Kind.UNAVAILABLE)


def test_an_invalid_field_is_named_as_the_client_wrote_it() -> None:
    refusal = Invalid.field("buyerInfo.email", "must be an e-mail address")
    assert refusal.details == [{"field": "buyerInfo.email", "problem": "must be an e-mail address"}]
    assert refusal.message == "buyerInfo.email: must be an e-mail address"


def test_a_refusal_without_details_has_none() -> None:
    assert errors.SalesClosed().details is None


def test_the_limits_reached_are_in_the_details() -> None:
    assert errors.HolderLimitReached(limit=5, scope="user").details == {"limit": 5, "scope": "user"}
    assert errors.TotalTooLow(sold=1, reserved=2).details == {"sold": 1, "reserved": 2}
    assert errors.NotPurchased("EXPIRED").details == {"status": "EXPIRED"}
    assert errors.ExtensionLimitReached(extensions_left=1, max_expires_at=0, limit="total").details == {
        "extensionsLeft": 1,
        "maxExpiresAt": "1970-01-01T00:00:00.000Z",
        "extensionLimit": "total",
    }


def test_what_was_not_found_is_named_in_words() -> None:
    assert NotFound("ticket_type").message == "There is no such ticket type."
