"""The door: the camera or a typed code, and a yes or no that nobody overlooks."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, Locator, Page, Route, expect

from support.axe import violations_of
from support.door import Camera, open_camera_browser, open_door, picture_of, sell_tickets, type_code
from support.operating import enter, open_desk
from support.process import admin
from support.shopping import DESKTOP, PHONE, Shop, buy, fill_buyer, hold

pytestmark = pytest.mark.usefixtures("camera")

CHECKIN = "**/api/admin/checkin"
A_MINUTE_MS = 60_000
PATIENCE_MS = 5_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seeing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Browser, Camera]]:
    async with open_camera_browser(tmp_path_factory.mktemp("camera")) as opened:
        yield opened


@pytest.fixture
def browser(seeing: tuple[Browser, Camera]) -> Browser:
    return seeing[0]


@pytest.fixture
def camera(seeing: tuple[Browser, Camera]) -> Camera:
    seeing[1].sees(Image.new("L", (8, 8), 90))
    return seeing[1]


def told(page: Page, word: str) -> Locator:
    return page.get_by_role("alertdialog", name=word, exact=True)


def asked_of(page: Page) -> list[str]:
    """What the door asks the service, as it goes on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if "checkin" in request.url else None)
    return asked


async def is_used(shop: Shop, ticket: Any) -> bool:
    found = await admin(shop.session, shop.service.url, "GET", f"/api/admin/tickets/{ticket['code']}")
    return found["ticket"]["checkedInAt"] is not None


async def test_a_ticket_is_read_from_the_buyers_screen_and_let_in_once(shop: Shop, camera: Camera, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=1)
    await fill_buyer(page)
    await buy(page)
    await page.get_by_role("img", name="QR code").evaluate("image => image.decode()")
    screen = Image.open(io.BytesIO(await page.locator(".stub").screenshot()))

    camera.sees(screen.rotate(45, expand=True))
    door = await open_door(shop, path)
    await expect(told(door, "Yes")).to_contain_text("Ayu Lestari")
    await expect(told(door, "Yes")).to_contain_text("Seat")
    await expect(door.get_by_text("1 let in on this device")).to_be_attached()
    # The camera goes on by itself, and the code that is still in front of it is not asked about again.
    await expect(door.get_by_text("This one has had its answer")).to_be_visible()
    await expect(told(door, "Yes")).to_have_count(0)

    second = await open_door(shop, path)
    await expect(told(second, "No")).to_contain_text("Used already")
    await expect(told(second, "No")).to_contain_text(re.compile(r"\d+ (second|minute)s? ago: \d+ \w+.* by admin token"))


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


