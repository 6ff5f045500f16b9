"""The QR codes of tickets, as a phone's camera reads them."""

from xml.etree import ElementTree as ET

import cv2
import numpy as np

from support.web import Api


async def test_a_camera_reads_the_payload_from_the_png(api: Api) -> None:
    for ticket in (await api.buy(await api.reserve(3)))["tickets"]:
        response = await api.send("GET", f"/api/public/tickets/{ticket['code']}/qr.png")
        assert (response.status, response.content_type) == (200, "image/png")
        pixels = cv2.imdecode(np.frombuffer(await response.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert cv2.QRCodeDetectorAruco().detectAndDecode(pixels)[0] == ticket["qrPayload"]


async def test_the_address_on_a_ticket_leads_to_its_svg(api: Api) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    assert ticket["qrUrl"] == f"/api/public/tickets/{ticket['code']}/qr.svg"
    response = await api.send("GET", ticket["qrUrl"])
    assert (response.status, response.content_type) == (200, "image/svg+xml")
    assert ET.fromstring(await response.text()).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own.


async def test_a_browser_may_keep_an_image_that_names_nobody_for_an_hour(api: Api) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    for kind in ("svg", "png"):
        response = await api.send("GET", f"/api/public/tickets/{ticket['code']}/qr.{kind}")
        assert response.headers["Cache-Control"] == "private, max-age=3600"


async def test_two_tickets_have_different_codes(api: Api) -> None:
    first, second = (await api.buy(await api.reserve(2)))["tickets"]
    drawn = [await (await api.send("GET", ticket["qrUrl"])).read() for ticket in (first, second)]
    assert drawn[0] != drawn[1]


async def test_an_unknown_ticket_is_not_found(api: Api) -> None:
    for kind in ("svg", "png"):
        path = f"/api/public/tickets/AAAA-AAAA-AAAA-AAAA/qr.{kind}"
        await api.refused("GET", path, status=404, code="ticket_not_found")


async def test_a_reservations_code_is_no_tickets(api: Api) -> None:
    held = await api.reserve()
    await api.refused("GET", f"/api/public/tickets/{held['code']}/qr.svg", status=404)
