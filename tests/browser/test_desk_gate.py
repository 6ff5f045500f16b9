"""Who gets to the operator's desk, and how they leave it."""

import re

from playwright.async_api import Page, expect

from support.operating import enter, make_admin, open_desk
from support.shopping import Shop
from support.web import ADMIN_TOKEN, make_token

PASSWORD = "correct horse battery"


async def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.goto("/admin")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_the_admin_token_opens_the_desk_until_the_tab_ends(page: Page) -> None:
    await enter(page)
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    assert ADMIN_TOKEN not in await page.evaluate("JSON.stringify(localStorage)") + page.url
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    assert "desk.tokens" not in await page.evaluate("Object.keys(sessionStorage)")


async def test_a_wrong_token_is_told_at_its_field(page: Page) -> None:
    await enter(page, token="not-the-admin-token")
    field = page.get_by_role("textbox", name="Admin token")
    await expect(field).to_have_accessible_description(re.compile("This token is not right"))
    await expect(field).to_be_focused()
    await expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


async def test_a_buyers_token_is_told_that_it_is_no_admins(page: Page) -> None:
    await enter(page, token=make_token("user-1"))
    await expect(page.get_by_role("textbox", name="Admin token")).to_have_accessible_description(re.compile("no admin"))


async def test_an_admins_account_opens_the_desk(shop: Shop) -> None:
    await make_admin(shop, "boss@example.com", PASSWORD)
    page = await shop.open_page()
    await sign_in(page, "boss@example.com", "wrong password")
    await expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("not right"))
    await sign_in(page, "boss@example.com")
    await expect(page.get_by_text("boss@example.com")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()


async def test_a_buyers_account_is_told_that_it_is_no_admins(shop: Shop, page: Page) -> None:
    credentials = {"email": "buyer@example.com", "password": PASSWORD}
    async with shop.session.post(f"{shop.service.url}/api/public/auth/register", json=credentials) as answer:
        assert answer.status == 201
    await sign_in(page, "buyer@example.com")
    await expect(page.get_by_role("alert")).to_contain_text("no admin")
    await expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


async def test_a_sign_in_that_the_service_no_longer_takes_brings_the_gate_back(shop: Shop) -> None:
    page = await open_desk(shop)
    await page.evaluate(
        f"sessionStorage['desk.tokens'] = sessionStorage['desk.tokens'].replace('{ADMIN_TOKEN}', 'old')"
    )
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended")


async def test_the_shop_and_the_desk_lead_to_one_another_and_share_no_sign_in(shop: Shop) -> None:
    page = await open_desk(shop)
    await page.get_by_role("link", name="To the shop").click()
    await expect(page.get_by_role("heading", name="What’s on")).to_be_visible()
    await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
