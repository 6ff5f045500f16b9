"""Single requests, for what is not load: checks before and after a run."""

import urllib.error
import urllib.request
from typing import Any

from bench.errors import BenchError

TIMEOUT_SECONDS = 10.0


def ask(url: str, body: str | None = None, *, token: str | None = None) -> tuple[int, bytes]:
    """Send one request: a POST when there is a body, else a GET. Any status is an answer.

    :param token: sent as bearer.
    """
    data = None if body is None else body.encode()
    headers: dict[str, Any] = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - an address on the loopback interface.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        raise BenchError(f"no answer from {url}: {error}") from error
