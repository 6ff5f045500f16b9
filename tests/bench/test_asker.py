import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.contenders.ours import ADMIN_TOKEN
from bench.errors import BenchError
from bench.generators.asker import Asker

ENOUGH = 3


@contextmanager
def serving(status: int, *, endless: bool = False) -> Iterator[tuple[str, threading.Event]]:
    """A server, and what is set when it has been asked often enough, or is in the middle of an answer."""
    asked, number = threading.Event(), iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Authorization"] == f"Bearer {ADMIN_TOKEN}"
            self.send_response(status)
            self.end_headers()
            if next(number) + 1 >= ENOUGH or status != 200:
                asked.set()
            if not endless:
                self.wfile.write(b"a report")
                return
            asked.set()
            try:
                while True:
                    self.wfile.write(b"x" * 65_536)
            except ConnectionError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_it_asks_again_and_again_and_tells_how_long_each_took() -> None:
    with serving(200) as (address, asked), Asker(address, "/report", None) as asker:
        assert asked.wait(30)
        seconds = asker.finish()
    assert len(seconds) >= ENOUGH - 1
    assert min(seconds) > 0


def test_an_answer_on_its_way_at_the_end_is_broken_off() -> None:
    with serving(200, endless=True) as (address, asked), Asker(address, "/report", None) as asker:
        assert asked.wait(30)
        assert asker.finish() == []


def test_an_answer_that_is_no_report_fails_the_run() -> None:
    with serving(503) as (address, asked), Asker(address, "/report", None) as asker:
        assert asked.wait(30)
        with pytest.raises(BenchError, match="answered with 503"):
            asker.finish()
