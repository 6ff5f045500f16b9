"""How sales go, over time and from hold to purchase."""

from typing import Any

import pytest

from actor_ticketing.actors import analytics
from actor_ticketing.persistence import analytics as counting
from support.service import list_event, list_ticket_type
from support.web import ADMIN_TOKEN, Api, OpenApi, fields_of

ANALYTICS = "/api/admin/analytics"
NOON = "2027-01-15T08:00:00.000Z"
NONE = {"reservations": 0, "tickets": 0}
QUARTER = "?from=2027-01-15T08:00:00Z&to=2027-01-15T08:05:00Z&bucket=60"


def amount(reservations: int, tickets: int) -> dict[str, int]:
    return {"reservations": reservations, "tickets": tickets}


async def ask(api: Api, query: str = QUARTER) -> Any:
    return (await api.call("GET", ANALYTICS + query, token=ADMIN_TOKEN, status=200))["data"]


async def an_hour(api: Api) -> None:
    """A bit of everything, minute by minute."""
    bought, released, _, _ = [await api.reserve(each, expirationMinutes=2) for each in (2, 1, 3, 1)]
    await api.pass_time(60_000)
    await api.buy(bought)
    await api.cancel(released)
    await api.pass_time(60_000)
    await api.reserve(4, expirationMinutes=30)


async def test_each_point_has_what_happened_in_it(api: Api) -> None:
    await an_hour(api)
    data = await ask(api)
    assert (data["from"], data["to"], data["bucketSeconds"]) == (NOON, "2027-01-15T08:05:00.000Z", 60)
    empty = {"reserved": NONE, "sold": NONE, "expired": NONE, "cancelled": NONE, "revenue": {}}
    assert data["points"] == [
        {**empty, "at": NOON, "reserved": amount(4, 7)},
        {
            **empty,
            "at": "2027-01-15T08:01:00.000Z",
            "sold": amount(1, 2),
            "cancelled": amount(1, 1),
            "revenue": {"EUR": 9000},
        },
        {**empty, "at": "2027-01-15T08:02:00.000Z", "reserved": amount(1, 4), "expired": amount(2, 4)},
        {**empty, "at": "2027-01-15T08:03:00.000Z"},
        {**empty, "at": "2027-01-15T08:04:00.000Z"},
    ]


async def test_the_totals_are_the_sums_of_the_points(api: Api) -> None:
    await an_hour(api)
    data = await ask(api)
    for name in ("reserved", "sold", "expired", "cancelled"):
        for unit in ("reservations", "tickets"):
            assert data["totals"][name][unit] == sum(point[name][unit] for point in data["points"])
    assert data["totals"]["revenue"] == {"EUR": 9000}


async def test_the_funnel_says_what_became_of_the_holds(api: Api) -> None:
    await an_hour(api)
    assert (await ask(api))["funnel"] == {
        "held": amount(5, 11),
        "purchased": amount(1, 2),
        "expired": amount(2, 4),
        "cancelled": amount(1, 1),
        "live": amount(1, 4),
    }


async def test_the_funnel_is_of_the_holds_made_in_the_span_whenever_they_ended(api: Api) -> None:
    await an_hour(api)
    first_minute = "?from=2027-01-15T08:00:00Z&to=2027-01-15T08:01:00Z&bucket=60"
    data = await ask(api, first_minute)
    assert data["totals"]["sold"] == NONE
    assert (data["funnel"]["held"], data["funnel"]["purchased"]) == (amount(4, 7), amount(1, 2))


async def test_the_conversion_is_of_the_holds_that_have_ended_and_of_all(api: Api) -> None:
    await an_hour(api)
    assert (await ask(api))["conversion"] == {"ofSettled": 0.25, "ofHeld": 0.2}


async def test_how_long_purchases_took_is_told_in_whole_seconds_rounded_up(api: Api) -> None:
    held = [await api.reserve() for _ in range(3)]
    for milliseconds, each in zip((0, 1_001, 298_999), held, strict=True):
        await api.pass_time(milliseconds)
        await api.buy(each)
    times = (await ask(api, ""))["timeToPurchase"]
    assert (times["purchases"], times["p50Seconds"], times["p90Seconds"]) == (3, 2, 300)
    assert (times["binSeconds"], times["bins"]) == (15, [2, *[0] * 18, 1])


