import io
from itertools import groupby

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

from actor_ticketing.tickets.drawing import Drawings

QUIET_ZONE_MODULES = 4
"""Light modules on each side of the symbol, which a scanner needs to find it (ISO/IEC 18004)."""
MODULE_PIXELS = 7
"""Edge of a module: in pixels of the PNG, in CSS pixels of the SVG where a page does not set its size.

With 7 a ticket's image stays below 512 pixels. OpenCV's plain detector shrinks larger ones, and with 8 it overlooked
8 of 100 codes that it read with 7 (ZXing read all).
"""

Matrix = list[list[bool]]
"""The rows of a symbol with its quiet zone; a dark module is true."""


class QrCodes:
    """Draws QR codes off the event loop and keeps the latest, as :class:`Drawings` does.

    A ticket's takes about 18 ms to draw, and 1.5 kB as PNG, 15 kB as SVG.
    """

    def __init__(self, *, cache_size: int = 1024, max_pending: int = 256) -> None:
        self._drawings = Drawings("qr", cache_size=cache_size, max_pending=max_pending)

    async def svg(self, payload: str) -> bytes:
        """Return `payload` as an SVG document (UTF-8): black modules on a white ground.

        Raises `DrawingOverloaded`, and `ValueError` when the payload is too long for a QR code (2331 bytes in UTF-8).
        """
        return await self._drawings.get(draw_svg, payload)

    async def png(self, payload: str) -> bytes:
        """Return `payload` as a PNG of one bit per pixel, 7 by 7 pixels for each module. Raises what `svg` does."""
        return await self._drawings.get(draw_png, payload)

    async def close(self) -> None:
        """Refuse what has not begun, wait for what has, and end the threads. May be called twice."""
        await self._drawings.close()


def draw_svg(payload: str) -> bytes:
    """Return `payload` as an SVG document, one unit of its view box per module.

    Raises `ValueError` when the payload is too long.
    """
    matrix = matrix_of(payload)
    size = len(matrix)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in dark_runs(row))
    # The ground is drawn, not left out: on a dark page a transparent code would be black on black.
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" viewBox="0 0 {size} {size}"'
        f' width="{size * MODULE_PIXELS}" height="{size * MODULE_PIXELS}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path}"/></svg>\n'
    ).encode()


def draw_png(payload: str) -> bytes:
    """Return `payload` as a PNG of one bit per pixel. Raises `ValueError` when the payload is too long."""
    matrix = matrix_of(payload)
    size = len(matrix)
    pixels = bytes(0 if dark else 255 for row in matrix for dark in row)
    modules = Image.frombytes("L", (size, size), pixels).convert("1", dither=Image.Dither.NONE)
    image = modules.resize((size * MODULE_PIXELS, size * MODULE_PIXELS), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def matrix_of(payload: str) -> Matrix:
    """Return the symbol. Raises `ValueError` when the payload is too long."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE_MODULES)
    # One segment: splitting a short mixed text into modes saves nothing.
    code.add_data(payload, optimize=0)
    code.make()
    return code.get_matrix()


def dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return where runs of dark modules begin in a row, and how long they are."""
    runs = []
    x = 0
    for dark, modules in groupby(row):
        length = sum(1 for _ in modules)
        if dark:
            runs.append((x, length))
        x += length
    return runs
