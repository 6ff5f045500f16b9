"""What an admin does for a person who asks."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from actor_ticketing.domain.instants import rfc3339
from support.web import (
    ADMIN_TOKEN,
    CRON_SECRET,
    PERSON,
    PURCHASES,
    Api,
    OpenApi,
    configured,
    fields_of,
    make_token,
    purchase_of,
    purchases_of,
)

CHECKIN = "/api/admin/checkin"
ERASE = "/api/admin/privacy/erase"
EXPORT = "/api/admin/privacy/export"
BOTH = pytest.mark.parametrize("path", [ERASE, EXPORT])
WHO = {"email": "ada@example.com"}
BEA = {"fullName": "Bea Brown", "identityType": "id", "identityNumber": "7"}
ADA_WITHOUT_ADDRESS = {name: PERSON[name] for name in ("fullName", "identityType", "identityNumber")}


async def erase(api: Api, email: str = "ada@example.com", **options: Any) -> Any:
    document = await api.call("POST", ERASE, {"email": email}, token=ADMIN_TOKEN, status=200, **options)
    return document["data"]


async def bought_for_ada_and_bea(api: Api) -> Any:
    held = await api.reserve(2)
    path, body = purchase_of(held, ticketHolders=[PERSON, BEA])
    return (await api.call("POST", path, body, token=make_token(), status=201))["data"]


async def let_in(api: Api, ticket: Any) -> Any:
    """Let somebody in, or say it again: the key of a ticket is always the same."""
    headers = {"Idempotency-Key": f"scan-{ticket['code']}"}
    return await api.call("POST", CHECKIN, {"code": ticket["code"]}, token=ADMIN_TOKEN, headers=headers, status=200)


def counts(data: Any) -> dict[str, int]:
    return {name: value for name, value in data.items() if name != "at"}


async def test_a_person_is_erased_and_the_books_stay(api: Api) -> None:
    made = await bought_for_ada_and_bea(api)
    data = await erase(api)
    assert counts(data) == {
        "transactions": 1,
        "tickets": 1,
        "answers": 0,
        "accounts": 0,
        "contacts": 0,
        "ticketsOfOthers": 1,
    }
    assert data["at"] == rfc3339(api.clock.now())
    shown = await api.show(made["reservation"])
    assert shown["transaction"] == {**made["transaction"], "buyerInfo": None}
    assert shown["tickets"] == [{**made["tickets"][0], "ticketHolder": None}, made["tickets"][1]]
    assert await api.counters() == (10, 2, 0, 8)


async def test_the_ticket_of_somebody_erased_still_has_its_code(api: Api) -> None:
    ticket = (await bought_for_ada_and_bea(api))["tickets"][0]
    before = await (await api.send("GET", ticket["qrUrl"])).read()
    await erase(api)
    response = await api.send("GET", ticket["qrUrl"])
    assert (response.status, await response.read()) == (200, before)


async def test_of_an_unknown_person_nothing_is_erased(api: Api) -> None:
    made = await bought_for_ada_and_bea(api)
    assert set(counts(await erase(api, "nobody@example.com")).values()) == {0}
    assert (await api.show(made["reservation"]))["transaction"] == made["transaction"]


async def test_an_address_is_erased_in_upper_and_lower_case_once(api: Api) -> None:
    await bought_for_ada_and_bea(api)
    assert (await erase(api, " ADA@Example.COM "))["transactions"] == 1
    assert set(counts(await erase(api)).values()) == {0}


async def test_a_kept_answer_that_names_the_person_is_erased(api: Api) -> None:
    """A retry is then told that the reservation was bought, which is true, rather than by whom."""
    held = await api.reserve(1)
    path, body = purchase_of(held)
    headers = {"Idempotency-Key": "k"}
    await api.call("POST", path, body, token=make_token(), headers=headers, status=201)
    assert (await erase(api))["answers"] == 1
    await api.refused("POST", path, body, token=make_token(), headers=headers, status=409, code="reservation_converted")


async def test_the_answers_to_others_are_kept(api: Api) -> None:
    held = await api.reserve(1)
    bea = {**PERSON, "email": "bea@example.com"}
    body = purchases_of(held, buyerInfo=bea, ticketHolders=[[bea]])
    headers = {"Idempotency-Key": "k"}
    first = await api.call("POST", PURCHASES, body, token=make_token(), headers=headers, status=201)
    assert (await erase(api))["answers"] == 0
    assert await api.call("POST", PURCHASES, body, token=make_token(), headers=headers, status=201) == first


async def test_a_kept_yes_at_the_door_is_erased_though_it_has_no_address(api: Api) -> None:
    path, body = purchase_of(await api.reserve(1), ticketHolders=[ADA_WITHOUT_ADDRESS])
    [ticket] = (await api.call("POST", path, body, token=make_token(), status=201))["data"]["tickets"]
    assert (await let_in(api, ticket))["data"]["ticket"]["ticketHolder"] == ADA_WITHOUT_ADDRESS
    assert (await erase(api))["answers"] == 1
    headers = {"Idempotency-Key": f"scan-{ticket['code']}"}
    body = {"code": ticket["code"]}
    error = await api.refused(
        "POST", CHECKIN, body, token=ADMIN_TOKEN, headers=headers, status=409, code="ticket_already_used"
    )
    assert "Lovelace" not in str(error)


async def test_a_kept_yes_to_another_holder_of_the_same_purchase_stays(api: Api) -> None:
    _, ticket = (await bought_for_ada_and_bea(api))["tickets"]
    first = await let_in(api, ticket)
    assert (await erase(api))["answers"] == 0
    assert await let_in(api, ticket) == first


async def test_a_yes_to_somebody_who_was_forgotten_before_names_nobody_and_stays(api: Api) -> None:
    [ticket, _] = (await bought_for_ada_and_bea(api))["tickets"]
    await erase(api)
    first = await let_in(api, ticket)
    assert first["data"]["ticket"]["ticketHolder"] is None
    assert (await erase(api))["answers"] == 0
    assert await let_in(api, ticket) == first


async def test_an_erasure_repeated_with_its_key_gets_the_first_answer(open_api: OpenApi) -> None:
    from support.service import list_event, list_ticket_type  # noqa: PLC0415

    headers = {"Idempotency-Key": "k"}
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        await bought_for_ada_and_bea(api)
        first = await erase(api, headers=headers)
        assert first["transactions"] == 1
    async with open_api() as api:
        assert await erase(api, headers=headers) == first


async def test_a_person_is_told_all_that_is_known_of_them(api: Api) -> None:
    made = await bought_for_ada_and_bea(api)
    bought = await api.reserve(1, session="s2")
    path, body = purchase_of(bought, session="s2", buyerInfo={**PERSON, "email": "bea@example.com"})
    other = (await api.call("POST", path, body, token=make_token("user-2"), status=201))["data"]
    data = (await api.call("POST", EXPORT, {"email": "Ada@example.com"}, token=ADMIN_TOKEN, status=200))["data"]
    assert data["account"] is None
    [purchase] = data["purchases"]
    assert {name: purchase[name] for name in made["transaction"]} == made["transaction"]
    assert purchase["userId"] == "user-1"
    reservation = made["reservation"]
    assert purchase["reservation"] == {
        **{name: reservation[name] for name in ("id", "code", "reservedAt", "expiresAt", "metadata")},
        "settledAt": made["transaction"]["createdAt"],
        "userId": None,
    }
    assert [each["ticketHolder"] for each in purchase["tickets"]] == [PERSON, None]
    assert [each["code"] for each in purchase["tickets"]] == [each["code"] for each in made["tickets"]]
    assert purchase["tickets"][0]["event"] == reservation["ticketType"]["event"]
    assert purchase["tickets"][0]["ticketType"] == {"id": "tt", "name": "tt"}
    [ticket] = data["ticketsFromOthers"]
    assert (ticket["code"], ticket["ticketHolder"]) == (other["tickets"][0]["code"], PERSON)
    # As she is written; an id may have these letters, too.
    assert not any(each in str(data) for each in ("Bea", "bea"))


async def test_of_an_unknown_person_nothing_is_known(api: Api) -> None:
    data = (await api.call("POST", EXPORT, {"email": "x@example.com"}, token=ADMIN_TOKEN, status=200))["data"]
    assert data == {
        "email": "x@example.com",
        "at": rfc3339(api.clock.now()),
        "account": None,
        "purchases": [],
        "contacts": [],
        "ticketsFromOthers": [],
    }


async def test_what_was_told_is_kept_nowhere(api: Api) -> None:
    await bought_for_ada_and_bea(api)
    headers = {"Idempotency-Key": "k"}
    await api.call("POST", EXPORT, WHO, token=ADMIN_TOKEN, headers=headers, status=200)
    assert (await erase(api))["answers"] == 0


@BOTH
async def test_only_an_admin_may(api: Api, path: str) -> None:
    made = await bought_for_ada_and_bea(api)
    await api.refused("POST", path, WHO, status=401)
    await api.refused("POST", path, WHO, token="wrong", status=401)
    await api.refused("POST", path, WHO, token=make_token(), status=403)
    await api.refused("POST", path, WHO, token=CRON_SECRET, status=403)
    assert (await api.show(made["reservation"]))["transaction"] == made["transaction"]
    await api.call("POST", path, WHO, token=make_token(role="admin"), status=200)


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "email"), ({"email": "ada"}, "email"), ({"email": 5}, "email"), ({**WHO, "name": "Ada"}, "name")],
)
async def test_what_is_no_address_is_refused(api: Api, path: str, body: Any, field: str) -> None:
    error = await api.refused("POST", path, body, token=ADMIN_TOKEN, status=400, code="validation_error")
    assert fields_of(error) == {field}


@BOTH
async def test_an_address_is_asked_for_in_a_body_alone(api: Api, path: str) -> None:
    await api.refused("GET", f"{path}?email=ada@example.com", token=ADMIN_TOKEN, status=405)


async def test_the_log_names_the_admin_and_not_the_person(api: Api) -> None:
    await bought_for_ada_and_bea(api)
    with capture_logs() as logs:
        await api.call("POST", ERASE, WHO, token=make_token("organiser", role="admin"), status=200)
    assert [(line["event"], line["by"]) for line in logs] == [("person_forgotten", "admin f227cc35")]
    assert "organiser" not in str(logs)
    assert "ada@" not in str(logs).lower()


@configured(privacy={"retention_days": 1})
async def test_people_of_a_past_event_are_erased_by_themselves(api: Api) -> None:
    made = await bought_for_ada_and_bea(api)
    shown = await api.show(made["reservation"])
    # The run at the start may be under way still when the first day is over; the next is another day later then.
    while shown["transaction"]["buyerInfo"] is not None:
        await api.pass_time(24 * 60 * 60 * 1_000)
        shown = await api.show(made["reservation"])
    assert [each["ticketHolder"] for each in shown["tickets"]] == [None, None]


async def test_a_kept_answer_about_a_past_event_goes_with_its_people(api: Api) -> None:
    path, body = purchase_of(await api.reserve(1))
    headers = {"Idempotency-Key": "k"}
    await api.call("POST", path, body, token=make_token(), headers=headers, status=201)
    assert (await api.backend.privacy.forget_before(api.clock.now())).answers == 1
    await api.refused("POST", path, body, token=make_token(), headers=headers, status=409, code="reservation_converted")
