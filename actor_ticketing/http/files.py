"""Files as they are sent: tagged, packed, and not sent at all to whoever has them."""

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from aiohttp import web

from actor_ticketing.http.parsing import knows
from actor_ticketing.http.responses import PageResponse

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


def read_files(folder: Traversable, prefix: str = "") -> dict[str, File]:
    """Every file of a kind that browsers ask for, by its path in the folder."""
    found: dict[str, File] = {}
    for entry in folder.iterdir():
        name = entry.name.removesuffix(".gz")
        kind = name.rpartition(".")[2]
        if entry.is_dir():
            found |= read_files(entry, f"{prefix}{name}/")
        elif kind in _TYPES:
            body = entry.read_bytes()
            is_packed = name != entry.name
            found[prefix + name] = file_of(kind, gzip.decompress(body), body) if is_packed else file_of(kind, body)
    return found


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
