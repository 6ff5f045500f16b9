"""Whose reservation it is: its session's, and its user's; either proof serves, and no proof is 401 before all."""

from dataclasses import dataclass
from typing import Any

import pytest

from support.web import PERSON, PURCHASES, RESERVATIONS, Api, make_token


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a caller shows: a session id, and a bearer token's user."""

    session: str | None = None
    user: str | None = None


OWNERS = {
    "the session": Proof(session="s1"),
    "the user": Proof(user="user-1"),
    "both": Proof(session="s1", user="user-1"),
    "the user in another session": Proof(session="s2", user="user-1"),
    "the session with another user": Proof(session="s1", user="user-2"),
}
STRANGERS = [Proof(session="s2"), Proof(user="user-2"), Proof(session="s2", user="user-2")]
OPERATIONS = ["show", "extend", "cancel", "purchase", "purchases"]


def request_for(operation: str, reservation_id: str, session: str | None) -> tuple[str, str, Any]:
    path = f"{RESERVATIONS}/{reservation_id}"
    proof = {} if session is None else {"sessionId": session}
    match operation:
        case "show":
            return "GET", path if session is None else f"{path}?sessionId={session}", None
        case "extend":
            return "PATCH", path, {"additionalMinutes": 1, **proof}
        case "cancel":
            return "DELETE", path, proof
        case "purchase":
            return "POST", f"{path}/purchase", {"buyerInfo": PERSON, "ticketHolders": [PERSON], **proof}
        case _:
            body = {"reservationIds": [reservation_id], "buyerInfo": PERSON, "ticketHolders": [[PERSON]], **proof}
            return "POST", PURCHASES, body


def token_of(proof: Proof, operation: str) -> str | None:
    if proof.user is not None:
        return make_token(proof.user)
    # A purchase needs a user; one who has nothing to do with the reservation stands in for none.
    return make_token("user-3") if operation.startswith("purchase") else None


@pytest.fixture
async def held(api: Api) -> Any:
    """A reservation of session s1, made by user-1."""
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
    return (await api.call("POST", RESERVATIONS, body, token=make_token("user-1"), status=201))["data"]["reservation"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("proof", OWNERS.values(), ids=OWNERS)
async def test_its_owner_may(api: Api, held: Any, proof: Proof, operation: str) -> None:
    request = request_for(operation, held["id"], proof.session)
    status = 201 if operation.startswith("purchase") else 200
    await api.call(*request, token=token_of(proof, operation), status=status)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_stranger_may_not(api: Api, held: Any, operation: str) -> None:
    for proof in STRANGERS:
        request = request_for(operation, held["id"], proof.session)
        await api.refused(*request, token=token_of(proof, operation), status=403, code="forbidden")
    assert (await api.show(held))["reservation"] == held


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_nobody_is_asked_for_credentials_first(api: Api, held: Any, operation: str) -> None:
    for reservation_id in (held["id"], "nothing"):
        request = request_for(operation, reservation_id, None)
        await api.refused(*request, status=401, code="unauthenticated")
    assert (await api.show(held))["reservation"] == held


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_bad_bearer_is_refused_beside_a_good_session(api: Api, held: Any, operation: str) -> None:
    request = request_for(operation, held["id"], "s1")
    await api.refused(*request, token="nonsense", status=401, code="unauthenticated")
    assert (await api.show(held))["reservation"] == held


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_what_does_not_exist_is_not_found_by_anyone(api: Api, operation: str) -> None:
    for proof in (*OWNERS.values(), *STRANGERS):
        request = request_for(operation, "nothing", proof.session)
        await api.refused(*request, token=token_of(proof, operation), status=404, code="reservation_not_found")


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_guests_reservation_is_not_a_users(api: Api, operation: str) -> None:
    held = await api.reserve()
    request = request_for(operation, held["id"], None)
    await api.refused(*request, token=make_token("user-1"), status=403, code="forbidden")


async def test_a_user_named_like_a_session_is_not_that_session(api: Api) -> None:
    held = await api.reserve(session="s1")
    path = f"{RESERVATIONS}/{held['id']}"
    await api.refused("GET", path, token=make_token("s1"), status=403)
    assert (await api.call("GET", RESERVATIONS, token=make_token("s1"), status=200))["data"] == []
