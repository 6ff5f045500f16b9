"""The yardstick: the least an aiohttp server can do for a JSON request.

It parses the body, if there is to be one, and sends prepared bytes; it decides nothing and keeps nothing. Run as a
script in a process of its own, it prints ``listening on ADDRESS`` as the service does, and ends on SIGTERM.

Its argument is a JSON list of routes, each ``{"method", "path", "status", "file"}``; the file has the bytes to send.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.Response]]


def handler(route: dict[str, Any]) -> Handler:
    """Make the handler of one route."""
    status, answer = route["status"], Path(route["file"]).read_bytes()

    async def get(_: web.Request) -> web.Response:
        return web.Response(status=status, body=answer, content_type="application/json", charset="utf-8")

    async def post(request: web.Request) -> web.Response:
        await request.json()
        return web.Response(status=status, body=answer, content_type="application/json", charset="utf-8")

    return get if route["method"] == "GET" else post


async def serve(routes: Sequence[dict[str, Any]]) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    app.add_routes([web.route(route["method"], route["path"], handler(route)) for route in routes])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Run on uvloop where it is installed, as the service does."""
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        from uvloop import new_event_loop  # noqa: PLC0415 - an extra.
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
