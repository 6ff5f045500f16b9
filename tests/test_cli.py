"""The command as an operator types it."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import jwt
import pytest

from support.process import Service, admin, list_stock
from support.web import ADMIN_TOKEN, JWT_SECRET

EXAMPLE = Path(__file__).parent.parent / "examples" / "catalogue.toml"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def test_importing_a_file_twice_changes_nothing(service: Service) -> None:
    status, out, err = await service.run("import", str(EXAMPLE))
    assert (status, out) == (0, "6 created, 0 changed, 0 unchanged\n"), err
    status, out, err = await service.run("import", str(EXAMPLE))
    assert (status, out) == (0, "0 created, 0 changed, 6 unchanged\n"), err


async def test_a_file_goes_into_a_running_service_over_http(service: Service) -> None:
    await service.start()
    status, out, err = await service.run("import", str(EXAMPLE), "--url", service.url, "--token", ADMIN_TOKEN)
    assert (status, out) == (0, "6 created, 0 changed, 0 unchanged\n"), err


async def test_importing_beside_a_running_service_is_refused_and_names_the_directory(service: Service) -> None:
    await service.start()
    status, out, err = await service.run("import", str(EXAMPLE))
    assert (status, out) == (1, "")
    assert str(service.data_dir) in err
    assert "in use" in err
    assert "Traceback" not in err


async def test_a_file_with_a_mistake_changes_nothing_and_the_message_names_it(service: Service, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(EXAMPLE.read_text(encoding="utf-8").replace("price = 3900", 'price = "much"'), encoding="utf-8")
    status, out, err = await service.run("import", str(broken))
    assert (status, out) == (1, "")
    assert "events.0.ticketTypes.1.price must be an integer" in err
    assert not (tmp_path / "tickets.db").exists()


async def test_a_second_server_on_the_same_directory_is_refused_without_a_traceback(service: Service) -> None:
    await service.start()
    status, out, err = await service.run("serve", "--port", "0")
    assert (status, out) == (1, "")
    assert f"{service.data_dir} is in use" in err
    assert "Traceback" not in err


async def test_an_unknown_key_stops_the_start_with_a_message_that_names_it(service: Service) -> None:
    service.environment = {"ACTOR_TICKETING_SERVER__PROT": "8080"}
    status, out, err = await service.run("serve")
    assert (status, out) == (1, "")
    assert "ACTOR_TICKETING_SERVER__PROT" in err


async def test_token_prints_the_token_alone(service: Service) -> None:
    status, out, _ = await service.run("token", "--user", "ada", "--role", "admin", "--minutes", "5")
    assert status == 0
    claims = jwt.decode(out.strip(), JWT_SECRET, algorithms=["HS256"], audience="actor-ticketing")
    assert (claims["sub"], claims["role"], claims["exp"] - claims["iat"]) == ("ada", "admin", 300)
    assert out.count("\n") == 1


@pytest.mark.parametrize("minutes", ["0", "-5", "nan", "inf", "1e300"])
async def test_a_token_for_no_time_or_for_ever_is_refused_in_a_sentence(service: Service, minutes: str) -> None:
    status, out, err = await service.run("token", "--user", "ada", "--minutes", minutes)
    assert status != 0
    assert out == ""
    assert "--minutes" in err
    assert "Traceback" not in err


async def test_a_token_for_an_admin_opens_the_admin_routes(service: Service, session: aiohttp.ClientSession) -> None:
    await service.start()
    _, out, _ = await service.run("token", "--user", "ada", "--role", "admin")
    headers = {"Authorization": f"Bearer {out.strip()}"}
    async with session.get(f"{service.url}/api/admin/events", headers=headers) as response:
        assert response.status == 200


async def test_secrets_are_made_at_the_first_start_and_only_their_place_is_told(service: Service) -> None:
    service.environment = {"ACTOR_TICKETING_AUTH__ADMIN_TOKEN": ""}
    status, _, err = await service.run("token", "--user", "ada")
    secrets = service.data_dir / "secrets.json"
    assert status == 0
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert str(secrets) in err
    assert "adminToken" in secrets.read_text(encoding="utf-8")


async def test_the_demonstration_catalogue_has_three_events_and_ten_ticket_types(
    service: Service, session: aiohttp.ClientSession
) -> None:
    await service.start("--demo")
    async with session.get(f"{service.url}/api/public/events") as response:
        events = (await response.json())["data"]
    assert len(events) == 3
    assert sum(len(event["ticketTypes"]) for event in events) == 10


async def test_the_demonstration_catalogue_stays_out_of_a_database_with_events(
    service: Service, session: aiohttp.ClientSession
) -> None:
    await service.run("import", str(EXAMPLE))
    await service.start("--demo")
    assert len(await admin(session, service.url, "GET", "/api/admin/events")) == 2


async def test_a_backup_of_a_running_service_is_in_order(
    service: Service, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await service.start()
    await list_stock(session, service.url, {"tt": 10})
    status, out, err = await service.run("backup", str(tmp_path / "copy.db"))
    assert (status, err) == (0, ""), out
    status, out, err = await service.run("verify", str(tmp_path / "copy.db"))
    assert status == 0, out + err
    assert "the books are in order" in out


async def test_verify_says_where_the_books_are_wrong_and_exits_with_1(service: Service) -> None:
    await service.run("import", str(EXAMPLE))

    with sqlite3.connect(service.data_dir / "tickets.db") as database:
        database.execute("UPDATE ticket_types SET sold = 3 WHERE id = 'tt_lakeside_lawn'")
    database.close()
    status, out, _ = await service.run("verify")
    assert status == 1
    assert "tt_lakeside_lawn" in out
    assert "NOT in order" in out


async def test_verify_without_a_database_is_a_sentence(service: Service) -> None:
    status, out, err = await service.run("verify")
    assert (status, out) == (1, "")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "command",
    [[], ["serve"], ["import"], ["verify"], ["backup"], ["token"], ["openapi"], ["account"], ["account", "role"]],
)
async def test_every_command_explains_itself(service: Service, command: list[str]) -> None:
    status, out, err = await service.shell(" ".join([*service.command, *command, "--help"]))
    assert (status, err) == (0, "")
    assert "Usage" in out


ADA = {"email": "Ada@example.com", "password": "correct horse"}


async def signed_in(session: aiohttp.ClientSession, url: str, route: str) -> dict[str, str]:
    async with session.post(f"{url}/api/public/auth/{route}", json=ADA) as response:
        document = await response.json()
        assert response.status < 300, document
        return {"Authorization": f"Bearer {document['data']['token']}"}


async def test_an_operator_makes_an_account_an_admin(service: Service, session: aiohttp.ClientSession) -> None:
    await service.start()
    await signed_in(session, service.url, "register")
    assert await service.terminate() == 0
    status, out, err = await service.run("account", "role", "--email", "ada@EXAMPLE.com", "--role", "admin")
    assert status == 0, err
    assert out.startswith("acct_")
    assert out.endswith(": admin\n")
    await service.start()
    headers = await signed_in(session, service.url, "login")
    async with session.get(f"{service.url}/api/admin/events", headers=headers) as response:
        assert response.status == 200
    status, out, _ = await service.run("verify")
    assert status == 0, out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--email", "nobody@example.com", "--role", "admin"], "There is no such account."),
        (["--email", "nobody", "--role", "admin"], "--email: must be an e-mail address"),
    ],
)
async def test_a_role_for_nobody_is_refused_in_a_sentence(service: Service, arguments: list[str], problem: str) -> None:
    status, out, err = await service.run("account", "role", *arguments)
    assert (status, out) == (1, "")
    assert f"error: {problem}\n" in err
    assert "Traceback" not in err


async def test_there_are_two_roles(service: Service) -> None:
    status, _, err = await service.run("account", "role", "--email", "ada@example.com", "--role", "boss")
    assert status == 2
    assert "boss" in err


async def test_a_role_is_not_given_beside_a_running_service(service: Service) -> None:
    await service.start()
    status, out, err = await service.run("account", "role", "--email", "ada@example.com", "--role", "admin")
    assert (status, out) == (1, "")
    assert "in use" in err


async def test_openapi_prints_what_the_service_answers(service: Service, session: aiohttp.ClientSession) -> None:
    service.environment = {"ACTOR_TICKETING_ACCOUNTS__ENABLED": "false"}
    status, out, err = await service.run("openapi")
    assert (status, err) == (0, "")
    assert list(service.data_dir.iterdir()) == []
    await service.start()
    async with session.get(f"{service.url}/openapi.json") as response:
        assert await response.text() == out
    assert "/api/public/auth/login" not in out
