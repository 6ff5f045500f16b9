"""Pages of other origins."""

import pytest

from support.web import RESERVATIONS, Api, configured

SHOP = "https://shop.example"
BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
listed = configured(server={"allowed_origins": [SHOP, "https://other.example:8443"]})


def from_page(origin: str, **more: str) -> dict[str, str]:
    return {"Origin": origin, **more}


def asking(origin: str) -> dict[str, str]:
    return from_page(
        origin, **{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    )


@listed
@pytest.mark.parametrize("origin", [SHOP, "https://other.example:8443"])
async def test_a_listed_origin_may_call_and_read_the_answer(api: Api, origin: str) -> None:
    response = await api.send("POST", RESERVATIONS, BODY, headers=from_page(origin))
    assert response.status == 201
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]
    assert response.headers["Vary"] == "Origin"


@listed
async def test_its_browser_is_told_what_it_may_send(api: Api) -> None:
    response = await api.send("OPTIONS", RESERVATIONS, headers=asking(SHOP))
    assert response.status == 204
    assert await response.read() == b""
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "POST", "PATCH", "DELETE"}
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
        response.headers["Access-Control-Allow-Headers"].split(", ")
    )


@listed
async def test_it_reads_failures_too(api: Api) -> None:
    response = await api.send("POST", RESERVATIONS, {}, headers=from_page(SHOP))
    assert response.status == 400
    assert response.headers["Access-Control-Allow-Origin"] == SHOP


@listed
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "https://shop.example.evil.example",
        "https://SHOP.example",
        "http://shop.example",
        "",
    ],
)
async def test_any_other_origin_is_told_nothing(api: Api, origin: str) -> None:
    response = await api.send("GET", "/api/public/events", headers=from_page(origin))
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"
    await api.refused("OPTIONS", RESERVATIONS, headers=asking(origin), status=403, code="forbidden")


@listed
async def test_no_browser_is_ever_asked_to_send_credentials_of_its_own(api: Api) -> None:
    for response in (
        await api.send("OPTIONS", RESERVATIONS, headers=asking(SHOP)),
        await api.send("POST", RESERVATIONS, BODY, headers=from_page(SHOP)),
    ):
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Set-Cookie" not in response.headers


async def test_without_a_list_no_origin_may_read_anything(api: Api) -> None:
    response = await api.send("GET", "/api/public/events", headers=from_page(SHOP))
    assert not [name for name in response.headers if name.startswith("Access-Control")]
    await api.refused("OPTIONS", RESERVATIONS, headers=asking(SHOP), status=405)
