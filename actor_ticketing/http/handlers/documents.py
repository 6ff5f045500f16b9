"""The documents that describe the service. They are made when somebody first asks for one, on another thread."""

import asyncio
from collections.abc import Iterable
from functools import cache

from aiohttp import web

from actor_ticketing.http.pages import File, file_of, send
from actor_ticketing.http.responses import PageResponse

Routes = tuple[tuple[str, str], ...]
ROUTES = web.AppKey("routes", Routes)
"""Method and path of every route of an application."""


def names_of(routes: Iterable[web.RouteDef]) -> Routes:
    """Method and path of each."""
    return tuple((route.method, route.path) for route in routes)


async def openapi(request: web.Request) -> PageResponse:
    """``GET /openapi.json``."""
    return send(request, await asyncio.to_thread(_openapi_file, request.app[ROUTES]))


async def asyncapi(request: web.Request) -> PageResponse:
    """``GET /asyncapi.json``."""
    return send(request, await asyncio.to_thread(_asyncapi_file))


def openapi_text(routes: Routes) -> str:
    """The OpenAPI document of these routes."""
    # The library takes longer to import than the rest of the service, and most runs never need it.
    from actor_ticketing.http.openapi.document import openapi as make  # noqa: PLC0415

    return make(routes)


@cache
def _openapi_file(routes: Routes) -> File:
    return file_of("json", openapi_text(routes).encode())


@cache
def _asyncapi_file() -> File:
    from actor_ticketing.http.openapi.asyncapi import asyncapi as make  # noqa: PLC0415 - as above.

    return file_of("json", make().encode())
