"""``actor-ticketing privacy`` as an operator types it."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from actor_ticketing.credentials import read_data_keys
from support.people import column, everything_of, files_with
from support.process import Service, list_stock
from support.service import ADA
from support.web import PERSON, RESERVATIONS, make_token, purchase_of

ARGUMENTS = {
    "export": ["--email", "ada@example.com"],
    "erase": ["--email", "ada@example.com", "--yes"],
    "rotate-key": [],
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


@pytest.fixture
async def bought(service: Service) -> Any:
    """What the running service answered to ADA's purchase of two tickets, the second for somebody else."""
    await service.start()
    async with aiohttp.ClientSession() as session:
        await list_stock(session, service.url, {"tt": 10})
        body: dict[str, Any] = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "s1"}
        async with session.post(service.url + RESERVATIONS, json=body) as response:
            held = (await response.json())["data"]["reservation"]
        bea = {"fullName": "Bea Brown", "identityType": "id", "identityNumber": "7"}
        path, body = purchase_of(held, ticketHolders=[PERSON, bea])
        headers = {"Authorization": f"Bearer {make_token()}", "Idempotency-Key": "k"}
        async with session.post(service.url + path, json=body, headers=headers) as response:
            assert response.status == 201
            return (await response.json())["data"]


async def privacy(service: Service, command: str, *more: str) -> tuple[int, str, str]:
    return await service.run("privacy", command, *(more or ARGUMENTS[command]))


async def test_export_prints_what_is_known_beside_a_running_server(service: Service, bought: Any) -> None:
    status, out, err = await privacy(service, "export")
    assert status == 0, err
    [purchase] = json.loads(out)["purchases"]
    assert purchase["id"] == bought["transaction"]["id"]
    assert purchase["buyerInfo"] == PERSON
    assert "Bea" not in out


@pytest.mark.usefixtures("bought")
async def test_export_of_somebody_unknown_is_empty(service: Service) -> None:
    status, out, _ = await privacy(service, "export", "--email", "nobody@example.com")
    assert status == 0
    assert json.loads(out)["purchases"] == []


@pytest.mark.usefixtures("bought")
async def test_erase_forgets_the_person_and_leaves_nothing_in_the_files(service: Service) -> None:
    assert await service.terminate() == 0
    database = service.data_dir / "tickets.db"
    sealed = [
        *column(database, "SELECT buyer FROM transactions"),
        *column(database, "SELECT holder FROM tickets WHERE position = 0"),
        *column(database, "SELECT substr(body, 1, 100) FROM idempotency"),
        *column(database, "SELECT buyer_digest FROM transactions"),
    ]
    assert len(files_with(service.data_dir, *sealed)) == 4
    status, out, err = await privacy(service, "erase")
    assert status == 0, err
    assert out.splitlines() == [
        "transactions: 1",
        "tickets: 1",
        "answers: 1",
        "accounts: 0",
        "contacts: 0",
        "tickets of others (kept): 1",
    ]
    assert files_with(service.data_dir, *sealed) == []
    assert "ada@" not in err
    status, out, _ = await service.run("verify")
    assert status == 0, out
    assert "ok   what is sealed opens, and is found by its address (1)" in out
    _, out, _ = await privacy(service, "export")
    assert json.loads(out)["purchases"] == []


@pytest.mark.usefixtures("bought")
async def test_erase_asks_whether_it_is_meant(service: Service) -> None:
    await service.terminate()
    command = " ".join([*service.command, "privacy erase --email ada@example.com"])
    status, _, err = await service.shell(f"echo n | {command}")
    assert status == 1
    assert "Aborted" in err
    assert column(service.data_dir / "tickets.db", "SELECT count(buyer) FROM transactions") == [1]
    status, out, err = await service.shell(f"echo y | {command}")
    assert (status, "transactions: 1" in out) == (0, True), err


async def test_rotating_the_key_seals_everything_anew_and_the_service_goes_on(service: Service, bought: Any) -> None:
    await service.terminate()
    secrets = service.data_dir / "secrets.json"
    [old] = read_data_keys(secrets)
    status, out, err = await privacy(service, "rotate-key")
    assert status == 0, err
    [new] = read_data_keys(secrets)
    assert new.kid != old.kid
    assert new.kid in out
    assert files_with(service.data_dir, f"{old.kid}.") == []
    await service.start()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{service.url}{RESERVATIONS}/{bought['reservation']['id']}?sessionId=s1") as response,
    ):
        assert (await response.json())["data"]["transaction"] == bought["transaction"]


@pytest.mark.parametrize("command", ["erase", "rotate-key"])
@pytest.mark.usefixtures("bought")
async def test_what_writes_is_refused_beside_a_running_server(service: Service, command: str) -> None:
    status, out, err = await privacy(service, command)
    assert (status, out) == (1, "")
    assert f"{service.data_dir} is in use" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ARGUMENTS)
async def test_without_a_database_it_is_a_sentence_and_nothing_is_made(service: Service, command: str) -> None:
    status, out, err = await privacy(service, command)
    assert (status, out) == (1, "")
    assert f"there is no database at {service.data_dir}" in err
    assert list(service.data_dir.iterdir()) == []


@pytest.mark.parametrize("command", ["export", "erase"])
async def test_what_is_no_address_is_refused(service: Service, command: str) -> None:
    status, out, err = await privacy(service, command, "--email", "ada")
    assert (status, out) == (1, "")
    assert "must be an e-mail address" in err


@pytest.mark.usefixtures("bought")
async def test_without_the_secrets_a_sentence_says_what_is_missing(service: Service) -> None:
    await service.terminate()
    secrets = service.data_dir / "secrets.json"
    secrets.rename(service.data_dir / "elsewhere.json")
    status, out, err = await privacy(service, "export")
    assert (status, out) == (1, "")
    assert "no data key" in err
    assert not secrets.exists()


@pytest.mark.usefixtures("bought")
async def test_verify_looks_at_a_backup_without_its_secrets_and_with_them(service: Service) -> None:
    copy, secrets = service.data_dir / "copy.db", service.data_dir / "secrets.json"
    await service.run("backup", str(copy))
    assert files_with(service.data_dir, *everything_of(ADA)) == []
    assert not [each for each in everything_of(ADA) if each.encode() in copy.read_bytes()]
    sentence = "what is sealed opens"
    status, out, _ = await service.run("verify", str(copy))
    assert (status, sentence in out) == (0, False)
    status, out, _ = await service.run("verify", str(copy), "--secrets", str(secrets))
    assert (status, f"ok   {sentence}" in out) == (0, True)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("UPDATE tickets SET holder = 'x' WHERE position = 0")
    status, out, _ = await service.run("verify", str(copy), "--secrets", str(secrets))
    assert (status, f"BAD  {sentence}" in out) == (1, True)


@pytest.mark.parametrize("command", ["", *ARGUMENTS])
async def test_every_command_explains_itself(service: Service, command: str) -> None:
    status, out, err = await service.shell(" ".join([*service.command, "privacy", command, "--help"]))
    assert (status, err) == (0, "")
    assert "Usage" in out
