import asyncio
import io
import re
import threading
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
import qrcode
from PIL import Image

from actor_ticketing.tickets import qr
from actor_ticketing.tickets.qr import QrCodes, QrOverloaded
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


class Gate:
    """Stands in for the drawing: counts it, and holds it back until it is opened."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.began = threading.Event()
        self.opened = threading.Event()

    def __call__(self, payload: str) -> bytes:
        self.drawn.append(payload)
        self.began.set()
        assert self.opened.wait(30)
        if payload == "bad":
            raise RuntimeError("cannot be drawn")
        return payload.encode()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(qr, "draw_png", gate)
    return gate


def start(codes: QrCodes, payload: str) -> asyncio.Task[bytes]:
    return asyncio.get_running_loop().create_task(codes.png(payload))


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


async def test_a_code_is_rendered_once_and_then_kept(codes: QrCodes, gate: Gate) -> None:
    gate.opened.set()
    assert [await codes.png("a"), await codes.png("a")] == [b"a", b"a"]
    assert gate.drawn == ["a"]


async def test_both_formats_of_a_code_are_kept_side_by_side(codes: QrCodes, gate: Gate) -> None:
    gate.opened.set()
    assert await codes.png("a") == b"a"
    assert (await codes.svg("a")).startswith(b"<?xml")


async def test_the_code_unused_for_longest_is_dropped_when_the_cache_is_full(gate: Gate) -> None:
    gate.opened.set()
    codes = QrCodes(cache_size=2)
    for payload in ["a", "b", "a", "c", "a", "b"]:
        await codes.png(payload)
    await codes.close()
    assert gate.drawn == ["a", "b", "c", "b"]


async def test_the_event_loop_goes_on_while_a_code_is_rendered(codes: QrCodes, gate: Gate) -> None:
    request = start(codes, "a")
    assert await asyncio.to_thread(gate.began.wait, 30)
    assert not request.done()
    gate.opened.set()
    assert await request == b"a"


async def test_concurrent_requests_for_a_code_share_one_rendering(codes: QrCodes, gate: Gate) -> None:
    requests = [start(codes, "a") for _ in range(5)]
    await asyncio.sleep(0)
    gate.opened.set()
    assert await asyncio.gather(*requests) == [b"a"] * 5
    assert gate.drawn == ["a"]


async def test_a_cancelled_request_does_not_cancel_the_others(codes: QrCodes, gate: Gate) -> None:
    leaving, staying = start(codes, "a"), start(codes, "a")
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    gate.opened.set()
    assert await staying == b"a"
    assert leaving.cancelled()


async def test_a_failed_rendering_fails_for_all_who_wait_and_is_tried_afresh(codes: QrCodes, gate: Gate) -> None:
    gate.opened.set()
    outcomes = await asyncio.gather(start(codes, "bad"), start(codes, "bad"), return_exceptions=True)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        await codes.png("bad")
    assert [str(outcome) for outcome in outcomes] == ["cannot be drawn"] * 2
    assert gate.drawn == ["bad", "bad"]


async def test_a_failure_that_nobody_waits_for_any_more_is_not_reported_as_lost(gate: Gate) -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    codes = QrCodes()
    request = start(codes, "bad")
    await asyncio.sleep(0)
    request.cancel()
    await asyncio.wait([request])
    gate.opened.set()
    await codes.close()
    await asyncio.sleep(0)
    assert reports == []


async def test_renderings_beyond_the_bound_are_refused_until_there_is_room(gate: Gate) -> None:
    codes = QrCodes(max_pending=2)
    waiting = [start(codes, "a"), start(codes, "b"), start(codes, "a")]
    await asyncio.sleep(0)
    with pytest.raises(QrOverloaded):
        await codes.png("c")
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [b"a", b"b", b"a"]
    assert await codes.png("c") == b"c"
    await codes.close()


async def test_closing_finishes_what_has_begun_and_refuses_what_waits(gate: Gate) -> None:
    codes = QrCodes(workers=1)
    running, waiting = start(codes, "a"), start(codes, "b")
    assert await asyncio.to_thread(gate.began.wait, 30)
    closing = asyncio.create_task(codes.close())
    await asyncio.sleep(0)
    gate.opened.set()
    await closing
    assert await running == b"a"
    with pytest.raises(QrOverloaded, match="closed"):
        await waiting


async def test_a_closed_renderer_refuses_new_codes_and_may_be_closed_again(codes: QrCodes) -> None:
    await codes.close()
    await codes.close()
    with pytest.raises(QrOverloaded, match="closed"):
        await codes.png("a")
