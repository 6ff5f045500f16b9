"""The admin API of webhooks."""

import json
import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from actor_ticketing.domain.webhooks import WEBHOOKS_MAX
from support.web import ADMIN_TOKEN, Api, OpenApi, configured, fields_of
from support.webhooks import Receiver, believe, holds

HOOKS = "/api/admin/webhooks"
HOOK = {"name": "Warehouse", "url": "https://warehouse.example/in"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONFIGURED = {"endpoints": [{"name": "crm", "url": "https://crm.example/in", "secrets": [SECRET]}]}


async def ask(api: Api, method: str, path: str = "", body: Any = None, *, status: int = 200) -> Any:
    return (await api.call(method, HOOKS + path, body, token=ADMIN_TOKEN, status=status))["data"]


async def refused(api: Api, method: str, path: str = "", body: Any = None, **how: Any) -> Any:
    return await api.refused(method, HOOKS + path, body, token=ADMIN_TOKEN, **how)


async def create(api: Api, **changes: Any) -> Any:
    return await ask(api, "POST", body={**HOOK, **changes}, status=201)


async def test_a_new_webhook_shows_its_secret_once_and_begins_now(api: Api) -> None:
    made = await create(api, kinds=["reservation.converted"])
    hook = made["webhook"]
    assert made["secret"].startswith("whsec_")
    assert hook == {
        "id": hook["id"], "name": "Warehouse", "url": HOOK["url"], "kinds": ["reservation.converted"],
        "source": "admin", "createdAt": "2027-01-15T08:00:00.000Z", "enabled": True, "disabledAt": None,
        "disabledBecause": None, "cursor": 2, "behind": 0, "lastSuccessAt": None, "lastFailure": None,
        "failingSince": None, "nextTryAt": None, "missed": None,
    }  # fmt: skip
    listed = await ask(api, "GET")
    assert listed == {"enabled": True, "webhooks": [hook]}
    assert await ask(api, "GET", f"/{hook['id']}") == {"webhook": hook}


async def test_it_is_made_once_for_one_idempotency_key(api: Api) -> None:
    headers = {"Idempotency-Key": "k"}
    answers = [await (await api.send("POST", HOOKS, HOOK, token=ADMIN_TOKEN, headers=headers)).read() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len((await ask(api, "GET"))["webhooks"]) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"url": ""}, "url"),
        ({"url": None}, "url"),
        ({"url": 7}, "url"),
        ({"url": "http://warehouse.example/"}, "url"),
        ({"url": "https://user:password@warehouse.example/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://[::ffff:127.0.0.1]/"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://x.example/" + "a" * 2_000}, "url"),
        ({"kinds": ["reservation.*"]}, "kinds.0"),
        ({"kinds": ["webhook.test"]}, "kinds.0"),
        ({"kinds": "reservation.created"}, "kinds"),
        ({"kinds": None}, "kinds"),
        ({"kinds": ["event.created"] * 50}, "kinds"),
        ({"fromSeq": 0}, "fromSeq"),
        ({"fromSeq": "1"}, "fromSeq"),
        ({"fromSeq": True}, "fromSeq"),
        ({"secret": SECRET}, "secret"),
        ({"enabled": False}, "enabled"),
    ],
)
async def test_what_is_wrong_with_a_new_one_is_named_and_none_is_made(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    error = await refused(api, "POST", body={**HOOK, **changes}, status=400, code="validation_error")
    assert fields_of(error) == {field}
    assert (await ask(api, "GET"))["webhooks"] == []


@pytest.mark.parametrize("from_seq", [4, 2**53])
async def test_it_cannot_begin_with_what_is_far_from_happening(api: Api, from_seq: int) -> None:
    error = await refused(api, "POST", body={**HOOK, "fromSeq": from_seq}, status=409, code="seq_not_in_ledger")
    assert error["details"] == {"oldest": 1, "newest": 2}


async def test_there_may_be_so_many_and_no_more(api: Api) -> None:
    for _ in range(WEBHOOKS_MAX):
        await create(api)
    error = await refused(api, "POST", body=HOOK, status=409, code="too_many_webhooks")
    assert error["details"] == {"limit": WEBHOOKS_MAX}


async def test_a_change_leaves_what_is_absent(api: Api) -> None:
    made = (await create(api, kinds=["event.created"]))["webhook"]
    path = f"/{made['id']}"
    for change in ({"name": "W"}, {"url": "https://other.example/"}, {"kinds": []}, {}):
        made |= change
        assert (await ask(api, "PATCH", path, change))["webhook"] == made


async def test_it_can_be_switched_off_and_on(api: Api) -> None:
    path = f"/{(await create(api))['webhook']['id']}"
    off = (await ask(api, "PATCH", path, {"enabled": False}))["webhook"]
    assert (off["enabled"], off["disabledBecause"], off["disabledAt"]) == (
        False, "operator", "2027-01-15T08:00:00.000Z",
    )  # fmt: skip
    api.clock.advance(1_000)
    assert (await ask(api, "PATCH", path, {"enabled": False}))["webhook"] == off
    assert (await samples(api))["webhooks_disabled"] == 0
    on = (await ask(api, "PATCH", path, {"enabled": True}))["webhook"]
    assert (on["enabled"], on["disabledBecause"], on["disabledAt"]) == (True, None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://10.0.0.1/"},
        {"url": None},
        {"enabled": None},
        {"enabled": "false"},
        {"enabled": 0},
        {"kinds": ["x"]},
        {"cursor": 0},
        {"secret": SECRET},
        [],
    ],
)
async def test_a_bad_change_changes_nothing(api: Api, body: Any) -> None:
    made = (await create(api))["webhook"]
    await refused(api, "PATCH", f"/{made['id']}", body, status=400, code="validation_error")
    assert (await ask(api, "GET", f"/{made['id']}"))["webhook"] == made


