import io
import re
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
import qrcode
from PIL import Image

from actor_ticketing.tickets.qr import QrCodes
from actor_ticketing.tickets.signing import SigningKey, TicketSigner

TICKET = TicketSigner([SigningKey("2026-01", bytes(range(32)))]).sign(
    code="ABCD-EFGH-JKLM", ticket_type_id="01JABCDEFGHJKMNPQRSTVWXYZ0"
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
async def codes() -> AsyncIterator[QrCodes]:
    codes = QrCodes()
    yield codes
    await codes.close()


def scan(pixels: np.ndarray) -> str:
    # The plain QRCodeDetector overlooks a few of a hundred flawless codes of this size.
    return cv2.QRCodeDetectorAruco().detectAndDecode(pixels)[0]


def modules_of_svg(document: bytes) -> np.ndarray:
    """Fill the path's rectangles, one pixel for each module, dark ones true."""
    root = ET.fromstring(document)  # noqa: S314 - the document is our own.
    size = int(root.attrib["viewBox"].split()[3])
    path = root.find(f"{SVG}path")
    assert path is not None
    modules = np.zeros((size, size), bool)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.attrib["d"])
    assert "".join(f"M{x} {y}h{length}v1h-{back}z" for x, y, length, back in runs) == path.attrib["d"]
    for x, y, length, back in runs:
        assert length == back
        modules[int(y), int(x) : int(x) + int(length)] = True
    return modules


async def test_a_scanner_reads_the_payload_from_the_png(codes: QrCodes) -> None:
    png = await codes.png(TICKET)
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert scan(pixels) == TICKET


async def test_a_scanner_reads_the_payload_from_the_svg(codes: QrCodes) -> None:
    modules = modules_of_svg(await codes.svg(TICKET))
    pixels = np.where(np.kron(modules, np.ones((7, 7))), 0, 255).astype(np.uint8)
    assert scan(pixels) == TICKET


async def test_the_svg_and_the_png_show_the_same_modules(codes: QrCodes) -> None:
    with Image.open(io.BytesIO(await codes.png(TICKET))) as image:
        pixels = np.asarray(image)
    assert np.array_equal(pixels, ~np.kron(modules_of_svg(await codes.svg(TICKET)), np.ones((7, 7), bool)))


async def test_the_modules_are_those_of_error_correction_m_with_a_quiet_zone_of_four(codes: QrCodes) -> None:
    reference = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    reference.add_data(TICKET)
    assert np.array_equal(modules_of_svg(await codes.svg(TICKET)), np.array(reference.get_matrix()))


async def test_the_png_has_one_bit_a_pixel(codes: QrCodes) -> None:
    with Image.open(io.BytesIO(await codes.png(TICKET))) as image:
        assert (image.format, image.mode) == ("PNG", "1")


async def test_the_svg_is_a_document_that_draws_its_white_ground(codes: QrCodes) -> None:
    svg = await codes.svg(TICKET)
    root = ET.fromstring(svg)  # noqa: S314 - the document is our own.
    ground = root[0]
    assert svg.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert root.attrib["viewBox"] == f"0 0 {ground.attrib['width']} {ground.attrib['height']}"
    assert (ground.tag, ground.attrib["fill"]) == (f"{SVG}rect", "#fff")


async def test_a_payload_too_long_for_a_qr_code_is_a_value_error(codes: QrCodes) -> None:
    assert await codes.png("a" * 2331)
    with pytest.raises(ValueError, match="version"):
        await codes.png("a" * 2332)
