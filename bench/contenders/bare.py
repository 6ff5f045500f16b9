"""The yardstick: aiohttp that parses a request and sends prepared bytes."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.contenders import SERVERS, Place, Server, launch

NAME = "bare aiohttp"


@contextmanager
def bare_aiohttp(place: Place, answers: Mapping[tuple[str, str], tuple[int, bytes]]) -> Iterator[Server]:
    """A server that sends the same bytes whatever it is asked.

    :param answers: the status and body for each method and path: ``{("GET", "/path"): (200, b"{}")}``.
    """
    directory = place.make("bare-aiohttp")
    routes = []
    for number, ((method, path), (status, body)) in enumerate(answers.items()):
        prepared = directory / f"answer-{number}.json"
        prepared.write_bytes(body)
        routes.append({"method": method, "path": path, "status": status, "file": str(prepared)})
    command = [sys.executable, str(SERVERS / "bare.py"), json.dumps(routes)]
    with launch(NAME, command, directory, place.environment(), place) as server:
        yield server