async def test_replay_moves_it_within_what_the_ledger_has(api: Api) -> None:
    path = f"/{(await create(api))['webhook']['id']}"
    assert (await ask(api, "POST", f"{path}/replay", {"fromSeq": 1}))["webhook"]["behind"] == 2
    assert (await ask(api, "POST", f"{path}/replay", {"fromSeq": 3}))["webhook"]["behind"] == 0
    await refused(api, "POST", f"{path}/replay", {"fromSeq": 4}, status=409, code="seq_not_in_ledger")
    for body in ({}, {"fromSeq": 0}, {"fromSeq": 1.5}, {"fromSeq": None}, {"toSeq": 1}):
        await refused(api, "POST", f"{path}/replay", body, status=400, code="validation_error")


async def test_another_secret_is_shown_once(api: Api) -> None:
    made = await create(api)
    path = f"/{made['webhook']['id']}"
    again = await ask(api, "POST", f"{path}/rotate-secret", {})
    assert again["secret"].startswith("whsec_")
    assert again["secret"] != made["secret"]
    assert again["webhook"] == made["webhook"]
    shown = json.dumps([await ask(api, "GET"), await ask(api, "GET", path), await ask(api, "PATCH", path, {})])
    assert "whsec_" not in shown


async def test_a_deleted_one_is_gone(api: Api) -> None:
    path = f"/{(await create(api))['webhook']['id']}"
    assert await ask(api, "DELETE", path) == {}
    for method, more, body in (
        ("GET", "", None),
        ("PATCH", "", {"enabled": True}),
        ("DELETE", "", None),
        ("POST", "/replay", {"fromSeq": 1}),
        ("POST", "/rotate-secret", {}),
        ("POST", "/test", {}),
    ):
        await refused(api, method, path + more, body, status=404, code="webhook_not_found")


async def test_the_log_says_who_did_what_and_neither_a_secret_nor_a_url(api: Api) -> None:
    with capture_logs() as logs:
        made = await create(api)
        path = f"/{made['webhook']['id']}"
        await ask(api, "PATCH", path, {"enabled": False})
        await ask(api, "POST", f"{path}/replay", {"fromSeq": 1})
        await ask(api, "POST", f"{path}/rotate-secret", {})
        await ask(api, "DELETE", path)
    told = [each for each in logs if each["event"] == "webhook_changed"]
    assert [each["change"] for each in told] == [
        "created", "changed", "replayed", "rotated", "deleted",
    ]  # fmt: skip
    assert {(each["webhook"], each["by"]) for each in told} == {(path[1:], "admin 8c6976e5")}
    assert "whsec_" not in str(logs)
    assert HOOK["url"] not in str(logs)


