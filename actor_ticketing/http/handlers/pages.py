"""The files of the storefront, of the desk, and of the page that shows the API. They are read once, so that a request
can name only what is there.
"""

from importlib.resources import files

from aiohttp import web

from actor_ticketing.http.files import read_files, send
from actor_ticketing.http.responses import CameraPageResponse, PageResponse

_FILES = read_files(files("actor_ticketing") / "web")
_INDEX = _FILES.pop("index.html")
_DESK = _FILES.pop("desk/index.html")
_DOCS = _FILES.pop("docs/index.html")


async def index(request: web.Request) -> PageResponse:
    """``GET /`` and every other address of a page: the one document, whose script looks at the address."""
    return send(request, _INDEX)


async def docs(request: web.Request) -> PageResponse:
    """``GET /docs``: Swagger UI on ``/openapi.json``."""
    return send(request, _DOCS)


async def desk(request: web.Request) -> PageResponse:
    """``GET /admin`` and every other address of the operator's desk. The document is anyone's: what it shows it has to
    ask for, with an admin's credentials.
    """
    return send(request, _DESK)


async def door(request: web.Request) -> PageResponse:
    """``GET /admin/door``: the desk's document, with leave to use the camera."""
    return send(request, _DESK, CameraPageResponse)


async def static(request: web.Request) -> PageResponse:
    """``GET /static/{path}``.

    :raises web.HTTPNotFound: when there is no such file.
    """
    file = _FILES.get(request.match_info["path"])
    if file is None:
        raise web.HTTPNotFound
    return send(request, file)
