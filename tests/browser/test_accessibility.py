"""WCAG 2.2 AA as far as a machine can tell, on every page, light and dark, on a desk and on a phone."""

import pytest
from playwright.async_api import Page, expect

from support.axe import violations_of
from support.shopping import DESKTOP, PHONE, Shop, buy, fill_buyer, hold


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light on a desk", "dark on a phone"]
)
async def test_no_page_has_a_violation(shop: Shop, scheme: str, viewport: dict[str, int]) -> None:
    path = await shop.sell(Seat=40, Box=2, Gone=0)
    await shop.hold_elsewhere(path, "Box", 2)
    page = await shop.open_page(path, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    await expect(page.get_by_text("None left now")).to_be_visible()
    found = {"event": await violations_of(page)}

    await page.goto("/")
    await expect(page.locator(f"a[href='{path}']")).to_be_visible()
    found["home"] = await violations_of(page)

    await hold(page, path, Seat=2)
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_text("need your attention")).to_be_visible()
    found["checkout"] = await violations_of(page)

    await page.get_by_role("link", name="My reservations").click()
    await expect(page.get_by_role("button", name="Forget me")).to_be_visible()
    found["reservations"] = await violations_of(page)

    await page.get_by_role("link", name="Sign in").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    found["sign-in"] = await violations_of(page)

    await page.goto("/checkout")
    await fill_buyer(page)
    await page.get_by_role("group", name="Ticket 2").get_by_role("checkbox").check()
    await buy(page)
    await expect(page.get_by_role("img", name="QR code")).to_have_count(2)
    found["tickets"] = await violations_of(page)
    assert {name: each for name, each in found.items() if each} == {}


async def test_a_violation_would_be_found(page: Page) -> None:
    await expect(page.get_by_role("main")).to_be_visible()
    await page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(each.startswith("button-name") for each in await violations_of(page))


async def test_each_page_is_read_from_its_heading_and_has_a_title_of_its_own(shop: Shop, page: Page) -> None:
    await page.goto(await shop.sell(Seat=5))
    await expect(page).to_have_title(f"{await page.locator('h1').inner_text()} · Tickets")
    await page.get_by_role("link", name="My reservations").click()
    await expect(page.get_by_role("main")).to_be_focused()
    await expect(page).to_have_title("My reservations · Tickets")


async def test_a_phone_never_scrolls_sideways(shop: Shop) -> None:
    path = await shop.sell(Seat=40)
    page = await shop.open_page(path, viewport={"width": 320, "height": 640})
    await hold(page, path, Seat=1)
    for address in ("/", path, "/checkout", "/reservations", "/sign-in"):
        await page.goto(address)
        await expect(page.locator("h1")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, address
