"""The OpenAPI document: it says what the router has, what the handlers answer, and how they fail."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from actor_ticketing.domain.errors import NotFound, Refusal, TooManySubscriptions
from actor_ticketing.http.application import all_routes
from actor_ticketing.http.errors import CODES
from actor_ticketing.http.handlers.documents import names_of, openapi_text
from actor_ticketing.http.openapi.examples import SESSION
from actor_ticketing.http.openapi.failures import FAILURES
from actor_ticketing.http.openapi.operation import Door
from actor_ticketing.http.openapi.table import OPERATIONS
from support.contract import keeps_its_promise
from support.examples import put_in_place, requests_of
from support.routes import ALL, name_of
from support.web import Api, configured

DOCUMENT: dict[str, Any] = json.loads(openapi_text(names_of(all_routes(has_accounts=True))))
MANUAL = (Path(__file__).parents[3] / "docs" / "http-api.md").read_text(encoding="utf-8")
SENT = {
    title: (operation, sent)
    for name, operation in OPERATIONS.items()
    for title, sent in requests_of(name, operation).items()
}


def operations_of(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def matches(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is as a schema of the document says."""
    return jsonschema_rs.is_valid({**schema, "components": DOCUMENT["components"]}, value, validate_formats=True)


def test_it_is_what_openapi_says_that_a_document_is() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_the_router_and_the_document_have_the_same_routes() -> None:
    assert sorted(operations_of(DOCUMENT)) == sorted(map(name_of, ALL))


def test_nothing_in_the_table_is_left_over() -> None:
    assert OPERATIONS.keys() == set(map(name_of, ALL))


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in operations_of(DOCUMENT).values()]
    assert len(set(names)) == len(names) == len(ALL)


@configured(accounts={"enabled": False})
async def test_without_accounts_their_routes_are_not_in_it(api: Api) -> None:
    document = await (await api.send("GET", "/openapi.json")).json()
    missing = operations_of(DOCUMENT).keys() - operations_of(document).keys()
    assert {name.rpartition("/")[2] for name in missing} == {"register", "login", "refresh", "logout"}
    await api.refused("POST", "/api/public/auth/login", {}, status=404)


@pytest.mark.parametrize("title", SENT)
async def test_every_example_gets_the_documented_answer(api: Api, title: str) -> None:
    operation, sent = SENT[title]
    real = await put_in_place(api, operation, sent)
    if operation.status == 101:
        async with api.client.ws_connect(real.path) as socket:
            assert socket._response.status == 101
        return
    response = await api.send(real.method, real.path, real.body, token=real.token)
    assert response.status == operation.status, await response.text()
    if isinstance(operation.answer, type):
        schema = operations_of(DOCUMENT)[title_of(title)]["responses"][str(operation.status)]
        assert matches(schema["content"]["application/json"]["schema"], await response.json())


@pytest.mark.parametrize("title", [title for title, (operation, _) in SENT.items() if operation.keeps_answers])
async def test_where_it_says_that_a_key_counts_it_counts(api: Api, title: str) -> None:
    operation, sent = SENT[title]
    real = await put_in_place(api, operation, sent)
    key = {"Idempotency-Key": "once"}
    first, again = [
        await (await api.send(real.method, real.path, real.body, token=real.token, headers=key)).read()
        for _ in range(2)
    ]
    assert first == again


async def test_where_it_asks_for_credentials_nobody_gets_in_without(api: Api) -> None:
    for operation, sent in SENT.values():
        if operation.proof and {} not in operation.proof and operation.status != 101:
            path = sent.path.replace(f"sessionId={SESSION}", "")
            await api.refused(sent.method, path, sent.body, status=401)


@configured(rate_limit={"enabled": True})
async def test_where_it_says_that_a_budget_counts_it_counts(api: Api) -> None:
    for operation, sent in SENT.values():
        response = await api.send(sent.method, sent.path, sent.body, token=sent.token)
        assert ("RateLimit" in response.headers) == (operation.door is Door.LIMITED), operation.id


