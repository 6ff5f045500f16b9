"""By which rule a hold gets more time: the service's, or that of its ticket type."""

from typing import Any

import pytest

from support.web import ADMIN_TOKEN, RESERVATIONS, Api, configured

TYPE = "/api/admin/ticket-types/tt"


async def choose(api: Api, policy: str | None) -> None:
    """The operator gives the ticket type a policy of its own."""
    await api.call("PATCH", TYPE, {"extensionPolicy": policy}, token=ADMIN_TOKEN, status=200)


async def limit_of(api: Api, held: Any) -> str | None:
    """By which rule the hold gets no more time, as looking at it and trying to extend it both tell."""
    shown = await api.show(held)
    limit = shown.get("extensionLimit")
    if limit is not None:
        details = await refused(api, held)
        assert details == {name: shown[name] for name in ("extensionsLeft", "maxExpiresAt", "extensionLimit")}
    return limit


async def refused(api: Api, held: Any, minutes: float = 1) -> Any:
    """The details of why the hold gets no more time."""
    body = {"additionalMinutes": minutes, "sessionId": "s1"}
    path = f"{RESERVATIONS}/{held['id']}"
    return (await api.refused("PATCH", path, body, status=409, code="extension_limit_reached"))["details"]


async def turned_away(api: Api, quantity: int = 1) -> None:
    """Somebody else is too late."""
    body = {"ticketTypeId": "tt", "quantity": quantity, "sessionId": "late"}
    await api.refused("POST", RESERVATIONS, body, status=409, code="not_enough_tickets")


async def test_the_standard_says_when_the_count_is_used_up(api: Api) -> None:
    held = await api.reserve()
    for _ in range(2):
        assert "extensionLimit" not in await api.extend(held, 1)
    assert (await api.extend(held, 1))["extensionLimit"] == "count"
    assert await limit_of(api, held) == "count"


async def test_the_standard_says_when_the_total_is_used_up(api: Api) -> None:
    held = await api.reserve()
    assert (await api.extend(held, 50))["extensionLimit"] == "total"
    assert await limit_of(api, held) == "total"


async def test_who_asks_for_too_much_is_told_the_rule_and_still_has_room(api: Api) -> None:
    held = await api.reserve()
    assert (await refused(api, held, 51))["extensionLimit"] == "total"
    assert await limit_of(api, held) is None


@configured(extensions={"policy": "strict"})
async def test_a_strict_service_extends_nothing(api: Api) -> None:
    held = await api.reserve()
    assert await limit_of(api, held) == "not_offered"
    shown = await api.show(held)
    assert (shown["extensionsLeft"], shown["maxExpiresAt"]) == (0, held["expiresAt"])


@configured(extensions={"policy": "strict"})
async def test_a_ticket_type_of_its_own_mind_is_not_bound_by_the_service(api: Api) -> None:
    held = await api.reserve()
    await choose(api, "standard")
    assert (await api.extend(held, 1))["extensionsLeft"] == 2


async def test_a_storefront_sees_a_types_own_policy_before_anything_is_held(api: Api) -> None:
    await choose(api, "accessible")
    shown = await api.call("GET", "/api/public/events/ev", status=200)
    assert [each["extensionPolicy"] for each in shown["data"]["event"]["ticketTypes"]] == ["accessible"]


async def test_a_change_of_policy_counts_from_then_on_and_takes_no_time_back(api: Api) -> None:
    held = await api.reserve()
    moved = await api.extend(held, 5)
    await choose(api, "strict")
    assert await limit_of(api, held) == "not_offered"
    assert (await api.show(held))["expiresAt"] == moved["expiresAt"]
    await choose(api, None)
    assert (await api.extend(held, 5))["extensionsLeft"] == 1


@configured(extensions={"policy": "accessible"}, holds={"max_minutes": 30})
async def test_accessible_gives_the_longest_hold_ten_times_the_usual_length_more(api: Api) -> None:
    held = await api.reserve(expirationMinutes=30)
    left = [(await api.extend(held, 10))["extensionsLeft"] for _ in range(10)]
    assert left == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await limit_of(api, held) == "count"
    assert (await api.show(held))["expiresAt"] == "2027-01-15T10:10:00.000Z"


