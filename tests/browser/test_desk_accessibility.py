"""The desk for everyone: WCAG 2.2 AA as far as a machine can tell, a narrow phone, the keyboard, two languages."""

import pytest
from playwright.async_api import Page, expect

from support.axe import violations_of
from support.operating import buy_elsewhere, open_desk
from support.shopping import DESKTOP, PHONE, Shop

PAGES = ("/admin", "/admin/sales", "/admin/catalogue", "/admin/lookup")


async def ready(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.locator(".loading")).to_have_count(0)


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light on a desk", "dark on a phone"]
)
async def test_no_page_of_the_desk_has_a_violation(shop: Shop, scheme: str, viewport: dict[str, int]) -> None:
    path = await shop.sell(Seat=40, Box=2, Gone=0)
    event = f"/admin/catalogue/{path.rpartition('/')[2]}"
    held = await shop.hold_elsewhere(path, "Box", 2)
    bought = await shop.hold_elsewhere(path, "Seat", 2)
    await buy_elsewhere(shop, bought, 2)
    page = await shop.open_page("/admin", color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Please fill this in").first).to_be_visible()
    found = {"gate": await violations_of(page)}
    page = await open_desk(shop, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    for address in PAGES:
        await page.goto(address)
        await ready(page)
        for summary in await page.locator("summary").all():
            await summary.click()
        found[address] = await violations_of(page)

    await page.goto("/admin/catalogue")
    await page.get_by_role("button", name="New event").click()
    await page.get_by_role("button", name="Create event").click()
    await expect(page.get_by_text("Please fill this in").first).to_be_visible()
    found["new event"] = await violations_of(page)
    await page.goto(event)
    await page.get_by_role("button", name="Pause the sale of Seat").click()
    await page.get_by_role("button", name="Edit Box").click()
    await page.get_by_label("Total").fill("-1")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Total")).to_be_focused()
    found["event"] = await violations_of(page)

    await page.goto("/admin/lookup")
    for reservation in (bought, held):
        await page.get_by_role("textbox").fill(reservation)
        await page.get_by_role("button", name="Look up").click()
        await expect(page.get_by_text(reservation)).to_be_visible()
        found[reservation] = await violations_of(page)
    await page.get_by_role("button", name="Cancel this hold").click()
    found["sure?"] = await violations_of(page)
    assert {name: each for name, each in found.items() if each} == {}


async def test_a_phone_never_scrolls_the_desk_sideways(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    held = await shop.hold_elsewhere(path, "Seat", 2)
    page = await open_desk(shop, viewport={"width": 320, "height": 640})
    for address in (*PAGES, f"/admin/catalogue/{path.rpartition('/')[2]}"):
        await page.goto(address)
        await ready(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, address
    await page.get_by_role("button", name="New ticket type").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.goto("/admin/lookup")
    await page.get_by_role("textbox").fill(held)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="2 × Seat")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_a_page_of_the_desk_is_read_from_its_heading_and_has_a_title_of_its_own(shop: Shop) -> None:
    page = await open_desk(shop)
    for name in ("Sales", "Catalogue", "Look up", "Overview"):
        link = page.get_by_role("navigation", name="Desk").get_by_role("link", name=name)
        await link.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        await expect(page).to_have_title(f"{name} · Desk")
        await expect(link).to_have_attribute("aria-current", "page")


async def test_the_desk_speaks_indonesian(shop: Shop) -> None:
    page = await shop.open_page("/admin", locale="id-ID")
    await expect(page.get_by_role("heading", name="Masuk ke meja")).to_be_visible()
    page = await open_desk(shop)
    await page.get_by_label("Language").select_option("Bahasa Indonesia")
    await expect(page.get_by_role("button", name="Sapu sekarang")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Sapu sekarang")).to_be_visible()