async def test_what_was_bought_after_its_first_deadline_was_brought_by_an_extension(api: Api) -> None:
    in_time, late, plain = [await api.reserve(each, expirationMinutes=2) for each in (1, 2, 4)]
    for each in (in_time, late):
        await api.extend(each, 2)
    await api.pass_time(119_999)
    await api.buy(in_time)
    await api.pass_time(1)
    await api.buy(late)
    extensions = (await ask(api))["extensions"]
    assert extensions == {
        "granted": 2,
        "extended": {"held": amount(2, 3), "settled": amount(2, 3), "purchased": amount(2, 3)},
        "notExtended": {"held": amount(1, 4), "settled": amount(1, 4), "purchased": NONE},
        "brought": {**amount(1, 2), "revenue": {"EUR": 9000}},
    }
    assert plain["quantity"] == 4


async def test_what_expired_holds_kept_from_others_is_told_in_minutes_times_tickets(api: Api) -> None:
    await an_hour(api)
    assert (await ask(api))["lostTicketMinutes"] == 2 * (3 + 1)


async def test_the_peak_is_the_first_of_the_busiest_seconds_and_minutes(api: Api) -> None:
    for milliseconds, quantity in ((999, 1), (1, 2), (0, 1), (60_000, 3)):
        await api.pass_time(milliseconds)
        await api.reserve(quantity)
    assert (await ask(api))["peak"] == {
        "second": {"at": "2027-01-15T08:00:01.000Z", "tickets": 3},
        "minute": {"at": NOON, "tickets": 4},
    }


async def test_each_ticket_type_has_what_was_sold_of_it(api: Api) -> None:
    await list_ticket_type(api.backend, "vip", price=10_000)
    await list_ticket_type(api.backend, "idle")
    for of, quantity in (("vip", 1), ("tt", 2), ("tt", 1)):
        await api.buy(await api.reserve(quantity, of=of))
    assert (await ask(api))["ticketTypes"] == [
        {"ticketTypeId": "tt", **amount(2, 3), "revenue": {"EUR": 13_500}},
        {"ticketTypeId": "vip", **amount(1, 1), "revenue": {"EUR": 10_000}},
    ]


async def test_where_the_ledger_does_not_go_back_so_far_that_is_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await ask(api))["completeFrom"] is None

    async def archived() -> int:
        return api.clock.now() + 59_999

    monkeypatch.setattr(api.backend.analytics._queries, "archived_until", archived)
    assert (await ask(api))["completeFrom"] == "2027-01-15T08:01:00.000Z"


async def test_where_nothing_happened_there_is_nothing_to_have_a_share_of(api: Api) -> None:
    data = await ask(api)
    assert data["conversion"] == {"ofSettled": None, "ofHeld": None}
    assert data["timeToPurchase"] == {
        "purchases": 0, "p50Seconds": None, "p90Seconds": None, "binSeconds": 1, "bins": [],
    }  # fmt: skip
    assert data["peak"] == {"second": None, "minute": None}
    assert (data["lostTicketMinutes"], data["ticketTypes"]) == (0, [])


async def test_a_span_ends_before_its_end(api: Api) -> None:
    await api.reserve()
    before = "?from=2027-01-15T07:00:00Z&to=2027-01-15T08:00:00Z"
    assert (await ask(api, before))["totals"]["reserved"] == NONE
    from_then = "?from=2027-01-15T08:00:00Z&to=2027-01-15T08:00:00.001Z"
    assert (await ask(api, from_then))["totals"]["reserved"] == amount(1, 1)


async def test_without_a_span_it_is_the_last_day_by_the_hour_up_to_now(api: Api) -> None:
    await api.reserve()
    data = await ask(api, "")
    assert (data["bucketSeconds"], len(data["points"])) == (3600, 24)
    assert data["points"][-1]["reserved"] == amount(1, 1)


