"""Somebody at the operator's desk, in a browser."""

from typing import Any

from playwright.async_api import Page, expect

from support.shopping import OTHER_SESSION, Shop
from support.web import ADMIN_TOKEN, PERSON, make_token

SIGNED_IN = {"access": ADMIN_TOKEN, "expiresAt": None, "refreshToken": None, "user": {"email": None}}
"""What the desk keeps for the tab, after a sign-in with the admin token."""


async def enter(page: Page, path: str = "/admin", token: str = ADMIN_TOKEN) -> None:
    """Sign in with a token."""
    await page.goto(path)
    await fill_token(page, token)


async def fill_token(page: Page, token: str = ADMIN_TOKEN) -> None:
    await page.get_by_role("radio", name="Admin token").check()
    await page.get_by_role("textbox", name="Admin token").fill(token)
    await page.get_by_role("button", name="Sign in").click()


async def open_desk(shop: Shop, path: str = "/admin", **options: Any) -> Page:
    """A page of the desk, for whoever has signed in."""
    page = await shop.open_page("/static/icon.svg", **options)
    await page.evaluate("kept => { sessionStorage['desk.tokens'] = JSON.stringify(kept); }", SIGNED_IN)
    await page.goto(path)
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


async def make_admin(shop: Shop, email: str, password: str) -> None:
    """An account that may work at the desk. The service has to stop for that, and has another address afterwards."""
    credentials = {"email": email, "password": password}
    async with shop.session.post(f"{shop.service.url}/api/public/auth/register", json=credentials) as answer:
        assert answer.status == 201, await answer.text()
    await shop.service.terminate()
    status, out, problem = await shop.service.run("account", "role", "--email", email, "--role", "admin")
    assert status == 0, out + problem
    await shop.service.start()


async def buy_elsewhere(shop: Shop, reservation: str, quantity: int) -> Any:
    """What another buyer does with a hold; returns the purchase."""
    body = {"sessionId": OTHER_SESSION, "buyerInfo": PERSON, "ticketHolders": [PERSON] * quantity}
    url = f"{shop.service.url}/api/public/reservations/{reservation}/purchase"
    headers = {"Authorization": f"Bearer {make_token('user-1')}"}
    async with shop.session.post(url, json=body, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return (await answer.json())["data"]
