"""What a buyer and a holder have to be, field by field."""

from typing import Any

import pytest

from support.web import PERSON, Api, fields_of, make_token, purchase_of

FIELDS = ["fullName", "identityType", "identityNumber", "email", "whatsapp"]
NEEDED_OF_A_HOLDER = ["fullName", "identityType", "identityNumber"]
BAD = {
    "empty": "",
    "blank": " \t\n",
    "a NUL": "A\u0000da",
    "a line break": "A\nda",
    "a C1 control": "A\u0085da",
    "DEL": "A\u007fda",
    "too long": "1" * 201,
    "a number": 5,
    "true": True,
    "null": None,
    "a list": ["Ada"],
    "an object": {},
}


def without(field: str) -> dict[str, str]:
    return {name: value for name, value in PERSON.items() if name != field}


async def refused(api: Api, held: Any, **changes: Any) -> set[str]:
    """The fields named when the purchase of a reservation is refused."""
    path, body = purchase_of(held, **changes)
    error = await api.refused("POST", path, body, token=make_token(), status=400, code="validation_error")
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"
    return fields_of(error)


async def bought(api: Api, **changes: Any) -> Any:
    path, body = purchase_of(await api.reserve(), **changes)
    return (await api.call("POST", path, body, token=make_token(), status=201))["data"]


@pytest.mark.parametrize("field", FIELDS)
async def test_a_buyers_field_that_is_wrong_or_missing_is_named(api: Api, field: str) -> None:
    held = await api.reserve()
    assert await refused(api, held, buyerInfo=without(field)) == {f"buyerInfo.{field}"}
    for problem, value in BAD.items():
        named = await refused(api, held, buyerInfo={**PERSON, field: value})
        assert named == {f"buyerInfo.{field}"}, problem


@pytest.mark.parametrize("field", NEEDED_OF_A_HOLDER)
async def test_a_holders_field_that_is_wrong_or_missing_is_named(api: Api, field: str) -> None:
    held = await api.reserve()
    assert await refused(api, held, ticketHolders=[without(field)]) == {f"ticketHolders.0.{field}"}
    for problem, value in BAD.items():
        named = await refused(api, held, ticketHolders=[{**PERSON, field: value}])
        assert named == {f"ticketHolders.0.{field}"}, problem


@pytest.mark.parametrize("field", ["email", "whatsapp"])
async def test_how_a_holder_is_reached_may_be_absent(api: Api, field: str) -> None:
    [ticket] = (await bought(api, ticketHolders=[without(field)]))["tickets"]
    assert ticket["ticketHolder"] == without(field)


async def test_what_is_no_email_address_is_refused(api: Api) -> None:
    held = await api.reserve()
    for email in ("ada", "ada@", "@example.com", "a b@example.com", "ada@example..com", "a@b@c.org"):
        person = {**PERSON, "email": email}
        assert await refused(api, held, buyerInfo=person) == {"buyerInfo.email"}, email
        assert await refused(api, held, ticketHolders=[person]) == {"ticketHolders.0.email"}, email


@pytest.mark.parametrize("email", ["ada+tickets@example.com", "a.b@mail.example.co.uk", "ü@example.com"])
async def test_an_email_address_is_taken(api: Api, email: str) -> None:
    assert (await bought(api, buyerInfo={**PERSON, "email": email}))["transaction"]["buyerInfo"]["email"] == email


async def test_what_is_no_telephone_number_is_refused(api: Api) -> None:
    held = await api.reserve()
    for number in ("hello", "12", "+44 20 7946 0000 0000 0000 0000", "+49 160 CALL"):
        assert await refused(api, held, buyerInfo={**PERSON, "whatsapp": number}) == {"buyerInfo.whatsapp"}, number


async def test_every_field_that_is_wrong_is_named_at_once(api: Api) -> None:
    buyer = {**PERSON, "fullName": "", "email": "ada"}
    holder = {**PERSON, "identityType": " "}
    named = await refused(api, await api.reserve(), buyerInfo=buyer, ticketHolders=[holder])
    assert named == {"buyerInfo.fullName", "buyerInfo.email", "ticketHolders.0.identityType"}


async def test_what_surrounds_a_text_is_trimmed(api: Api) -> None:
    padded = {name: f"  {value}\t" for name, value in PERSON.items()}
    data = await bought(api, buyerInfo=padded, ticketHolders=[padded])
    assert data["transaction"]["buyerInfo"] == PERSON
    assert data["tickets"][0]["ticketHolder"] == PERSON


async def test_two_hundred_characters_are_taken_after_trimming(api: Api) -> None:
    name = "é" * 200
    data = await bought(api, buyerInfo={**PERSON, "fullName": f" {name} "})
    assert data["transaction"]["buyerInfo"]["fullName"] == name


async def test_a_name_in_any_script_comes_back_as_it_was(api: Api) -> None:
    names = ["李小龍", "Łukasz Żółć", "O'Brien-Smith, Jr.", "😀", "محمد"]
    for name in names:
        data = await bought(api, buyerInfo={**PERSON, "fullName": name})
        assert data["transaction"]["buyerInfo"]["fullName"] == name


async def test_a_field_that_nobody_knows_is_named(api: Api) -> None:
    held = await api.reserve()
    assert await refused(api, held, buyerInfo={**PERSON, "title": "Countess"}) == {"buyerInfo.title"}
    assert await refused(api, held, ticketHolders=[{**PERSON, "seat": "7"}]) == {"ticketHolders.0.seat"}


async def test_a_buyer_is_an_object(api: Api) -> None:
    held = await api.reserve()
    for buyer in (None, [], "Ada", 5, [PERSON]):
        assert await refused(api, held, buyerInfo=buyer) == {"buyerInfo"}