async def test_it_is_of_one_event_or_ticket_type_where_that_is_asked(api: Api) -> None:
    await list_event(api.backend, event_id="other")
    await list_ticket_type(api.backend, "theirs", event_id="other")
    await list_ticket_type(api.backend, "vip")
    for number, of in enumerate(("tt", "vip", "theirs"), 1):
        await api.reserve(number, of=of)
    for query, tickets in (
        ("", 6),
        ("?eventId=ev", 3),
        ("?eventId=other", 3),
        ("?ticketTypeId=vip", 2),
        ("?eventId=ev&ticketTypeId=tt", 1),
    ):
        data = await ask(api, query)
        assert data["totals"]["reserved"]["tickets"] == data["funnel"]["held"]["tickets"] == tickets


async def test_an_event_without_ticket_types_has_sold_nothing(api: Api) -> None:
    await list_event(api.backend, event_id="empty")
    await api.reserve()
    assert (await ask(api, "?eventId=empty"))["totals"]["reserved"] == NONE


async def test_currencies_are_not_added_up(api: Api) -> None:
    await api.buy(await api.reserve())
    await api.call("PATCH", "/api/admin/ticket-types/tt", {"currency": "USD"}, token=ADMIN_TOKEN, status=200)
    await api.buy(await api.reserve(2))
    assert (await ask(api))["totals"]["revenue"] == {"EUR": 4500, "USD": 9000}


async def test_a_service_that_has_done_nothing_yet_says_so(open_api: OpenApi) -> None:
    async with open_api() as api:
        data = await ask(api)
        assert data["totals"]["reserved"] == data["funnel"]["held"] == NONE


@pytest.mark.parametrize(("portion", "slack"), [(1, 0), (3, 0), (3, 5)])
async def test_it_is_the_same_in_however_small_portions(
    api: Api, monkeypatch: pytest.MonkeyPatch, portion: int, slack: int
) -> None:
    await an_hour(api)
    whole = [await ask(api), await ask(api, "?from=2027-01-15T08:01:00Z&to=2027-01-15T08:02:00Z&bucket=60")]
    monkeypatch.setattr(analytics, "PORTION", portion)
    monkeypatch.setattr(counting, "SLACK", slack)
    assert [await ask(api), await ask(api, "?from=2027-01-15T08:01:00Z&to=2027-01-15T08:02:00Z&bucket=60")] == whole


async def test_there_may_be_two_thousand_points_and_no_more(api: Api) -> None:
    longest = "?from=2027-01-01T00:00:00Z&to=2027-01-02T09:20:{}Z&bucket=60"
    assert len((await ask(api, longest.format("00")))["points"]) == 2000
    error = await api.refused("GET", ANALYTICS + longest.format("00.001"), token=ADMIN_TOKEN, status=400)
    assert fields_of(error) == {"bucket"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2027-01-15", "to"),
        ("from=2027-01-15T08:00:00Z&to=2027-01-15T08:00:00Z", "to"),
        ("bucket=59", "bucket"),
        ("bucket=86401", "bucket"),
        ("bucket=1h", "bucket"),
        ("bucket=-60", "bucket"),
        ("bucket=60.5", "bucket"),
        ("bucket=٦٠", "bucket"),
        ("bucket=", "bucket"),
        ("eventId=", "eventId"),
        ("ticketTypeId=a/b", "ticketTypeId"),
    ],
)
async def test_what_is_wrong_with_a_question_is_named(api: Api, query: str, field: str) -> None:
    assert fields_of(await api.refused("GET", f"{ANALYTICS}?{query}", token=ADMIN_TOKEN, status=400)) == {field}


async def test_what_does_not_exist_is_said_to(api: Api) -> None:
    await list_event(api.backend, event_id="other")
    for query, code in (("eventId=nothing", "event"), ("ticketTypeId=nothing", "ticket_type")):
        path = f"{ANALYTICS}?{query}"
        await api.refused("GET", path, token=ADMIN_TOKEN, status=404, code=f"{code}_not_found")
    mixed = f"{ANALYTICS}?eventId=other&ticketTypeId=tt"
    assert fields_of(await api.refused("GET", mixed, token=ADMIN_TOKEN, status=400)) == {"ticketTypeId"}
