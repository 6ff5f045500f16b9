"""Routes that are remembered."""

from aiohttp.test_utils import make_mocked_request
from yarl import URL

from actor_ticketing.http.application import create_application
from actor_ticketing.http.dispatch import find_quickly
from actor_ticketing.http.request import ServiceRequest
from support.web import Api


async def test_only_the_plain_spelling_of_an_address_is_remembered(api: Api) -> None:
    application = create_application(api.doors, max_body_bytes=1000)
    handle = find_quickly(application)
    [found] = [cell.cell_contents for cell in handle.__closure__ if isinstance(cell.cell_contents, dict)]
    for path in ("/livez", "/%6Civez", "/l%69vez", "/livez?a=1", "/api/public/availability/tt"):
        # As aiohttp's parser makes it: what came over the wire is not spelled anew.
        request = make_mocked_request("GET", "/", app=application).clone(rel_url=URL(path, encoded=True))
        request.__class__ = ServiceRequest
        request.doors = api.doors
        response = await handle(request)
        assert response.status == 200
    assert found.keys() == {("GET", "/livez")}
