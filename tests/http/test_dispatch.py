"""Routes that are remembered."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from actor_ticketing.domain.errors import Unauthenticated
from actor_ticketing.http.application import create_application
from actor_ticketing.http.dispatch import find_quickly
from actor_ticketing.http.request import ServiceRequest
from support.web import Api


@pytest.fixture
def application(api: Api) -> web.Application:
    return create_application(api.doors, max_body_bytes=1000)


def _remembered_by(handle: Any) -> dict[tuple[str, str], Any]:
    [found] = [cell.cell_contents for cell in handle.__closure__ if isinstance(cell.cell_contents, dict)]
    return found  # type: ignore[no-any-return]


def _get(path: str, application: web.Application, api: Api) -> ServiceRequest:
    # As aiohttp's parser makes it: what came over the wire is not spelled anew.
    request = make_mocked_request("GET", "/", app=application).clone(rel_url=URL(path, encoded=True))
    request.__class__ = ServiceRequest
    request.doors = api.doors  # type: ignore[attr-defined]
    return request  # type: ignore[return-value]


async def test_only_the_plain_spelling_of_an_address_is_remembered(api: Api, application: web.Application) -> None:
    handle = find_quickly(application)
    for path in ("/livez", "/%6Civez", "/l%69vez", "/livez?a=1", "/api/public/availability/tt"):
        response = await handle(_get(path, application, api))
        assert response.status == 200
    assert _remembered_by(handle).keys() == {("GET", "/livez")}


async def test_an_address_is_remembered_when_the_first_who_asked_there_was_refused(
    api: Api, application: web.Application
) -> None:
    handle = find_quickly(application)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await handle(_get("/api/public/reservations", application, api))
    assert _remembered_by(handle).keys() == {("GET", "/api/public/reservations")}


async def test_what_is_found_nowhere_is_not_remembered(api: Api, application: web.Application) -> None:
    handle = find_quickly(application)
    with pytest.raises(web.HTTPNotFound):
        await handle(_get("/nowhere", application, api))
    assert _remembered_by(handle) == {}
