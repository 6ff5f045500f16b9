"""From a request to its handler."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from actor_ticketing.http.request import ServiceRequest, known
from actor_ticketing.http.traffic import resource_of


def find_quickly(app: web.Application) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Return what handles all requests of an application.

    What aiohttp's router finds at an address without parameters is remembered, so it is looked for once. Only the plain
    spelling is: of those with percent signs there are as many as a client likes to make up.
    """
    found: dict[tuple[str, str], web.UrlMappingMatchInfo] = {}

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        request = known(request)
        address = (request.method, request.rel_url.raw_path)
        match = found.get(address)
        if match is None or hdrs.EXPECT in request.headers:
            return look_up(request, address)
        request._match_info = match  # noqa: SLF001 - as the application does itself.
        return match.handler(request)

    async def look_up(request: ServiceRequest, address: tuple[str, str]) -> web.StreamResponse:
        try:
            return await app._handle(request)  # noqa: SLF001 - it is what aiohttp's own runner calls.
        finally:
            # Also of what was refused: whoever restarts in a sell-out refuses everything.
            resource = resource_of(request)
            if isinstance(resource, web.PlainResource) and resource.canonical == address[1]:
                found[address] = request.match_info

    return handle
