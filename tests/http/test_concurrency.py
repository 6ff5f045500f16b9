"""Many clients at once: exactly the stock is sold, and every answer on the way adds up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.persistence.connections import DATABASE
from bench.history.checker import check
from bench.history.ledger import read_ledger
from support.service import list_ticket_type
from support.web import PURCHASES, RESERVATIONS, Api, make_token, purchase_of, purchases_of

CLIENTS = 64
STOCK = 500
TRIES = 700


@pytest.fixture(autouse=True)
async def explained(api: Api, tmp_path: Path) -> AsyncIterator[None]:
    """All that these clients were told has to follow from one order of all changes, with nothing left over."""
    yield
    check(api.history.operations(), read_ledger(tmp_path / DATABASE), complete_from=0)


async def rush(api: Api, types: list[str], bodies: list[Any]) -> list[int]:
    """Have 64 clients send all bodies, with two more watching the stock; return the statuses."""
    statuses: list[int] = []
    queue = iter(bodies)
    over = asyncio.Event()

    async def buyer() -> None:
        for body in queue:
            response = await api.send("POST", RESERVATIONS, body)
            await response.read()
            statuses.append(response.status)

    async def watcher(of: str) -> int:
        seen = 0
        while not over.is_set():
            total, sold, reserved, available = await api.counters(of)
            assert total == sold + reserved + available == STOCK
            assert min(sold, reserved, available) >= 0
            seen += 1
        return seen

    watchers = [asyncio.create_task(watcher(of)) for of in types]
    await asyncio.gather(*(buyer() for _ in range(CLIENTS)))
    over.set()
    assert all(seen > 10 for seen in await asyncio.gather(*watchers))
    return statuses


def outcome(statuses: list[int]) -> dict[int, int]:
    return {status: statuses.count(status) for status in sorted(set(statuses))}


async def test_a_crowd_gets_exactly_what_there_is(api: Api) -> None:
    await list_ticket_type(api.backend, "big", total=STOCK)
    bodies = [{"ticketTypeId": "big", "quantity": 1, "sessionId": f"s{number}"} for number in range(TRIES)]
    statuses = await rush(api, ["big"], bodies)
    assert outcome(statuses) == {201: STOCK, 409: TRIES - STOCK}
    assert await api.counters("big") == (STOCK, 0, STOCK, 0)


async def test_a_crowd_gets_exactly_what_there_is_of_two_types_at_once(api: Api) -> None:
    await list_ticket_type(api.backend, "left", total=STOCK)
    await list_ticket_type(api.backend, "right", total=STOCK)
    lines = [{"ticketTypeId": of, "quantity": 1} for of in ("left", "right")]
    bodies = [{"reservations": lines[:: 1 if number % 2 else -1], "sessionId": f"s{number}"} for number in range(TRIES)]
    statuses = await rush(api, ["left", "right"], bodies)
    assert outcome(statuses) == {201: STOCK, 409: TRIES - STOCK}
    assert await api.counters("left") == (STOCK, 0, STOCK, 0)
    assert await api.counters("right") == (STOCK, 0, STOCK, 0)


async def test_single_and_bulk_requests_share_the_stock(api: Api) -> None:
    await list_ticket_type(api.backend, "left", total=STOCK)
    await list_ticket_type(api.backend, "right", total=STOCK)
    bodies: list[Any] = []
    for number in range(TRIES // 2):
        lines = [{"ticketTypeId": of, "quantity": 1} for of in ("left", "right")]
        bodies.append({"reservations": lines, "sessionId": f"b{number}"})
        bodies.append({"ticketTypeId": "left", "quantity": 1, "sessionId": f"s{number}"})
    await rush(api, ["left", "right"], bodies)
    left, right = await api.counters("left"), await api.counters("right")
    assert left == (STOCK, 0, STOCK, 0)
    assert right[2] <= TRIES // 2


@pytest.mark.parametrize("several", [False, True], ids=["purchase", "purchases"])
async def test_of_a_purchase_and_a_cancellation_exactly_one_wins(api: Api, several: Any) -> None:
    await list_ticket_type(api.backend, "big", total=100)
    await list_ticket_type(api.backend, "other", total=100)
    token = make_token()
    sold = 0
    for turn in range(20):
        held, other = await api.reserve(2, of="big"), await api.reserve(1, of="other")
        path, body = (PURCHASES, purchases_of(other, held)) if several else purchase_of(held)
        buy = api.send("POST", path, body, token=token)
        cancel = api.send("DELETE", f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1"})
        work = [buy, cancel] if turn % 2 else [cancel, buy]
        responses = await asyncio.gather(*work)
        bought, cancelled = responses if turn % 2 else reversed(responses)
        status = (await api.show(held))["reservation"]["status"]
        assert (bought.status, cancelled.status, status) in {(201, 409, "CONVERTED"), (409, 200, "CANCELLED")}
        sold += 2 if bought.status == 201 else 0
        loser = cancelled if bought.status == 201 else bought
        code = "reservation_converted" if bought.status == 201 else "reservation_cancelled"
        assert (await loser.json())["error"]["code"] == code
        other_status = (await api.show(other))["reservation"]["status"]
        assert other_status == ("CONVERTED" if several and bought.status == 201 else "ACTIVE")
    assert await api.counters("big") == (100, sold, 0, 100 - sold)


async def test_of_many_purchases_of_one_reservation_one_wins(api: Api) -> None:
    path, body = purchase_of(await api.reserve(3))
    responses = await asyncio.gather(*(api.send("POST", path, body, token=make_token()) for _ in range(10)))
    assert outcome([response.status for response in responses]) == {201: 1, 409: 9}
    assert await api.counters() == (10, 3, 0, 7)


async def test_of_many_cancellations_of_one_reservation_one_wins(api: Api) -> None:
    held = await api.reserve(3)
    path = f"{RESERVATIONS}/{held['id']}"
    responses = await asyncio.gather(*(api.send("DELETE", path, {"sessionId": "s1"}) for _ in range(10)))
    assert outcome([response.status for response in responses]) == {200: 1, 409: 9}
    assert await api.counters() == (10, 0, 0, 10)


async def test_extensions_at_once_are_all_counted(api: Api) -> None:
    held = await api.reserve()
    body = {"additionalMinutes": 1, "sessionId": "s1"}
    responses = await asyncio.gather(*(api.send("PATCH", f"{RESERVATIONS}/{held['id']}", body) for _ in range(6)))
    assert outcome([response.status for response in responses]) == {200: 3, 409: 3}
    assert (await api.show(held))["expiresAt"] == "2027-01-15T08:13:00.000Z"


async def test_purchases_of_the_same_reservations_in_another_order_do_not_block_each_other(api: Api) -> None:
    await list_ticket_type(api.backend, "other")
    for _ in range(3):
        first, second = await api.reserve(), await api.reserve(of="other")
        bodies = [purchases_of(first, second), purchases_of(second, first)]
        async with asyncio.timeout(30):
            work = (api.send("POST", PURCHASES, body, token=make_token()) for body in bodies * 3)
            responses = await asyncio.gather(*work)
        assert outcome([response.status for response in responses]) == {201: 1, 409: 5}
