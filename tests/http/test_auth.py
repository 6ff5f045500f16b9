"""Bearer tokens, the admin token, the cron secret: 401 for bad credentials, 403 for good ones without the right."""

import base64
import json
import time
import warnings
from typing import Any

import jwt
import pytest

from support.web import (
    ADMIN_TOKEN,
    CLEANUP,
    CRON,
    CRON_SECRET,
    JWT_SECRET,
    PERSON,
    PURCHASES,
    RESERVATIONS,
    Api,
    failure_of,
    make_token,
)


def part(document: Any) -> str:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    document = {"sub": "user-1", "iss": "actor-ticketing", "aud": "actor-ticketing", "exp": int(time.time()) + 86_400}
    return {**document, **changes}


def signed_with(algorithm: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That the key is short for it is no matter here.
        return jwt.encode(claims(role="admin"), JWT_SECRET, algorithm)


def bad_tokens() -> dict[str, str]:
    now = int(time.time())
    header, payload, signature = make_token(role="admin").split(".")
    return {
        "expired": make_token(exp=now - 60, role="admin"),
        "not yet valid": make_token(nbf=now + 86_400, role="admin"),
        "issued in the future": make_token(iat=now + 86_400, role="admin"),
        "for another audience": make_token(aud="another", role="admin"),
        "for other audiences": make_token(aud=["a", "b"], role="admin"),
        "of another issuer": make_token(iss="another", role="admin"),
        "without exp": make_token(exp=None, role="admin"),
        "without aud": make_token(aud=None, role="admin"),
        "without iss": make_token(iss=None, role="admin"),
        "without sub": make_token(sub=None, role="admin"),
        "with an empty sub": make_token(sub="", role="admin"),
        "with an endless sub": make_token(sub="x" * 2_000, role="admin"),
        "with a NUL in its sub": make_token(sub="a\u0000b", role="admin"),
        "with another key": make_token(key="another-secret-of-these-tests-0123456789", role="admin"),
        "unsigned": jwt.encode(claims(role="admin"), None, "none"),
        "unsigned, by another spelling": f"{part({'alg': 'nOnE', 'typ': 'JWT'})}.{part(claims(role='admin'))}.",
        "signed with an algorithm off the list": signed_with("HS512"),
        "with its signature cut off": f"{header}.{payload}.",
        "with other claims": f"{header}.{part(claims(sub='user-2', role='admin'))}.{signature}",
        "with a header that is no object": f"{part([])}.{payload}.{signature}",
        "with a bottomless header": f"{part(b'[' * 4_000)}.{payload}.{signature}",
        "in two parts": f"{header}.{payload}",
        "no JWT": "nonsense",
        "no base64": "*.*.*",
        "no ASCII": "tökén",
    }


BAD = bad_tokens()
ROUTES: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", f"{RESERVATIONS}?sessionId=s1", None),
    "create": ("POST", RESERVATIONS, {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}),
    "show": ("GET", f"{RESERVATIONS}/r?sessionId=s1", None),
    "extend": ("PATCH", f"{RESERVATIONS}/r", {"additionalMinutes": 1, "sessionId": "s1"}),
    "cancel": ("DELETE", f"{RESERVATIONS}/r", {"sessionId": "s1"}),
    "purchase": (
        "POST",
        f"{RESERVATIONS}/r/purchase",
        {"sessionId": "s1", "buyerInfo": PERSON, "ticketHolders": [PERSON]},
    ),
    "purchases": (
        "POST",
        PURCHASES,
        {"sessionId": "s1", "reservationIds": ["r"], "buyerInfo": PERSON, "ticketHolders": [[PERSON]]},
    ),
    "admin: events": ("GET", "/api/admin/events", None),
    "admin: cleanup": ("POST", CLEANUP, {}),
    "admin: statistics": ("GET", CLEANUP, None),
    "cron": ("GET", CRON, None),
}
ADMIN_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/admin/events", None),
    ("POST", "/api/admin/events", {"title": "T", "venue": "V", "startDate": "2027-01-01T00:00:00Z"}),
    ("GET", "/api/admin/events/ev", None),
    ("PATCH", "/api/admin/events/ev", {"title": "T"}),
    ("POST", "/api/admin/events/ev/ticket-types", {"name": "N", "price": 1, "currency": "EUR", "total": 1}),
    ("PATCH", "/api/admin/ticket-types/tt", {"price": 1}),
    ("POST", CLEANUP, {}),
    ("GET", CLEANUP, None),
]


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
async def test_a_bad_token_is_refused(api: Api, route: tuple[str, str, Any]) -> None:
    for what, token in BAD.items():
        response = await api.send(*route, token=token)
        assert response.status == 401, what
        await failure_of(response, status=401, code="unauthenticated")
        assert response.headers["WWW-Authenticate"].startswith("Bearer "), what
    assert await api.counters() == (10, 0, 0, 10)


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
async def test_another_scheme_than_bearer_is_refused(api: Api, route: tuple[str, str, Any]) -> None:
    for header in ("", "Bearer", "Bearer ", f"Basic {ADMIN_TOKEN}", CRON_SECRET, f"Token {make_token()}"):
        response = await api.send(*route, headers={"Authorization": header})
        await failure_of(response, status=401, code="unauthenticated")
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("route", ADMIN_ROUTES)
async def test_nobody_is_no_admin(api: Api, route: tuple[str, str, Any]) -> None:
    response = await api.send(*route)
    await failure_of(response, status=401, code="unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("route", ADMIN_ROUTES)
async def test_neither_a_user_nor_the_scheduler_is_an_admin(api: Api, route: tuple[str, str, Any]) -> None:
    roles: list[Any] = ["user", "Admin", "admin ", ["admin"], True, {"admin": True}, ""]
    for token in (make_token(), CRON_SECRET, *(make_token(role=role) for role in roles)):
        await api.refused(*route, token=token, status=403, code="forbidden")


@pytest.mark.parametrize("route", ADMIN_ROUTES)
async def test_an_admin_comes_with_a_token_of_either_kind(api: Api, route: tuple[str, str, Any]) -> None:
    for token in (ADMIN_TOKEN, make_token("boss", role="admin")):
        assert (await api.send(*route, token=token)).status in {200, 201}


async def test_credentials_are_looked_at_before_the_body_and_the_address(api: Api) -> None:
    for method, path in (("POST", "/api/admin/events"), ("PATCH", "/api/admin/events/nothing")):
        await api.refused(method, path, {"nonsense": 1}, status=401)
        await api.refused(method, path, {"nonsense": 1}, token=make_token(), status=403)


async def test_the_cron_route_takes_the_cron_secret(api: Api) -> None:
    await api.call("GET", CRON, token=CRON_SECRET, status=200)


async def test_the_cron_route_takes_nothing_else(api: Api) -> None:
    await api.refused("GET", CRON, status=401)
    await api.refused("GET", CRON, token=CRON_SECRET + "x", status=401)
    await api.refused("GET", f"{CRON}?secret={CRON_SECRET}&token={CRON_SECRET}", status=401)
    for token in (ADMIN_TOKEN, make_token(), make_token(role="admin")):
        await api.refused("GET", CRON, token=token, status=403, code="forbidden")


async def test_neither_the_admin_token_nor_the_cron_secret_is_a_user(api: Api) -> None:
    for token in (ADMIN_TOKEN, CRON_SECRET):
        await api.refused("GET", RESERVATIONS, token=token, status=401)


async def test_an_admin_is_not_everybody(api: Api) -> None:
    held = await api.reserve()
    path = f"{RESERVATIONS}/{held['id']}"
    await api.refused("GET", path, token=make_token("boss", role="admin"), status=403, code="forbidden")


async def test_the_scheme_is_written_in_any_case(api: Api) -> None:
    for scheme in ("bearer", "BEARER", "Bearer"):
        response = await api.send("GET", RESERVATIONS, headers={"Authorization": f"{scheme} {make_token()}"})
        assert response.status == 200


async def test_one_audience_of_several_is_enough(api: Api) -> None:
    await api.call("GET", RESERVATIONS, token=make_token(aud=["another", "actor-ticketing"]), status=200)


async def test_a_good_token_is_asked_for_nowhere_else(api: Api) -> None:
    for path in ("/api/public/events", "/api/public/availability/tt", "/livez", "/readyz", "/api/public/ticket-keys"):
        await api.call("GET", path, status=200)
