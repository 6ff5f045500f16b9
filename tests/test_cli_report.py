"""``actor-ticketing report`` as an operator types it."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from actor_ticketing.persistence.connections import connect_to_write
from actor_ticketing.persistence.schema import migrate
from support.html_page import Page
from support.process import Service, admin, list_stock
from support.vaults import VAULT
from support.web import RESERVATIONS, make_token, purchase_of


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


@pytest.fixture
def empty(service: Service) -> Service:
    """A service that has never run, on an empty database."""
    with closing(connect_to_write(service.data_dir / "tickets.db")) as connection:
        migrate(connection, VAULT)
    return service


async def post(service: Service, session: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> Any:
    async with session.post(service.url + path, json=body, headers=headers) as response:
        assert response.status == 201, await response.text()
        return (await response.json())["data"]


async def report(service: Service, *options: str) -> Page:
    status, _, err = await service.run("report", "--html", "page.html", *options)
    assert (status, err) == (0, "")
    return Page((service.data_dir / "page.html").read_text(encoding="utf-8"))


async def refused(service: Service, *options: str) -> str:
    """What is said about a report that there is not; nothing is written."""
    before = sorted(service.data_dir.glob("*page*"))
    status, out, err = await service.run("report", "--html", "page.html", *options)
    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert sorted(service.data_dir.glob("*page*")) == before
    return err


async def test_its_figures_are_those_of_the_api_beside_a_running_server_and_on_what_it_leaves(service: Service) -> None:
    await service.start()
    async with aiohttp.ClientSession() as session:
        await list_stock(session, service.url, {"tt": 10})
        held = [
            (await post(service, session, RESERVATIONS, {"ticketTypeId": "tt", "quantity": each, "sessionId": "s1"}))
            for each in (2, 3)
        ]
        path, body = purchase_of(held[0]["reservation"])
        await post(service, session, path, body, Authorization=f"Bearer {make_token()}")
        path = f"{service.url}{RESERVATIONS}/{held[1]['reservation']['id']}"
        async with session.patch(path, json={"additionalMinutes": 1, "sessionId": "s1"}) as response:
            assert response.status == 200
        page = await report(service)
        figures = await admin(session, service.url, "GET", "/api/admin/analytics")
    assert figures["totals"]["sold"] == {"reservations": 1, "tickets": 2}
    assert figures["conversion"] == {"ofSettled": 1.0, "ofHeld": 0.5}
    assert figures["extensions"]["granted"] == 1
    for each in (page, await left_by(service)):
        assert each.tile("Sold") == "2 tickets"
        assert each.tile("Revenue") == "90.00 EUR"
        assert each.tile("Conversion") == "100.0 %"
        assert each.tile("Time to purchase") == f"{figures['timeToPurchase']['p50Seconds']} s"
        assert ["made", "100.0 %", "2", "5"] in each.rows
        assert ["purchased", "50.0 %", "1", "2"] in each.rows
        assert ["extended", "1", "0", "0", "\N{EN DASH}"] in each.rows


async def left_by(service: Service) -> Page:
    """A report on what a stopped server has left."""
    assert await service.terminate() == 0
    return await report(service, "--overwrite")


async def test_its_page_is_of_the_time_and_the_time_zone_that_were_asked_for(empty: Service) -> None:
    page = await report(empty, "--from", "2020-03-01", "--to", "2020-04-01", "--timezone", "Europe/Berlin")
    texts = " ".join(page.texts)
    assert "1 Mar 2020, 00:00 to 1 Apr 2020, 00:00" in texts
    assert "in the time zone Europe/Berlin" in texts


async def test_nothing_is_overwritten_unless_that_is_asked_for(empty: Service) -> None:
    page = empty.data_dir / "page.html"
    page.write_text("a page of mine")
    assert "exists already" in await refused(empty)
    assert page.read_text() == "a page of mine"
    assert "in the time zone UTC" in " ".join((await report(empty, "--overwrite")).texts)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--event", "nowhere"], "--event: there is no event nowhere"),
        (["--from", "soon"], "--from: 'soon' is neither a day"),
        (["--from", "2020-01-01", "--to", "2027-01-01", "--bucket", "60"], "--bucket must be longer"),
        (["--timezone", "Mars/Olympus"], "there is no time zone Mars/Olympus"),
    ],
)
async def test_what_is_wrong_is_said(empty: Service, options: list[str], said: str) -> None:
    assert said in await refused(empty, *options)


async def test_without_a_database_it_says_so(service: Service) -> None:
    assert "there is no database at" in await refused(service)
    assert not (service.data_dir / "tickets.db").exists()


async def test_a_file_that_is_no_database_is_told_from_one(service: Service) -> None:
    (service.data_dir / "tickets.db").write_text("something else" * 100)
    assert "the database cannot be used" in await refused(service)


async def test_a_place_that_cannot_be_written_to_is_named(empty: Service) -> None:
    status, _, err = await empty.run("report", "--html", "nowhere/page.html")
    assert status == 1
    assert "No such file or directory" in err
