"""Somebody at the door, whose camera sees what a test puts in front of it."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from actor_ticketing.tickets.qr import draw_png
from support.operating import buy_elsewhere, enter
from support.process import admin
from support.shopping import ARGUMENTS, CHROMIUM, PATIENCE_MS, Shop

WIDTH, HEIGHT = 1280, 720
CHECKIN = "**/api/admin/checkin"


@dataclass
class Camera:
    """The file that Chromium takes for a camera. It is opened anew whenever a page opens the camera."""

    path: Path

    def sees(self, *pictures: Image.Image) -> None:
        """Put pictures in front of the camera, each for a second, over and over."""
        with self.path.open("wb") as file:
            file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F1:1 Ip A1:1 C420jpeg\n".encode())
            for picture in pictures:
                luma, blue, red = fitted(picture).convert("YCbCr").split()
                small = [plane.resize((WIDTH // 2, HEIGHT // 2)).tobytes() for plane in (blue, red)]
                file.write(b"FRAME\n" + luma.tobytes() + b"".join(small))


def fitted(picture: Image.Image) -> Image.Image:
    """A picture as large as it can be in the middle of a frame of the colour of its corner."""
    shown = ImageOps.contain(picture.convert("RGB"), (WIDTH, HEIGHT))
    frame = Image.new("RGB", (WIDTH, HEIGHT), shown.getpixel((0, 0)))
    frame.paste(shown, ((WIDTH - shown.width) // 2, (HEIGHT - shown.height) // 2))
    return frame


@asynccontextmanager
async def open_camera_browser(folder: Path) -> AsyncIterator[tuple[Browser, Camera]]:
    """A browser in which everybody allows the camera."""
    camera = Camera(folder / "camera.y4m")
    camera.sees(Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)))
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={camera.path}",
        # A page of the service under a name that is not localhost: without HTTPS, and so without a camera.
        "--host-resolver-rules=MAP door.test 127.0.0.1",
    ]
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *flags])
        yield opened, camera
        await opened.close()


async def sell_tickets(shop: Shop, path: str, name: str, quantity: int = 1) -> Any:
    """Let somebody else buy tickets of an event, and return them."""
    held = await shop.hold_elsewhere(path, name, quantity)
    return (await buy_elsewhere(shop, held, quantity))["tickets"]


def picture_of(payload: str) -> Image.Image:
    """A QR code, with white around it."""
    return Image.open(io.BytesIO(draw_png(payload))).convert("L")


async def open_door(shop: Shop, path: str, *, page: Page | None = None, **options: Any) -> Page:
    """Open the door for an event, on a device of its own or on that page."""
    page = page or await shop.open_page(**options)
    await enter(page, "/admin/door")
    await page.get_by_label("Event at this door").select_option(path.rpartition("/")[2])
    await page.get_by_role("button", name="Open the door").click()
    await expect(page.get_by_label("Code of the ticket")).to_be_visible()
    return page


async def type_code(page: Page, code: str) -> None:
    """Type a code at the door."""
    await page.get_by_label("Code of the ticket").fill(code)
    await page.keyboard.press("Enter")


def told(page: Page, word: str) -> Locator:
    """The verdict, if it is that."""
    return page.get_by_role("alertdialog", name=word, exact=True)


def asked_of(page: Page) -> list[str]:
    """What the door asks the service, as it goes on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if "checkin" in request.url else None)
    return asked


async def is_used(shop: Shop, ticket: Any) -> bool:
    """Whether somebody was let in on a ticket."""
    found = await admin(shop.session, shop.service.url, "GET", f"/api/admin/tickets/{ticket['code']}")
    return found["ticket"]["checkedInAt"] is not None