def title_of(title: str) -> str:
    """The route of an example."""
    return next(name for name in sorted(OPERATIONS, key=len, reverse=True) if title.startswith(name))


@pytest.mark.parametrize("title", [title for title, (_, sent) in SENT.items() if sent.body])
def test_every_example_of_a_body_is_as_its_schema_says(title: str) -> None:
    [content] = operations_of(DOCUMENT)[title_of(title)]["requestBody"]["content"].values()
    assert matches(content["schema"], SENT[title][1].body)


@pytest.mark.parametrize("name", DOCUMENT["components"]["responses"])
def test_every_example_of_a_failure_is_as_its_schema_says(name: str) -> None:
    for content in DOCUMENT["components"]["responses"][name]["content"].values():
        assert content["examples"].keys() == set(name.split(".")[1:])
        for example in content["examples"].values():
            assert matches(content["schema"], example["value"])


def test_an_answer_with_another_code_is_not_as_the_schema_says() -> None:
    content = DOCUMENT["components"]["responses"]["422.idempotency_key_reused"]["content"]["application/json"]
    wrong = {"success": False, "message": "No.", "error": {"code": "forbidden"}}
    assert not matches(content["schema"], wrong)


def subclasses_of(kind: type[Refusal]) -> set[type[Refusal]]:
    return {each for direct in kind.__subclasses__() for each in {direct, *subclasses_of(direct)}}


def test_every_failure_of_the_service_is_in_it_and_in_the_manual() -> None:
    # What is refused on the WebSocket alone is in the other document.
    codes = {each.code for each in subclasses_of(Refusal) - {NotFound, TooManySubscriptions} if hasattr(each, "code")}
    codes |= {code for code, _ in CODES.values()} - {"method_not_allowed"}
    documented = {
        code for operation in OPERATIONS.values() for found in operation.failures().values() for code in found
    }
    assert codes - documented == set()
    in_the_manual = set(re.findall(r"^\| \d{3} \| `(\w+)` \|", MANUAL, re.MULTILINE))
    assert in_the_manual == FAILURES.keys()


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json", "/docs"])
async def test_who_has_a_document_is_not_sent_it_again(api: Api, path: str) -> None:
    first = await api.send("GET", path)
    again = await api.send("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json", "/docs"])
async def test_documents_are_there_before_the_service_is(api: Api, path: str) -> None:
    api.doors.backend = None
    assert (await api.send("GET", path)).status == 200
    api.doors.backend = api.backend


async def test_an_answer_that_the_document_does_not_have_is_noticed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    stock = await api.send("GET", "/api/public/availability/tt")
    missing = await api.send("GET", "/api/public/availability/nothing")
    monkeypatch.setattr("support.contract.operation_at", lambda *_: OPERATIONS["GET /livez"])
    with pytest.raises(ValueError, match="validation error"):
        await keeps_its_promise(stock)
    with pytest.raises(AssertionError, match="ticket_type_not_found"):
        await keeps_its_promise(missing)


async def test_a_member_that_the_document_does_not_have_is_noticed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    response = await api.send("GET", "/livez")
    more = (await response.read()).replace(b'"alive"', b'"alive","since":1')
    monkeypatch.setattr(response, "_body", more)
    with pytest.raises(ValueError, match="since"):
        await keeps_its_promise(response)


def test_it_says_what_receivers_of_webhooks_are_sent() -> None:
    [sent] = DOCUMENT["webhooks"]["ledgerEntry"].values()
    schema = sent["requestBody"]["content"]["application/json"]["schema"]
    message = {"type": "event.created", "timestamp": "2026-11-22T18:45:55.023Z", "data": {"seq": 1}}
    assert matches(schema, message)
    assert not matches(schema, {**message, "type": "event.made"})


def test_nothing_of_it_is_imported_before_somebody_asks() -> None:
    script = "import sys, actor_ticketing.cli; sys.exit('openapi_pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603 - our own words.
