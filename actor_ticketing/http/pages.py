"""The files of the storefront and of the desk. They are read once, so that a request can name only what is there."""

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
class _File:
    content_type: str
    plain: _Content
    gzipped: _Content | None


def _content(body: bytes) -> _Content:
    return _Content(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


def _read(folder: Traversable, prefix: str = "") -> dict[str, _File]:
    """Every file of a kind that browsers ask for, by its path in the folder."""
    found: dict[str, _File] = {}
    for entry in folder.iterdir():
        kind = entry.name.rpartition(".")[2]
        if entry.is_dir():
            found |= _read(entry, f"{prefix}{entry.name}/")
        elif kind in _TYPES:
            body = entry.read_bytes()
            # With the time left out, every process makes the same bytes, and so the same tag.
            packed = None if kind in _COMPRESSED_ALREADY else _content(gzip.compress(body, mtime=0))
            found[prefix + entry.name] = _File(_TYPES[kind], _content(body), packed)
    return found


_FILES = _read(files("actor_ticketing") / "web")
_INDEX = _FILES.pop("index.html")
_DESK = _FILES.pop("desk/index.html")


async def index(request: web.Request) -> PageResponse:
    """``GET /`` and every other address of a page: the one document, whose script looks at the address."""
    return _respond(request, _INDEX)


async def desk(request: web.Request) -> PageResponse:
    """``GET /admin`` and every other address of the operator's desk. The document is anyone's: what it shows it has to
    ask for, with an admin's credentials.
    """
    return _respond(request, _DESK)


async def door(request: web.Request) -> PageResponse:
    """``GET /admin/door``: the desk's document, with leave to use the camera."""
    return _respond(request, _DESK, CameraPageResponse)


async def static(request: web.Request) -> PageResponse:
    """``GET /static/{path}``.

    :raises web.HTTPNotFound: when there is no such file.
    """
    file = _FILES.get(request.match_info["path"])
    if file is None:
        raise web.HTTPNotFound
    return _respond(request, file)


def _respond(request: web.Request, file: _File, response: type[PageResponse] = PageResponse) -> PageResponse:
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