@configured(webhooks=CONFIGURED)
async def test_one_of_the_configuration_is_shown_and_switched_and_changed_there_only(api: Api) -> None:
    [shown] = (await ask(api, "GET"))["webhooks"]
    assert (shown["id"], shown["source"], shown["createdAt"], shown["kinds"]) == ("crm", "config", None, [])
    for method, path, body in (
        ("PATCH", "/crm", {"url": "https://x.example/"}),
        ("DELETE", "/crm", {}),
        ("POST", "/crm/rotate-secret", {}),
    ):
        await refused(api, method, path, body, status=409, code="webhook_is_configured")
    assert (await ask(api, "PATCH", "/crm", {"enabled": False}))["webhook"]["enabled"] is False
    assert (await ask(api, "POST", "/crm/replay", {"fromSeq": 1}))["webhook"]["cursor"] == 0


async def test_what_was_made_is_there_after_a_restart(open_api: OpenApi) -> None:
    async with open_api() as api:
        hook = (await create(api))["webhook"]
    async with open_api() as api:
        assert (await ask(api, "GET"))["webhooks"] == [hook]


@configured(webhooks={"enabled": False})
async def test_while_webhooks_are_off_the_list_says_so_and_none_is_tried(api: Api) -> None:
    path = f"/{(await create(api))['webhook']['id']}"
    assert (await ask(api, "GET"))["enabled"] is False
    await refused(api, "POST", f"{path}/test", {}, status=409, code="webhooks_off")


@pytest.fixture
async def receiver(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    believe(monkeypatch, api.clock)
    made = Receiver()
    await made.start()
    yield made
    await made.close()


@configured(webhooks={"allow_private": True})
async def test_a_receiver_can_be_tried_out(api: Api, receiver: Receiver) -> None:
    made = await create(api, url=receiver.url)
    receiver.secret = made["secret"]
    path = f"/{made['webhook']['id']}/test"
    assert await ask(api, "POST", path, {}) == {"delivered": True, "reason": None}
    assert (receiver.taken[0]["type"], receiver.taken[0]["data"]) == ("webhook.test", {})
    receiver.answers = [500]
    assert await ask(api, "POST", path, {}) == {"delivered": False, "reason": "status_500"}
    assert (await ask(api, "GET"))["webhooks"][0]["lastFailure"] is None


@configured(webhooks={"allow_private": True, "disable_after_hours": 0.001})
async def test_the_operator_sees_how_it_goes_and_metrics_do_too(api: Api, receiver: Receiver) -> None:
    made = await create(api, url=receiver.url)
    receiver.secret, receiver.answers = made["secret"], [500, 500]
    await api.reserve()
    [endpoint] = api.backend.webhooks.endpoints
    await holds(lambda: endpoint.next_try_at)
    [hook] = (await ask(api, "GET"))["webhooks"]
    now = "2027-01-15T08:00:00.000Z"
    assert (hook["behind"], hook["lastFailure"]) == (1, {"at": now, "reason": "status_500"})
    assert (hook["failingSince"], hook["nextTryAt"] > now, hook["enabled"]) == (now, True, True)
    assert await samples(api) == {
        "webhook_behind_max": 1,
        "webhooks_disabled": 0,
        'webhook_deliveries_total{outcome="status_5xx"}': 1,
    }
    api.clock.advance(5_000)
    await holds(lambda: not endpoint.state.is_enabled)
    [hook] = (await ask(api, "GET"))["webhooks"]
    assert (hook["enabled"], hook["disabledBecause"], hook["nextTryAt"]) == (False, "failing", None)
    assert await samples(api) == {
        "webhook_behind_max": 0,
        "webhooks_disabled": 1,
        'webhook_deliveries_total{outcome="status_5xx"}': 2,
    }
    await ask(api, "PATCH", f"/{hook['id']}", {"enabled": True})
    await holds(lambda: receiver.taken)
    await holds(lambda: endpoint.state.last_success_at)
    [hook] = (await ask(api, "GET"))["webhooks"]
    assert (hook["behind"], hook["failingSince"], hook["lastSuccessAt"]) == (0, None, "2027-01-15T08:00:05.000Z")
    # It is told of reservations as the WebSocket is, under the same names.
    assert receiver.taken[0]["type"] == "reservation.created"


async def samples(api: Api) -> dict[str, float]:
    text = await (await api.send("GET", "/metrics")).text()
    found = re.findall(r"^ticketing_(webhook\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}
