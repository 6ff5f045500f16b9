"""One call: sent until there is an answer, with one Idempotency-Key for all tries."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from actor_ticketing.client.errors import ClientError, Refused, Unavailable, Unreachable, Unreadable
from actor_ticketing.client.retries import Retries
from actor_ticketing.wire.shapes import READER_MAY_BE_OLDER, Failure

A = TypeVar("A", bound=BaseModel)

LATER = {408, 429, 503}
# A defect of the service, and what a proxy says when it has lost the service: what became of the request is open.
_OPEN = {500, 502, 504}


class Transport:
    """Sends calls to one service.

    :ivar token: the bearer token of calls that begin from now on.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, retries: Retries) -> None:
        self.http = http
        self.url = url.rstrip("/")
        self.retries = retries
        self.token: str | None = None

    async def call(
        self,
        answer: type[A],
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        may_repeat: bool = True,
    ) -> A:
        """Send a request, and return its answer.

        :param may_repeat: whether it does no harm to send it again when its answer was lost.
        :raises Refused, Unavailable: when the service says no.
        :raises Unreachable, Unreadable: when it does not answer; when what answers is something else.
        """
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        data = None
        if method != "GET":
            headers |= {"Content-Type": "application/json", "Idempotency-Key": secrets.token_urlsafe(24)}
            # The same text each time: a key stands for one request, byte for byte.
            data = json.dumps(body or {}).encode()
        attempt = 0
        while True:
            attempt += 1
            pause: float | None
            problem: ClientError
            try:
                return await self._once(answer, method, path, data, query, headers)
            except Unavailable as error:
                pause, problem = self.retries.pause_asked(attempt, error.seconds), error
            except Unreachable as error:
                was_sent = not isinstance(error.__cause__, aiohttp.ClientConnectorError)
                pause, problem = None if was_sent and not may_repeat else self.retries.pause(attempt), error
            if pause is None or attempt >= self.retries.attempts:
                raise problem
            await self.retries.sleep(pause)

    async def _once(
        self,
        answer: type[A],
        method: str,
        path: str,
        data: bytes | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> A:
        try:
            async with self.http.request(method, self.url + path, data=data, params=query, headers=headers) as response:
                text = await response.read()
                if response.status >= 400:
                    raise refusal_of(response.status, response.headers, text)
                return answer.model_validate_json(text, context=READER_MAY_BE_OLDER)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise Unreachable(f"{method} {path}: {error or type(error).__name__}") from error
        except (ValidationError, aiohttp.ClientResponseError) as error:
            raise Unreadable(f"{method} {path}: what answered is no ticket service") from error


def refusal_of(status: int, headers: Mapping[str, str], text: bytes) -> Refused | Unreachable:
    """What a failure is to the caller. An answer that is not the service's own comes from what is in between."""
    request_id = headers.get("X-Request-ID", "")
    if status in _OPEN:
        return Unreachable(f"nobody says what became of it: {status}, request {request_id or 'unknown'}")
    try:
        failure = Failure.model_validate_json(text)
        code, message, details = failure.error.code, failure.message, failure.error.details
    except ValidationError:
        code, message, details = "unknown", "The service gave no reason.", None
    what: dict[str, Any] = {
        "status": status,
        "code": code,
        "message": message,
        "details": details,
        "request_id": request_id,
    }
    if status not in LATER:
        return Refused(**what)
    after = headers.get("Retry-After", "")
    return Unavailable(seconds=float(after) if after.isdecimal() else None, **what)
