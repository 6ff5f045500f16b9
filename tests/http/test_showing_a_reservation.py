"""``GET /api/public/reservations/{id}``."""

from support.web import RESERVATIONS, Api, make_token

ROOM = {"extensionsLeft": 3, "maxExpiresAt": "2027-01-15T09:00:00.000Z"}


async def test_a_live_hold_is_shown_in_the_shape_of_its_creation(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "s1", "metadata": {"cart": 7}}
    made = (await api.call("POST", RESERVATIONS, body, status=201))["data"]
    assert await api.show(made["reservation"]) == made | ROOM


async def test_a_live_hold_says_how_far_it_can_be_extended(api: Api) -> None:
    held = await api.reserve()
    assert await api.show(held) == await api.show(held) | ROOM
    extended = await api.call(
        "PATCH", f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1", "additionalMinutes": 5}, status=200
    )
    assert extended["data"]["extensionsLeft"] == 2
    assert await api.show(held) == extended["data"]


async def test_creating_and_the_list_say_nothing_of_extending(api: Api) -> None:
    single = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
    several = {"reservations": [{"ticketTypeId": "tt", "quantity": 1}], "sessionId": "s1"}
    made = [(await api.call("POST", RESERVATIONS, body, status=201))["data"] for body in (single, several)]
    listed = await api.call("GET", f"{RESERVATIONS}?sessionId=s1", status=200)
    held = [made[0]["reservation"], *made[1]["reservations"], *listed["data"]]
    assert len(held) == 4
    assert not any(ROOM.keys() & each.keys() for each in [*made, *held, listed["meta"]])


async def test_a_settled_hold_says_nothing_of_extending(api: Api) -> None:
    held = await api.reserve()
    await api.cancel(held)
    assert not ROOM.keys() & (await api.show(held)).keys()


async def test_a_live_hold_has_no_tickets(api: Api) -> None:
    assert not {"transaction", "tickets"} & (await api.show(await api.reserve())).keys()


async def test_a_cancelled_hold_has_no_time_left(api: Api) -> None:
    held = await api.reserve()
    await api.cancel(held)
    shown = await api.show(held)
    assert shown["reservation"]["status"] == "CANCELLED"
    assert shown["reservation"]["isExpired"] is False
    assert shown["remainingSeconds"] == 0


async def test_an_expired_hold_says_so(api: Api) -> None:
    held = await api.reserve(expirationMinutes=1)
    await api.pass_time(60_000)
    shown = await api.show(held)
    assert shown["reservation"]["status"] == "EXPIRED"
    assert shown["reservation"]["isExpired"] is True
    assert shown["reservation"]["expiresAt"] == held["expiresAt"]
    assert shown["remainingSeconds"] == 0
    assert shown["serverTime"] == "2027-01-15T08:01:00.000Z"


async def test_an_overdue_hold_is_expired_to_its_owner_even_before_it_is_released(api: Api) -> None:
    held = await api.reserve(expirationMinutes=1)
    api.lose_timers(60_000 + 5)
    shown = await api.show(held)
    assert shown["reservation"]["isExpired"] is True
    assert shown["remainingSeconds"] == 0


async def test_a_buyer_who_reloads_has_the_tickets(api: Api) -> None:
    held = await api.reserve(2)
    bought = await api.buy(held)
    shown = await api.show(held)
    assert shown["reservation"]["status"] == "CONVERTED"
    assert shown["reservation"]["isExpired"] is False
    assert shown["transaction"] == bought["transaction"]
    assert shown["tickets"] == bought["tickets"]
    assert shown["remainingSeconds"] == 0


async def test_a_converted_hold_does_not_become_expired(api: Api) -> None:
    held = await api.reserve(expirationMinutes=1)
    await api.buy(held)
    await api.pass_time(120_000)
    shown = await api.show(held)
    assert shown["reservation"]["status"] == "CONVERTED"
    assert shown["reservation"]["isExpired"] is False


async def test_a_user_who_made_it_needs_no_session(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1}
    made = (await api.call("POST", RESERVATIONS, body, token=make_token(), status=201))["data"]
    path = f"{RESERVATIONS}/{made['reservation']['id']}"
    assert (await api.call("GET", path, token=make_token(), status=200))["data"] == made | ROOM


async def test_an_unknown_reservation_is_not_found(api: Api) -> None:
    await api.refused("GET", f"{RESERVATIONS}/nothing?sessionId=s1", status=404, code="reservation_not_found")


async def test_what_belongs_to_a_session_is_not_kept_by_caches(api: Api) -> None:
    held = await api.reserve()
    response = await api.send("GET", f"{RESERVATIONS}/{held['id']}?sessionId=s1")
    assert response.headers["Cache-Control"] == "no-store"


async def test_who_bought_it_sees_it_from_any_device(api: Api) -> None:
    held = await api.reserve(session="on-the-phone")
    await api.buy(held, session="on-the-phone", user="user-1")
    path = f"{RESERVATIONS}/{held['id']}"
    shown = await api.call("GET", path, token=make_token("user-1"), status=200)
    assert len(shown["data"]["tickets"]) == 1
    await api.refused("GET", path, token=make_token("user-2"), status=403)
