"""From a request to its handler."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from actor_ticketing.http.request import known


def find_quickly(app: web.Application) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Return what handles all requests of an application.

    What aiohttp's router finds at an address without parameters is remembered, so it is looked for once. Only the plain
    spelling is: of those with percent signs there are as many as a client likes to make up.
    """
    found: dict[tuple[str, str], web.UrlMappingMatchInfo] = {}

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        request = known(request)
        address = (request.method, request.rel_url.raw_path)
        match = found.get(address)
        if match is None or hdrs.EXPECT in request.headers:
            response = await app._handle(request)  # noqa: SLF001 - it is what aiohttp's own runner calls.
            resource = request.match_info.route.resource
            if isinstance(resource, web.PlainResource) and resource.canonical == address[1]:
                found[address] = request.match_info
            return response
        request._match_info = match  # noqa: SLF001 - as the application does itself.
        return await match.handler(request)

    return handle
