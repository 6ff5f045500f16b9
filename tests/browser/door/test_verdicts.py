"""What the door says of a ticket: a yes or no that nobody overlooks, once for each guest."""

import io
import re

from PIL import Image
from playwright.async_api import Page, expect

from support.door import Camera, is_used, open_door, picture_of, sell_tickets, told, type_code
from support.operating import open_desk
from support.shopping import Shop, buy, fill_buyer, hold

A_MINUTE_MS = 60_000


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
