"""Who reads the door: people of all sorts, also at night and in Indonesian."""

import pytest
from playwright.async_api import expect

from support.axe import violations_of
from support.door import open_door, sell_tickets, told, type_code
from support.operating import enter
from support.shopping import DESKTOP, PHONE, Shop

PATIENCE_MS = 5_000


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
