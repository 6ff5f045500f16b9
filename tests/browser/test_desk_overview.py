"""How things stand, at a glance: figures that keep themselves fresh, and a sweep."""

import re

from playwright.async_api import Locator, Page, expect

from support.operating import open_desk
from support.shopping import Shop, hold


def row_of(page: Page, event: str, ticket_type: str) -> Locator:
    """A ticket type's line, below that of its event."""
    rows = page.locator("tbody").filter(has=page.get_by_role("rowheader", name=event))
    return rows.get_by_role("row").filter(has=page.get_by_role("rowheader", name=ticket_type))


async def figures_of(row: Locator) -> list[str]:
    """What is sold, held, left, and all."""
    return (await row.get_by_role("cell").all_inner_texts())[:4]


async def test_a_hold_is_seen_while_the_desk_is_open(shop: Shop) -> None:
    path = await shop.sell(Seat=40, Box=3)
    title = f"Evening {path.removeprefix('/events/ev')}"
    page = await open_desk(shop)
    seat = row_of(page, title, "Seat")
    assert await figures_of(seat) == ["0", "0", "40", "40"]
    buyer = await shop.open_page()
    await hold(buyer, path, Seat=3)
    await expect(seat.get_by_role("cell").nth(1)).to_have_text("3")
    assert await figures_of(seat) == ["0", "3", "37", "40"]
    whole = row_of(page, title, title)
    assert await figures_of(whole) == ["0", "3", "40", "43"]
    for row in (seat, whole):
        await expect(row.get_by_role("cell").nth(4)).to_have_text(re.compile(r"^(9:\d\d|10:00)$"))
    await expect(page.get_by_text(re.compile(r"The next ends in \d+:\d\d\."))).to_be_visible()


async def test_the_lag_of_what_expired_is_told_of_its_type(shop: Shop) -> None:
    path = await shop.sell(Seat=40, Box=3)
    title = f"Evening {path.removeprefix('/events/ev')}"
    page = await open_desk(shop)
    lag = row_of(page, title, "Seat").get_by_role("cell").nth(5)
    await expect(lag).to_have_text("–")
    await shop.hold_elsewhere(path, "Seat", 2, minutes=0.02)
    await expect(lag).to_have_text(re.compile(r"^\d[\d,]* ms$"))
    await expect(row_of(page, title, "Box").get_by_role("cell").nth(5)).to_have_text("–")


async def test_a_sweep_is_one_button_and_says_what_it_found(shop: Shop) -> None:
    page = await open_desk(shop)
    runs = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Hand")).get_by_role("cell").first
    before = int(await runs.inner_text())
    await page.get_by_role("button", name="Sweep now").click()
    await expect(page.get_by_text("Nothing was overdue")).to_be_visible()
    await expect(runs).to_have_text(str(before + 1))


async def test_figures_tell_their_age_and_what_is_wrong_with_the_network(shop: Shop) -> None:
    page = await open_desk(shop)
    await expect(page.get_by_text(re.compile("Figures from"))).to_be_visible()
    await page.clock.install()
    await page.context.set_offline(True)
    await page.clock.run_for(30_000)
    await expect(page.get_by_text("The connection is gone")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"These figures are \d+ seconds old"))).to_be_visible()
    await page.context.set_offline(False)
    await page.clock.run_for(15_000)
    await expect(page.get_by_text("Figures from this moment")).to_be_visible()
    await expect(page.get_by_text("The connection is gone")).to_have_count(0)


async def test_nothing_is_asked_while_nobody_looks(shop: Shop) -> None:
    page = await open_desk(shop)
    await expect(page.get_by_role("button", name="Sweep now")).to_be_visible()
    await page.evaluate(
        "globalThis.away = true; Object.defineProperty(document, 'hidden', {get: () => globalThis.away})"
    )
    await page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.clock.run_for(20_000)
    await page.clock.run_for(20_000)
    assert len([url for url in asked if "cleanup" in url]) <= 1
    async with page.expect_request("**/cleanup"):
        await page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange'))")
