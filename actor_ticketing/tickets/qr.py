import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE_MODULES = 4
"""Light modules on each side of the symbol, which a scanner needs to find it (ISO/IEC 18004)."""
MODULE_PIXELS = 7
"""Edge of a module: in pixels of the PNG, in CSS pixels of the SVG where a page does not set its size.

With 7 a ticket's image stays below 512 pixels. OpenCV's plain detector shrinks larger ones, and with 8 it overlooked
8 of 100 codes that it read with 7 (ZXing read all).
"""

_Matrix = list[list[bool]]
_Draw = Callable[[str], bytes]
_Key = tuple[_Draw, str]


class QrOverloaded(Exception):
    """Nothing was rendered, because too many renderings wait or the renderer is closed. Later it may work: HTTP 503."""


class QrCodes:
    """Renders QR codes in threads of its own and keeps the latest.

    Requests for the same code in the same format share one rendering, which goes on when one of them is cancelled.
    A rendering that fails fails for all who wait for it and is not kept. `cache_size` is the number of images kept
    (a ticket's takes about 1.5 kB as PNG, 15 kB as SVG), `max_pending` the number of renderings waiting or running.
    One worker is enough: `qrcode` is pure Python (about 18 ms a ticket), so a second one renders no more and only
    competes for the interpreter lock.
    An instance belongs to the event loop that first used it.
    """

    def __init__(self, *, cache_size: int = 1024, max_pending: int = 256, workers: int = 1) -> None:
        self._cache: OrderedDict[_Key, bytes] = OrderedDict()
        self._cache_size = cache_size
        self._pending: dict[_Key, asyncio.Future[bytes]] = {}
        self._max_pending = max_pending
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="qr")
        self._closed = False

    async def svg(self, payload: str) -> bytes:
        """Return `payload` as an SVG document (UTF-8): black modules on a white ground.

        Raises `QrOverloaded`, and `ValueError` when the payload is too long for a QR code (2331 bytes in UTF-8).
        """
        return await self._get((draw_svg, payload))

    async def png(self, payload: str) -> bytes:
        """Return `payload` as a PNG of one bit per pixel, 7 by 7 pixels for each module. Raises what `svg` does."""
        return await self._get((draw_png, payload))

    async def close(self) -> None:
        """Refuse what has not begun, wait for what has, and end the threads. May be called twice."""
        self._closed = True
        try:
            if self._pending:
                await asyncio.wait(list(self._pending.values()))
        finally:
            self._executor.shutdown()

    async def _get(self, key: _Key) -> bytes:
        if (image := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return image
        if (rendering := self._pending.get(key)) is None:
            rendering = self._start(key)
        return await asyncio.shield(rendering)

    def _start(self, key: _Key) -> asyncio.Future[bytes]:
        if self._closed:
            raise QrOverloaded("The QR renderer is closed.")
        if len(self._pending) >= self._max_pending:
            raise QrOverloaded(f"{self._max_pending} QR codes wait to be rendered.")
        rendering = asyncio.get_running_loop().run_in_executor(self._executor, self._render, key)
        self._pending[key] = rendering
        rendering.add_done_callback(partial(self._settle, key))
        return rendering

    def _render(self, key: _Key) -> bytes:
        # Refused here, not cancelled by close(): a waiting request could not tell that from a cancellation of its own.
        if self._closed:
            raise QrOverloaded("The QR renderer was closed.")
        draw, payload = key
        return draw(payload)

    def _settle(self, key: _Key, rendering: asyncio.Future[bytes]) -> None:
        del self._pending[key]
        # Asking for the exception also keeps asyncio from logging it when every request that waited was cancelled.
        if rendering.cancelled() or rendering.exception() is not None:
            return
        self._cache[key] = rendering.result()
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)


def draw_svg(payload: str) -> bytes:
    """Return `payload` as an SVG document, one unit of its view box per module.

    Raises `ValueError` when the payload is too long.
    """
    matrix = _matrix(payload)
    size = len(matrix)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _dark_runs(row))
    # The ground is drawn, not left out: on a dark page a transparent code would be black on black.
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" viewBox="0 0 {size} {size}"'
        f' width="{size * MODULE_PIXELS}" height="{size * MODULE_PIXELS}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path}"/></svg>\n'
    ).encode()


def draw_png(payload: str) -> bytes:
    """Return `payload` as a PNG of one bit per pixel. Raises `ValueError` when the payload is too long."""
    matrix = _matrix(payload)
    size = len(matrix)
    pixels = bytes(0 if dark else 255 for row in matrix for dark in row)
    modules = Image.frombytes("L", (size, size), pixels).convert("1", dither=Image.Dither.NONE)
    image = modules.resize((size * MODULE_PIXELS, size * MODULE_PIXELS), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _matrix(payload: str) -> _Matrix:
    """Return the rows of the symbol with its quiet zone; a dark module is true."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE_MODULES)
    # One segment: splitting a short mixed text into modes saves nothing.
    code.add_data(payload, optimize=0)
    code.make()
    return code.get_matrix()


def _dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return where runs of dark modules begin in a row, and how long they are."""
    runs = []
    x = 0
    for dark, modules in groupby(row):
        length = sum(1 for _ in modules)
        if dark:
            runs.append((x, length))
        x += length
    return runs
