"""A page that is loaded again, and a network that comes and goes: nothing is lost, and nothing happens twice."""

import re

from playwright.async_api import Page, Route, expect

from support.shopping import Shop, fill_buyer, fill_holder, hold, serving

PURCHASES = "**/api/public/purchases"


async def test_a_reload_in_the_middle_keeps_the_hold_and_what_was_typed(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=2)
    await fill_buyer(page)
    await fill_holder(page, 2, "Budi Santoso")
    await page.reload()
    await expect(page.get_by_role("timer")).to_contain_text(re.compile(r"9:\d\d"))
    buyer, second = page.get_by_role("group", name="Who buys"), page.get_by_role("group", name="Ticket 2")
    await expect(buyer.get_by_label("WhatsApp number")).to_have_value("+62 812 3456 789")
    await expect(second.get_by_label("Full name")).to_have_value("Budi Santoso")
    assert (await shop.stock_at(path))["Seat"]["reserved"] == 2


async def test_a_choice_outlives_a_reload(shop: Shop, page: Page) -> None:
    await page.goto(await shop.sell(Seat=5))
    await page.get_by_label("Number of Seat").fill("3")
    await page.reload()
    await expect(page.get_by_label("Number of Seat")).to_have_value("3")


@serving(auth__purchase="optional")
async def test_a_purchase_waits_for_the_network_and_is_made_once(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=1)
    await fill_buyer(page)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_text(re.compile("Your tickets stay held until"))).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_role("img", name="QR code")).to_have_count(1)
    await expect(page.get_by_text("The connection is gone")).to_have_count(0)
    assert (await shop.stock_at(path))["Seat"]["sold"] == 1


async def test_what_happened_while_the_network_was_gone_is_seen_afterwards(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=60)
    await page.goto(path)
    await expect(page.get_by_text("60 left")).to_be_visible()
    await page.context.set_offline(True)
    await shop.hold_elsewhere(path, "Seat", 20)
    await page.context.set_offline(False)
    await expect(page.get_by_text("40 left")).to_be_visible()


async def test_a_browser_that_takes_itself_for_offline_beside_the_service_hears_what_happens(shop: Shop) -> None:
    """A box office on a machine, or a network, of its own: no way out is no reason not to listen."""
    path = await shop.sell(Seat=60)
    page = await shop.open_page()
    await page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false });")
    await page.goto(path)
    await expect(page.get_by_text("60 left")).to_be_visible()
    await shop.hold_elsewhere(path, "Seat", 20)
    await expect(page.get_by_text("40 left")).to_be_visible()
    await page.evaluate("dispatchEvent(new Event('offline'))")
    await shop.hold_elsewhere(path, "Seat", 10)
    await expect(page.get_by_text("30 left")).to_be_visible()


@serving(auth__purchase="optional")
async def test_an_answer_that_got_lost_is_asked_for_again_with_the_same_key(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=1)
    await fill_buyer(page)
    keys = []

    async def lose_the_first_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            await route.continue_()
            return
        await route.fetch()
        await route.abort("connectionreset")

    await page.route(PURCHASES, lose_the_first_answer)
    await page.get_by_role("button", name="Buy these tickets").click()
    await expect(page.get_by_role("img", name="QR code")).to_have_count(1)
    assert len(keys) == 2
    assert keys[0] == keys[1]


@serving(auth__purchase="optional")
async def test_a_purchase_whose_page_was_closed_on_the_way_is_found(shop: Shop, page: Page) -> None:
    path = await shop.sell(Seat=5)
    await hold(page, path, Seat=2)
    await fill_buyer(page)
    await fill_holder(page, 2, "Budi Santoso")

    async def close_the_page(route: Route) -> None:
        await route.fetch()
        await page.goto("about:blank")

    await page.route(PURCHASES, close_the_page)
    await page.get_by_role("button", name="Buy these tickets").click()
    await page.wait_for_url("about:blank")
    await page.goto("/checkout")
    await page.get_by_role("link", name="Show my tickets").click()
    await expect(page.get_by_role("img", name="QR code")).to_have_count(2)
    assert (await shop.stock_at(path))["Seat"]["sold"] == 2


async def test_the_chosen_language_stays(shop: Shop, page: Page) -> None:
    await page.goto(await shop.sell(Seat=5))
    await page.get_by_label("Language").select_option("id")
    await expect(page.get_by_role("button", name="Tahan tiket ini")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Tahan tiket ini")).to_be_visible()
    assert await page.locator("html").get_attribute("lang") == "id"


async def test_a_device_forgets_a_buyer_who_asks_for_it(shop: Shop, page: Page) -> None:
    await hold(page, await shop.sell(Seat=5), Seat=1)
    await fill_buyer(page)
    await page.goto("/reservations")
    await page.get_by_role("button", name="Forget me on this device").click()
    await page.get_by_role("button", name="Yes, forget me").click()
    await expect(page.get_by_role("heading", name="What’s on")).to_be_visible()
    await page.goto("/reservations")
    await expect(page.get_by_text("Nothing is held for you")).to_be_visible()
    kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Ayu" not in kept
