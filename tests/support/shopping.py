"""A buyer in a browser, and what happens on the other side of the counter meanwhile."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from actor_ticketing.client import TicketClient
from support.process import Service, admin

SHELL = "chromium-headless-shell"
"""Chromium without what is around its pages, which takes half as long for the same tests."""

CHROMIUM = shutil.which(SHELL) or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
PATIENCE_MS = 10_000
OTHER_SESSION = "somebody-else"

Serve = Callable[[Mapping[str, str]], Awaitable[Service]]
_numbers = count(1)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    assert shutil.which(CHROMIUM), f"{CHROMIUM} is missing, which the browser tests drive: apt-get install {SHELL}"
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()


def serving(**settings: str) -> pytest.MarkDecorator:
    """Mark a test whose service has other settings: ``serving(holds__default_minutes="0.1")``."""
    return pytest.mark.parametrize("settings", [settings], ids=["configured"])


@dataclass
class Shop:
    """The service on sale, and the browsers that look at it."""

    service: Service
    browser: Browser
    session: aiohttp.ClientSession
    contexts: list[BrowserContext] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What browsers complained of: script errors and what the page's own policy forbade."""

    async def open_page(self, path: str = "/", **options: Any) -> Page:
        """A new buyer: a browser profile of its own."""
        context = await self.browser.new_context(
            base_url=self.service.url, **{"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "UTC", **options}
        )
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        await page.goto(path)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # A refusal, and a network that is switched off, are what many tests are about.
        expected = "Failed to load resource" in message.text or "ERR_" in message.text
        if message.type == "error" and not expected:
            self.problems.append(message.text)

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()

    async def sell(self, **stock: int) -> str:
        """Put an event of this test's own on sale, ``Seat=40``, and return the address of its page."""
        number = next(_numbers)
        start = "2099-03-20T19:00:00Z"
        event = {"id": f"ev{number}", "title": f"Evening {number}", "venue": "Hall", "startDate": start}
        await admin(self.session, self.service.url, "POST", "/api/admin/events", event)
        for name, total in stock.items():
            terms = {"id": f"{name}{number}", "name": name, "price": 1200, "currency": "EUR", "total": total}
            await admin(self.session, self.service.url, "POST", f"/api/admin/events/ev{number}/ticket-types", terms)
        return f"/events/ev{number}"

    async def change(self, path: str, name: str, **terms: Any) -> None:
        """What an organiser does meanwhile."""
        ticket_type = (await self.stock_at(path))[name]["id"]
        await admin(self.session, self.service.url, "PATCH", f"/api/admin/ticket-types/{ticket_type}", terms)

    async def stock_at(self, path: str) -> dict[str, Any]:
        """The ticket types of an event, by name."""
        async with self.session.get(f"{self.service.url}/api/public{path}") as answer:
            document = await answer.json()
        return {each["name"]: each for each in document["data"]["event"]["ticketTypes"]}

    async def hold_elsewhere(self, path: str, name: str, quantity: int, *, minutes: float = 5) -> str:
        """What another buyer does; returns the reservation's id."""
        ticket_type = (await self.stock_at(path))[name]["id"]
        async with self._elsewhere() as other:
            return (await other.reserve(ticket_type, quantity, minutes=minutes)).reservation.id

    async def give_back_elsewhere(self, reservation: str) -> None:
        async with self._elsewhere() as other:
            await other.cancel(reservation)

    def _elsewhere(self) -> TicketClient:
        return TicketClient(self.service.url, session_id=OTHER_SESSION, http=self.session)


async def hold(page: Page, path: str, **quantities: int) -> None:
    """Choose and hold, by what a person sees: ``Seat=2``."""
    await page.goto(path)
    for name, quantity in quantities.items():
        await page.get_by_label(f"Number of {name}").fill(str(quantity))
    await page.get_by_role("button", name="Hold these tickets").click()
    await expect(page.get_by_role("timer")).to_be_visible()


async def fill_buyer(page: Page) -> None:
    buyer = page.get_by_role("group", name="Who buys")
    await buyer.get_by_label("Full name").fill("Ayu Lestari")
    await buyer.get_by_label("Document number").fill("X1234567")
    await buyer.get_by_label("E-mail").fill(f"ayu{next(_numbers)}@example.com")
    await buyer.get_by_label("WhatsApp number").fill("+62 812 3456 789")


async def fill_holder(page: Page, number: int, name: str) -> None:
    holder = page.get_by_role("group", name=f"Ticket {number}")
    await holder.get_by_label("Full name").fill(name)
    await holder.get_by_label("Document number").fill(f"N{number}")


async def buy(page: Page) -> None:
    """From the filled form to the tickets, with a new account."""
    await page.get_by_role("button", name="Buy these tickets").click()
    await register(page)
    await page.get_by_role("button", name="Continue and buy").click()
    await expect(page.get_by_role("heading", name="Your tickets", exact=True)).to_be_visible()


async def register(page: Page) -> None:
    await page.get_by_role("radio", name="Create an account").check()
    await page.get_by_label("Password").fill("correct horse battery")
