"""Whom a request comes from."""

from aiohttp import web


def address_of(request: web.Request) -> str:
    """The network address of the client."""
    return request.remote or ""
