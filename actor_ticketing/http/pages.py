"""The files of the storefront, of the desk, and of the page that shows the API. They are read once, so that a request
can name only what is there.
"""

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

from actor_ticketing.http.parsing import knows
from actor_ticketing.http.responses import CameraPageResponse, PageResponse

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "woff2": "font/woff2",
}
_COMPRESSED_ALREADY = {"woff2"}


@dataclass(frozen=True, slots=True)
class _Content:
    body: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent: as it is, or packed if that makes it smaller."""

    content_type: str
    plain: _Content
    gzipped: _Content | None


def _content(body: bytes) -> _Content:
    return _Content(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


def file_of(kind: str, body: bytes, packed: bytes | None = None) -> File:
    """Make a file.

    :param kind: its extension.
    :param packed: the same with gzip, if that was done already.
    """
    if kind in _COMPRESSED_ALREADY:
        return File(_TYPES[kind], _content(body), None)
    # With the time left out, every process makes the same bytes, and so the same tag.
    return File(_TYPES[kind], _content(body), _content(packed or gzip.compress(body, mtime=0)))


def _read(folder: Traversable, prefix: str = "") -> dict[str, File]:
    """Every file of a kind that browsers ask for, by its path in the folder."""
    found: dict[str, File] = {}
    for entry in folder.iterdir():
        name = entry.name.removesuffix(".gz")
        kind = name.rpartition(".")[2]
        if entry.is_dir():
            found |= _read(entry, f"{prefix}{name}/")
        elif kind in _TYPES:
            body = entry.read_bytes()
            is_packed = name != entry.name
            found[prefix + name] = file_of(kind, gzip.decompress(body), body) if is_packed else file_of(kind, body)
    return found


_FILES = _read(files("actor_ticketing") / "web")
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


def send(request: web.Request, file: File, response: type[PageResponse] = PageResponse) -> PageResponse:
    """Send a file, unless the client has it."""
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    content = file.gzipped if takes_gzip and file.gzipped else file.plain
    # Asked for each time and mostly not sent: a new version is there at once, as a whole.
    headers = {"ETag": content.tag, "Vary": "Accept-Encoding"}
    if knows(request, content.tag):
        return response(status=304, body=b"", cache_control="no-cache", headers=headers)
    if content is file.gzipped:
        headers["Content-Encoding"] = "gzip"
    return response(
        status=200, body=content.body, content_type=file.content_type, cache_control="no-cache", headers=headers
    )
