"""The yardstick: the least an aiohttp server can do for a JSON request.

It parses the body and sends prepared bytes; it decides nothing and keeps nothing. Run as a script in a process of its
own, it prints ``listening on ADDRESS`` as the service does, and ends on SIGTERM.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web


async def serve(answer: bytes) -> None:
    """Serve until SIGTERM."""

    async def post(request: web.Request) -> web.Response:
        await request.json()
        return web.Response(status=201, body=answer, content_type="application/json", charset="utf-8")

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    app.add_routes([web.post("/api/public/reservations", post)])
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
        runner.run(serve(Path(sys.argv[1]).read_bytes()))


if __name__ == "__main__":
    main()
