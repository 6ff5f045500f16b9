"""What every response looks like: one shape for success, one for failure."""

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from aiohttp import web

JSON = "application/json"


# One encoder for all: json.dumps makes a new one at every call that has options.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode(document: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    return _encode(document).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is one: what is kept for an Idempotency-Key is these two."""

    status: int
    body: bytes


@dataclass(slots=True)
class Document:
    """The parts of a successful answer. ``message`` and ``meta`` are left out when they are None."""

    data: Any
    _: KW_ONLY
    message: str | None = None
    meta: Mapping[str, Any] | None = None
    status: int = 200

    def answer(self) -> Answer:
        """Render it."""
        document: dict[str, Any] = {"success": True, "data": self.data}
        if self.message is not None:
            document["message"] = self.message
        if self.meta is not None:
            document["meta"] = self.meta
        return Answer(self.status, encode(document))


def respond(answer: Answer, headers: Mapping[str, str] | None = None) -> web.Response:
    """Make the response. Nothing that belongs to a session may be kept by a cache on the way."""
    return web.Response(
        status=answer.status,
        body=answer.body,
        content_type=JSON,
        charset="utf-8",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def list_meta(*, page: int, limit: int, total: int) -> dict[str, int]:
    """The ``meta`` of a list."""
    return {"page": page, "limit": limit, "total": total, "totalPages": -(-total // limit)}
