"""The camera at the door: what it sees is asked about once, and the door does without it where it has to."""

from playwright.async_api import expect

from support.door import Camera, asked_of, open_door, picture_of, sell_tickets, told, type_code
from support.operating import enter, open_desk
from support.shopping import Shop


async def test_a_code_in_front_of_the_camera_is_asked_about_once(shop: Shop, camera: Camera) -> None:
    path = await shop.sell(Seat=5)
    first, second = await sell_tickets(shop, path, "Seat", 2)
    camera.sees(picture_of(first["qrPayload"]), picture_of(second["qrPayload"]))
    page = await shop.open_page()
    asked = asked_of(page)
    await open_door(shop, path, page=page)
    for _ in range(2):
        await told(page, "Yes").get_by_role("button", name="Next guest").click()
    await expect(page.get_by_text("2 let in on this device")).to_be_visible()
    assert [sum(each["qrPayload"] in body for body in asked) for each in (first, second)] == [1, 1]


async def test_a_refused_camera_says_so_and_codes_can_be_typed(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await shop.open_page()
    await page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => {"
        "  throw new DOMException('', window.why ?? 'NotAllowedError'); };"
    )
    await open_door(shop, path, page=page)
    await expect(page.get_by_text("The camera was refused. Allow it for this page")).to_be_visible()
    await page.evaluate("window.why = 'NotFoundError'")
    await page.get_by_role("button", name="Start the camera").click()
    await expect(page.get_by_text("This device has no camera")).to_be_visible()
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_be_visible()


async def test_a_browser_that_cannot_decode_says_so(shop: Shop) -> None:
    page = await shop.open_page()
    await page.route("**/static/desk/decoder.js", lambda route: route.abort())
    await open_door(shop, await shop.sell(Seat=5), page=page)
    await expect(page.get_by_text("This browser cannot read QR codes")).to_be_visible()


async def test_only_the_doors_own_document_gets_the_camera(shop: Shop) -> None:
    page = await open_desk(shop, "/admin")
    ask = "navigator.mediaDevices.getUserMedia({video: true}).then(() => 'given', (error) => error.name)"
    assert await page.evaluate(ask) == "NotAllowedError"
    assert shop.problems.pop() == "Permissions policy violation: camera is not allowed in this document."
    await page.get_by_role("link", name="Door").click()
    await expect(page.get_by_role("button", name="Open the door")).to_be_visible()
    assert await page.evaluate(ask) == "given"


async def test_without_https_the_page_says_why_there_is_no_camera(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    page = await shop.open_page()
    await enter(page, shop.service.url.replace("127.0.0.1", "door.test") + "/admin/door")
    await expect(page.get_by_text("This page was opened without HTTPS")).to_be_visible()
    await page.get_by_label("Event at this door").select_option(path.rpartition("/")[2])
    await page.get_by_role("button", name="Open the door").click()
    await expect(page.get_by_text("No camera without HTTPS")).to_be_visible()


async def test_the_light_is_offered_where_there_is_one(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    page = await open_door(shop, path)
    await expect(page.get_by_text("Hold the ticket’s QR code in the frame")).to_be_visible()
    await expect(page.get_by_role("button", name="Light")).to_have_count(0)
    await page.add_init_script(
        "MediaStreamTrack.prototype.getCapabilities = () => ({torch: true});"
        "MediaStreamTrack.prototype.applyConstraints = async (wanted) => { window.wanted = wanted; };"
    )
    await page.reload()
    await page.get_by_role("button", name="Light").click()
    await expect(page.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate("window.wanted") == {"advanced": [{"torch": True}]}


async def test_the_camera_is_let_go_when_the_door_is_left(shop: Shop) -> None:
    page = await shop.open_page()
    await page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await open(wanted));"
    )
    await open_door(shop, await shop.sell(Seat=5), page=page)
    await expect(page.get_by_text("Hold the ticket’s QR code in the frame")).to_be_visible()
    state = "window.stream.getVideoTracks()[0].readyState"
    assert await page.evaluate(state) == "live"
    await page.get_by_role("link", name="Overview", exact=True).click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert await page.evaluate(state) == "ended"
