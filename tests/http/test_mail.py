"""The outbox over HTTP: which tokens give an address, and what an operator sees."""

from typing import Any

import pytest

from actor_ticketing.domain.mail import MailSettled, MailState
from actor_ticketing.domain.ports import Entry
from support.web import ADMIN_TOKEN, RESERVATIONS, Api, configured, make_token, purchase_of

MAIL = "/api/admin/mail"
ON = {"enabled": True, "host": "127.0.0.1", "from_address": "tickets@hall.test"}
HOLD = {"ticketTypeId": "tt", "quantity": 1}


async def reserve_as(api: Api, **claims: Any) -> Any:
    document = await api.call("POST", RESERVATIONS, HOLD, token=make_token("u1", **claims), status=201)
    return document["data"]["reservation"]


async def known(api: Api) -> str | None:
    await api.backend.outbox._journal.settled()
    contact = await api.backend.outbox._queries.contact("u1")
    return None if contact is None else contact.email


async def overview(api: Api, query: str = "") -> Any:
    return (await api.call("GET", MAIL + query, token=ADMIN_TOKEN, status=200))["data"]


async def dead_letter(api: Api) -> str:
    held = await api.reserve(1)
    path, body = purchase_of(held)
    await api.call("POST", path, body, token=make_token(), status=201)
    mail_id = f"{held['id']}.purchased"
    reason = "DataError: the server said 550 5.1.1"
    settled = MailSettled(id=mail_id, state=MailState.DEAD, at=api.clock.now(), tries=1, reason=reason)
    api.backend.outbox._journal.append(Entry(records=[settled]))
    await api.backend.outbox._journal.settled()
    return mail_id


@configured(mail=ON)
@pytest.mark.parametrize("claims", [{}, {"email_verified": True}], ids=["unsaid", "verified"])
async def test_a_token_that_vouches_for_an_address_gives_it(api: Api, claims: Any) -> None:
    await reserve_as(api, email="una@example.com", **claims)
    assert await known(api) == "una@example.com"


@configured(mail=ON)
@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "una@example.com", "email_verified": False},
        {"email": "una@example.com", "email_verified": "true"},
        {"email": "una@example.com", "email_verified": 1},
        {"email": ["una@example.com"]},
        {"email": {"a": 1}},
        {"email": 7},
        {"email": "no address"},
        {"email": ""},
        {"email": "una@example.com\r\nBcc: victim@example.com"},
        {"email": "x" * 500 + "@example.com"},
    ],
)
async def test_a_token_that_does_not_gives_none_and_is_good_all_the_same(api: Api, claims: Any) -> None:
    await reserve_as(api, **claims)
    assert await known(api) is None


@configured(mail=ON)
async def test_a_reservation_that_is_refused_leaves_no_address(api: Api) -> None:
    token = make_token("u1", email="una@example.com")
    await api.refused("POST", RESERVATIONS, {**HOLD, "quantity": 11}, token=token, status=409)
    await api.call("GET", RESERVATIONS, token=token, status=200)
    assert await known(api) is None


@configured(mail=ON)
async def test_who_claims_a_session_gives_their_address(api: Api) -> None:
    token = make_token("u1", email="una@example.com")
    await api.call("POST", "/api/public/sessions/claim", {"sessionId": "s1"}, token=token, status=200)
    assert await known(api) is None
    await api.reserve(1, session="s1")
    await api.call("POST", "/api/public/sessions/claim", {"sessionId": "s1"}, token=token, status=200)
    assert await known(api) == "una@example.com"


async def test_while_mail_is_off_nobodys_address_is_kept(api: Api) -> None:
    await reserve_as(api, email="una@example.com")
    assert await known(api) is None
    assert await overview(api) == {
        "enabled": False, "waiting": 0, "sent": 0, "dropped": 0, "dead": 0, "deadLetters": [],
    }  # fmt: skip


@configured(mail=ON)
async def test_the_operator_sees_what_waits_and_what_was_given_up_and_nobodys_name(api: Api) -> None:
    mail_id = await dead_letter(api)
    await api.buy(await api.reserve(1))
    text = await (await api.send("GET", MAIL, token=ADMIN_TOKEN)).text()
    data = await overview(api)
    [dead] = data.pop("deadLetters")
    assert data == {"enabled": True, "waiting": 1, "sent": 0, "dropped": 0, "dead": 1}
    assert (dead["id"], dead["kind"], dead["state"]) == (mail_id, "purchased", "dead")
    assert dead["reason"] == "DataError: the server said 550 5.1.1"
    assert dead["reservationId"] == mail_id.partition(".")[0]
    assert "ada" not in text.lower()


@configured(mail=ON)
async def test_dead_letters_come_a_page_at_a_time(api: Api) -> None:
    for _ in range(3):
        await dead_letter(api)
    document = await api.call("GET", f"{MAIL}?page=2&limit=2", token=ADMIN_TOKEN, status=200)
    assert len(document["data"]["deadLetters"]) == 1
    assert document["meta"]["total"] == 3
    await api.refused("GET", f"{MAIL}?limit=101", token=ADMIN_TOKEN, status=400, code="validation_error")


@configured(mail=ON)
async def test_an_operator_has_a_dead_letter_tried_again_once(api: Api) -> None:
    mail_id = await dead_letter(api)
    headers = {"Idempotency-Key": "k"}
    path = f"{MAIL}/{mail_id}/retry"
    for _ in range(2):
        document = await api.call("POST", path, {}, token=ADMIN_TOKEN, status=200, headers=headers)
        assert (document["data"]["mail"]["state"], document["data"]["mail"]["tries"]) == ("waiting", 0)
    assert (await overview(api))["waiting"] == 1
    error = await api.refused("POST", path, {}, token=ADMIN_TOKEN, status=409, code="mail_not_dead")
    assert error["details"] == {"state": "waiting"}
    await api.refused("POST", f"{MAIL}/none/retry", {}, token=ADMIN_TOKEN, status=404, code="mail_not_found")


@configured(mail=ON)
async def test_metrics_tell_how_many_wait_and_are_dead(api: Api) -> None:
    await dead_letter(api)
    await api.buy(await api.reserve(1))
    await api.backend.outbox.look()
    text = await (await api.send("GET", "/metrics")).text()
    lines = text.splitlines()
    for line in ("mail_waiting 1.0", "mail_dead_letters 1.0", "mail_sent_total 0.0", "mail_failures_total 0.0"):
        assert f"ticketing_{line}" in lines
