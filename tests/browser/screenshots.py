"""Pictures of shop and desk for the documentation: phone and desktop, light and dark. ``make screenshots``."""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import aiohttp
from PIL import ImageFilter, ImageOps
from playwright.async_api import Page, expect

from support.door import Camera, open_camera_browser, open_door, picture_of, sell_tickets
from support.operating import open_desk
from support.process import Service
from support.season import open_season
from support.shopping import DESKTOP, PHONE, Shop, fill_buyer, fill_holder, hold, open_browser, register

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
CONCERT = "/events/ev_harbour_philharmonic"


async def take(page: Page, name: str) -> None:
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


async def crowd(shop: Shop) -> None:
    """Let other buyers take nearly everything."""
    for _ in range(15):
        await shop.hold_elsewhere(CONCERT, "Choir seats", 4, minutes=7.4)
    for name, quantity in (("Stalls", 8), ("Balcony", 8), ("Under 26", 2)):
        await shop.hold_elsewhere(CONCERT, name, quantity)
    for _ in range(37):
        await shop.hold_elsewhere(CONCERT, "Under 26", 2)


async def walk(shop: Shop, kind: str, viewport: dict[str, int], scheme: str) -> None:
    """One buyer's way through all pages."""
    page = await shop.open_page("/", viewport=viewport, color_scheme=scheme, locale="en-GB")
    await expect(page.get_by_role("link", name="Riverside Festival")).to_be_visible()
    await take(page, f"home-{kind}")

    await page.goto(CONCERT)
    await page.get_by_label("Number of Stalls").fill("2")
    await page.get_by_label("Number of Balcony").fill("1")
    await expect(page.get_by_text(re.compile("come free in"))).to_be_visible()
    await take(page, f"event-{kind}")

    await page.get_by_role("button", name="Hold these tickets").click()
    await expect(page.get_by_text("possible 3 more times")).to_be_visible()
    await fill_buyer(page)
    await fill_holder(page, 2, "Budi Santoso")
    await fill_holder(page, 3, "Citra Dewi")
    await page.get_by_role("heading").first.click()
    await take(page, f"checkout-{kind}")

    await page.goto("/reservations")
    await expect(page.get_by_text("2 × Stalls")).to_be_visible()
    await take(page, f"reservations-{kind}")
    await page.goto("/sign-in")
    await expect(page.get_by_label("Password")).to_be_visible()
    await take(page, f"sign-in-{kind}")

    await page.goto("/checkout")
    await page.get_by_role("button", name="Buy these tickets").click()
    await register(page)
    await page.get_by_role("button", name="Continue and buy").click()
    await expect(page.get_by_role("img", name="QR code")).to_have_count(3)
    await page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    await take(page, f"tickets-{kind}")


async def expired(shop: Shop, kind: str, viewport: dict[str, int], scheme: str) -> None:
    """The end of a hold, in front of the buyer."""
    page = await shop.open_page("/", viewport=viewport, color_scheme=scheme)
    await hold(page, "/events/ev_riverside_festival", **{"Weekend pass": 2})
    await expect(page.get_by_role("heading", name="Your time is up")).to_be_visible()
    await take(page, f"expired-{kind}")


async def door(shop: Shop, camera: Camera, kind: str, viewport: dict[str, int], scheme: str) -> None:
    """The door, before a guest, and at a yes and a no."""
    [ticket] = await sell_tickets(shop, CONCERT, "Stalls")
    page = await open_door(shop, CONCERT, viewport=viewport, color_scheme=scheme)
    await page.add_init_script("sessionStorage['desk.door'] &&= sessionStorage['desk.door'].replace('false', 'true')")
    on_a_phone = picture_of(ticket["qrPayload"]).rotate(-6, expand=True, fillcolor=70)
    for name, words, sight in (
        ("door", "QR code in the frame", ImageOps.expand(on_a_phone, 300, 70).filter(ImageFilter.GaussianBlur(9))),
        ("door-yes", "Yes", ImageOps.expand(on_a_phone, 90, 70)),
        ("door-no", "Used already", ImageOps.expand(on_a_phone, 90, 70)),
    ):
        camera.sees(sight)
        await page.reload()
        await expect(page.get_by_text(words, exact=words == "Yes").first).to_be_visible()
        await expect(page.locator("video")).to_have_js_property("readyState", 4)
        await take(page, f"{name}-{kind}")


async def work(shop: Shop, kind: str, viewport: dict[str, int], scheme: str) -> None:
    """An operator's way through the desk."""
    page = await shop.open_page("/admin", viewport=viewport, color_scheme=scheme)
    await expect(page.get_by_label("Password")).to_be_visible()
    await take(page, f"desk-gate-{kind}")

    page = await open_desk(shop, viewport=viewport, color_scheme=scheme)
    await expect(page.get_by_text(re.compile("tickets sold, "))).to_be_visible()
    await take(page, f"desk-overview-{kind}")
    await page.goto("/admin/sales")
    await expect(page.get_by_role("heading", name="From hold to purchase")).to_be_visible()
    await take(page, f"desk-sales-{kind}")
    await page.goto("/admin/catalogue")
    await expect(page.get_by_role("link", name="Riverside Festival")).to_be_visible()
    await take(page, f"desk-catalogue-{kind}")
    await page.get_by_role("link", name="Riverside Festival").click()
    await page.get_by_role("button", name="Edit Saturday").click()
    await take(page, f"desk-event-{kind}")

    await page.goto("/admin/lookup")
    await page.get_by_role("textbox").fill(await shop.hold_elsewhere(CONCERT, "Stalls", 2, minutes=9))
    await page.get_by_role("button", name="Look up").click()
    await page.get_by_role("button", name="Cancel this hold").click()
    await take(page, f"desk-lookup-{kind}")


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    kinds = [
        (f"{device}-{scheme}", viewport, scheme)
        for device, viewport in (("phone", PHONE), ("desktop", DESKTOP))
        for scheme in ("light", "dark")
    ]
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as short_data:
        service = Service(data_dir=Path(data))
        hasty = Service(data_dir=Path(short_data), environment={"ACTOR_TICKETING_HOLDS__DEFAULT_MINUTES": "0.05"})
        await asyncio.gather(service.start("--demo"), hasty.start("--demo"))
        try:
            async with (
                open_browser() as browser,
                open_camera_browser(Path(data)) as (seeing, camera),
                aiohttp.ClientSession() as session,
            ):
                shop = Shop(service=service, browser=browser, session=session)
                await crowd(shop)
                for kind in kinds:
                    await walk(shop, *kind)
                    await expired(Shop(service=hasty, browser=browser, session=session), *kind)
                    await door(Shop(service=service, browser=seeing, session=session), camera, *kind)
                async with open_season(Path(data)) as busy:
                    for kind in kinds:
                        await work(Shop(service=busy, browser=browser, session=session), *kind)
        finally:
            await asyncio.gather(service.stop(), hasty.stop())
    sys.stdout.write(f"wrote {len(list(FOLDER.glob('*.png')))} pictures to {FOLDER}\n")


if __name__ == "__main__":
    asyncio.run(main())