@configured(extensions={"policy": "demand_aware"})
async def test_while_half_is_left_demand_aware_is_the_standard(api: Api) -> None:
    shown = await api.show(await api.reserve(5))
    assert (shown["extensionsLeft"], shown["maxExpiresAt"]) == (3, "2027-01-15T09:00:00.000Z")


@configured(extensions={"policy": "demand_aware"})
async def test_when_less_is_left_there_are_fewer_extensions_and_less_time(api: Api) -> None:
    held = await api.reserve()
    other = await api.reserve(5, session="s2")
    shown = await api.show(held)
    assert (shown["extensionsLeft"], shown["maxExpiresAt"]) == (2, "2027-01-15T08:30:00.000Z")
    assert (await refused(api, held, 21))["extensionLimit"] == "stock_is_low"
    await api.extend(held, 5)
    await api.extend(held, 5)
    assert await limit_of(api, held) == "stock_is_low"
    await api.cancel(other, session="s2")
    assert (await api.extend(held, 5))["extensionsLeft"] == 0


@configured(extensions={"policy": "demand_aware"})
async def test_while_others_wait_for_what_is_gone_nobody_gets_more_time_and_keeps_what_there_is(api: Api) -> None:
    held = await api.reserve(10)
    assert await limit_of(api, held) is None
    await turned_away(api)
    assert await limit_of(api, held) == "others_wait"
    assert (await api.show(held))["expiresAt"] == held["expiresAt"]


@configured(extensions={"policy": "demand_aware", "waiting_minutes": 1})
async def test_who_was_turned_away_waits_for_as_long_as_is_configured(api: Api) -> None:
    held = await api.reserve(10)
    await turned_away(api)
    api.clock.advance(59_999)
    assert await limit_of(api, held) == "others_wait"
    api.clock.advance(1)
    assert await limit_of(api, held) is None
    assert (await api.extend(held, 1))["extensionsLeft"] == 1


@configured(extensions={"policy": "demand_aware"})
async def test_who_is_turned_away_by_the_actor_waits_as_well(api: Api) -> None:
    held = await api.reserve(10)
    lines = [{"ticketTypeId": "tt", "quantity": 1}] * 2
    await api.refused("POST", RESERVATIONS, {"reservations": lines, "sessionId": "late"}, status=409)
    assert await limit_of(api, held) == "others_wait"


@configured(extensions={"policy": "demand_aware"})
async def test_who_wanted_more_than_is_left_keeps_nobody_from_more_time_until_it_is_gone(api: Api) -> None:
    held = await api.reserve(9)
    await turned_away(api, 2)
    assert await limit_of(api, held) is None
    await api.reserve(1)
    assert await limit_of(api, held) == "others_wait"


@configured(extensions={"policy": "demand_aware"})
async def test_who_is_refused_for_another_reason_does_not_wait(api: Api) -> None:
    held = await api.reserve(10)
    await api.call("POST", f"{TYPE}/pause", {}, token=ADMIN_TOKEN, status=200)
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "late"}
    await api.refused("POST", RESERVATIONS, body, status=409, code="sales_paused")
    assert await limit_of(api, held) is None


@configured(extensions={"policy": "demand_aware"}, holds={"max_active_per_session": 9})
async def test_with_limits_on_holders_those_turned_away_wait_as_well(api: Api) -> None:
    held = await api.reserve(10)
    lines = [{"ticketTypeId": "tt", "quantity": 1}] * 2
    await api.refused("POST", RESERVATIONS, {"reservations": lines, "sessionId": "late"}, status=409)
    assert await limit_of(api, held) == "others_wait"


@pytest.mark.parametrize("policy", ["standard", "accessible"])
async def test_no_other_policy_minds_who_waits(api: Api, policy: str) -> None:
    await choose(api, policy)
    held = await api.reserve(10)
    await turned_away(api)
    assert await limit_of(api, held) is None