async def test_a_typed_code_gets_its_yes_and_the_field_is_ready_again(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    await type_code(page, ticket["code"].lower().replace("-", " "))
    await expect(told(page, "Yes")).to_contain_text("Ada Lovelace")
    await expect(page.get_by_role("button", name="Next guest")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Code of the ticket")).to_be_focused()
    await expect(page.get_by_label("Code of the ticket")).to_have_value("")
    await expect(page.get_by_role("listitem").filter(has_text="Ada Lovelace, Seat")).to_be_visible()


async def test_a_scanner_that_types_what_it_reads_is_understood(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    await type_code(page, ticket["qrPayload"])
    await expect(told(page, "Yes")).to_be_visible()


async def test_a_forged_ticket_and_an_unknown_code_are_told_from_one_another(shop: Shop, camera: Camera) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    head, claims, signature = ticket["qrPayload"].split(".")
    # A picture of the code alone is not signed either.
    camera.sees(picture_of(f"{head}.{claims}.{signature[:-6]}AAAAAA"), picture_of(ticket["code"]))
    page = await open_door(shop, path)
    for _ in range(2):
        await expect(told(page, "No")).to_contain_text("Not a ticket of ours")
        await page.keyboard.press("Escape")
        await expect(told(page, "No")).to_have_count(0)
    await type_code(page, "AAAA-AAAA-AAAA-AAAA")
    await expect(told(page, "No")).to_contain_text("No such ticket")
    await page.get_by_role("button", name="Next guest").click()
    await expect(page.get_by_text("0 let in on this device")).to_be_visible()
    assert not await is_used(shop, ticket)


async def test_a_ticket_for_another_event_is_told_where_it_belongs_and_stays_good(shop: Shop) -> None:
    here, there = await shop.sell(Seat=5), await shop.sell(Box=5)
    [ticket] = await sell_tickets(shop, there, "Box")
    page = await open_door(shop, here)
    await type_code(page, ticket["code"])
    title = f"Evening {there.removeprefix('/events/ev')}"
    await expect(told(page, "No")).to_contain_text(f"It is good for Box, {title}.")
    await page.get_by_role("button", name="Next guest").click()
    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("Event at this door").select_option("")
    await page.get_by_role("button", name="Open the door").click()
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_contain_text(title)


async def test_a_door_may_be_for_some_of_the_ticket_types(shop: Shop) -> None:
    path = await shop.sell(Seat=5, Box=5)
    [seat], [box] = await sell_tickets(shop, path, "Seat"), await sell_tickets(shop, path, "Box")
    page = await open_desk(shop, "/admin/door")
    await page.get_by_label("Event at this door").select_option(path.rpartition("/")[2])
    await page.get_by_label("Seat").uncheck()
    await page.get_by_label("Box").uncheck()
    await expect(page.get_by_role("alert")).to_contain_text("at least one ticket type")
    await expect(page.get_by_role("button", name="Open the door")).to_be_disabled()
    await page.get_by_label("Box").check()
    await page.get_by_role("button", name="Open the door").click()
    await type_code(page, seat["code"])
    await expect(told(page, "No")).to_contain_text("Not for this door")
    await page.get_by_role("button", name="Next guest").click()
    await type_code(page, box["code"])
    await expect(told(page, "Yes")).to_be_visible()


async def test_an_open_door_outlives_a_reload(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("1 let in on this device")).to_be_visible()
    await expect(page.get_by_text("Hold the ticket’s QR code in the frame")).to_be_visible()


async def test_a_yes_goes_by_itself_unless_a_tap_is_wanted(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    first, second = await sell_tickets(shop, path, "Seat", 2)
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    await type_code(page, first["code"])
    await expect(told(page, "Yes")).to_be_visible()
    await page.clock.fast_forward(A_MINUTE_MS)
    await expect(told(page, "Yes")).to_have_count(0)

    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("After a yes, wait for a tap").check()
    await page.get_by_role("button", name="Open the door").click()
    await type_code(page, second["code"])
    await expect(told(page, "Yes")).to_be_visible()
    await page.clock.fast_forward(A_MINUTE_MS)
    await expect(told(page, "Yes")).to_be_visible()
    # And a no waits in any case.
    await page.keyboard.press("Escape")
    await type_code(page, second["code"])
    await expect(told(page, "No")).to_be_visible()
    await page.clock.fast_forward(A_MINUTE_MS)
    await expect(told(page, "No")).to_be_visible()


async def test_a_code_that_a_scanner_types_right_after_the_tap_is_not_lost(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    first, second = await sell_tickets(shop, path, "Seat", 2)
    page = await open_door(shop, path)
    await type_code(page, first["code"])
    await expect(told(page, "Yes")).to_be_visible()
    # What follows comes before the browser has had the time for its next task, as when keys are typed by a machine.
    await page.evaluate(
        """async (code) => {
            document.querySelector("dialog .next").click();
            await new Promise(queueMicrotask);
            const input = document.querySelector("form.door-typed input");
            input.value = code;
            input.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(queueMicrotask);
            input.form.requestSubmit();
        }""",
        second["code"],
    )
    await expect(page.get_by_text("2 let in on this device")).to_be_attached()


async def test_without_a_network_there_is_no_yes_until_it_is_back(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    await page.context.set_offline(True)
    await type_code(page, ticket["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await expect(told(page, "No answer")).to_contain_text("Nobody is let in on this yet")
    await expect(told(page, "Yes")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(told(page, "Yes")).to_be_visible()
    await expect(page.get_by_text("1 let in on this device")).to_be_attached()


async def test_an_answer_that_got_lost_is_asked_for_again_and_is_the_same_yes(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route(CHECKIN, lose, times=1)
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_be_visible()


async def test_who_is_sent_away_without_an_answer_is_not_marked_as_let_in(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    first, second = await sell_tickets(shop, path, "Seat", 2)
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    await page.context.set_offline(True)
    await type_code(page, first["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await told(page, "No answer").get_by_role("button", name="Next guest").click()
    await page.context.set_offline(False)
    await type_code(page, second["code"])
    await expect(told(page, "Yes")).to_be_visible()
    assert not await is_used(shop, first)


async def test_a_yes_that_came_too_late_is_kept_for_the_guest_who_comes_back(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await shop.open_page()
    await page.clock.install()
    await open_door(shop, path, page=page)
    arrived = asyncio.Event()

    async def delay(route: Route) -> None:
        answer = await route.fetch()
        await arrived.wait()
        await route.fulfill(response=answer)

    await page.route(CHECKIN, delay, times=1)
    await type_code(page, ticket["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await told(page, "No answer").get_by_role("button", name="Next guest").click()
    async with page.expect_response(CHECKIN):
        arrived.set()
    await type_code(page, ticket["code"])
    await expect(told(page, "Yes")).to_be_visible()
    await page.keyboard.press("Escape")
    await type_code(page, ticket["code"])
    await expect(told(page, "No")).to_contain_text("Used already")


async def test_a_service_that_fails_is_no_yes_and_may_be_asked_again(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    body = '{"success": false, "message": "A fault.", "error": {"code": "internal_error"}}'
    await page.route(CHECKIN, lambda route: route.fulfill(status=500, body=body), times=1)
    await type_code(page, ticket["code"])
    await expect(told(page, "No answer")).to_contain_text("The service could not say")
    await page.get_by_role("button", name="Try again").click()
    await expect(told(page, "Yes")).to_be_visible()


async def test_a_question_that_was_asked_wrongly_is_not_held_against_the_ticket(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    details = '[{"field": "ticketTypeIds", "problem": "has too many entries"}]'
    error = f'{{"code": "validation_error", "details": {details}}}'
    body = f'{{"success": false, "message": "Not valid.", "error": {error}}}'
    await page.route(CHECKIN, lambda route: route.fulfill(status=400, body=body), times=1)
    await type_code(page, ticket["code"])
    await expect(told(page, "No answer")).to_contain_text("The service could not say")


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


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light on a desk", "dark on a phone"]
)
async def test_the_door_has_no_violation(shop: Shop, scheme: str, viewport: dict[str, int]) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await shop.open_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    await page.clock.install()
    await enter(page, "/admin/door")
    await page.get_by_label("Event at this door").select_option(path.rpartition("/")[2])
    await page.get_by_label("After a yes, wait for a tap").check()
    found = {"setup": await violations_of(page)}
    await page.get_by_role("button", name="Open the door").click()
    await expect(page.get_by_text("Hold the ticket’s QR code in the frame")).to_be_visible()
    found["open"] = await violations_of(page)
    for word in ("Yes", "No"):
        await type_code(page, ticket["code"])
        await expect(told(page, word)).to_be_visible()
        found[word] = await violations_of(page)
        await page.keyboard.press("Escape")
    await page.context.set_offline(True)
    await type_code(page, ticket["code"])
    await page.clock.fast_forward(PATIENCE_MS)
    await expect(told(page, "No answer")).to_be_visible()
    found["no answer"] = await violations_of(page)
    assert {name: each for name, each in found.items() if each} == {}


async def test_the_door_speaks_indonesian(shop: Shop) -> None:
    path = await shop.sell(Seat=5)
    [ticket] = await sell_tickets(shop, path, "Seat")
    page = await open_door(shop, path)
    await page.get_by_label("Language").select_option("id")
    await page.get_by_label("Kode tiket").fill(ticket["code"])
    await page.keyboard.press("Enter")
    await expect(told(page, "Ya")).to_be_visible()
