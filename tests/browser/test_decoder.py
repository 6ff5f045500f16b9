"""The decoder of the door's camera, on what cameras make of tickets."""

import asyncio
import base64
import io
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageOps
from playwright.async_api import Page

from actor_ticketing.tickets.signing import SigningKey, TicketSigner
from support.door import picture_of

SIDE = 720  # What the door cuts out of the middle, in pixels.
DECODE = """async (pictures) => {
  const decoder = new Worker("/static/desk/decoder.js", { type: "module" });
  const canvas = new OffscreenCanvas(%d, %d);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const texts = [];
  for (const picture of pictures) {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    context.drawImage(image, 0, 0);
    const heard = new Promise((resolve) => { decoder.onmessage = ({ data }) => resolve(data); });
    decoder.postMessage(context.getImageData(0, 0, %d, %d));
    texts.push(await heard);
  }
  decoder.terminate();
  return texts;
}""" % ((SIDE,) * 4)  # noqa: UP031 - braces mean something in JavaScript.


SIGNER = TicketSigner([SigningKey("T0AIWRVN", b"k" * 32)])
TICKETS = [
    SIGNER.sign(code=code, ticket_type_id="01M828P7FXK0T5DYV1Q2Y0ZB3C")
    for code in ("P79X-4V3Y-9DP4-QUQ7", "KGA9-H9PY-R743-7776", "WVQM-B3TN-5XEF-2HKD")
]


def frame(payload: str, *, side: int = 430, turned: float = 0) -> Image.Image:
    """A square of what a camera sees of a ticket: so many pixels wide, turned by so many degrees."""
    code = picture_of(payload).resize((side, side), Image.Resampling.LANCZOS)
    shown = code.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=150)
    seen = Image.new("L", (SIDE, SIDE), 150)
    seen.paste(shown, ((SIDE - shown.width) // 2, (SIDE - shown.height) // 2))
    return seen


def in_the_dark(picture: Image.Image, brightness: float, noise: float) -> Image.Image:
    dark = picture.point(lambda light: light * brightness)
    return ImageChops.add(dark, Image.effect_noise(picture.size, noise), 1, -128)


def lit_from_the_side(picture: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").rotate(90).resize(picture.size).point(lambda light: 40 + light * 0.84)
    return ImageChops.multiply(picture, shade)


def aslant(picture: Image.Image) -> Image.Image:
    across = (1.08, 0.06, -50, 0.01, 1.08, -20, 0.00001, 0.0001)
    return picture.transform(picture.size, Image.Transform.PERSPECTIVE, across, Image.Resampling.BICUBIC, fillcolor=150)


SEEN = {
    "straight": frame,
    "near": lambda payload: frame(payload, side=690),
    "far": lambda payload: frame(payload, side=220),
    **{f"turned by {angle}": lambda payload, angle=angle: frame(payload, turned=angle) for angle in (17, 30, 90, 200)},
    "out of focus": lambda payload: frame(payload, side=480).filter(ImageFilter.GaussianBlur(2)),
    "in the dark": lambda payload: in_the_dark(frame(payload, turned=8), 0.35, 6),
    "noisy": lambda payload: in_the_dark(frame(payload, turned=-12), 0.8, 12),
    "lit from the side": lambda payload: lit_from_the_side(frame(payload, turned=5)),
    "aslant": lambda payload: aslant(frame(payload)),
    "light on dark": lambda payload: ImageOps.invert(frame(payload)),
}


async def texts_in(page: Page, pictures: list[Image.Image]) -> Any:
    encoded = []
    for picture in pictures:
        file = io.BytesIO()
        picture.save(file, "PNG")
        encoded.append(base64.b64encode(file.getvalue()).decode())
    return await asyncio.wait_for(page.evaluate(DECODE, encoded), 60)


async def test_tickets_are_read_however_cameras_see_them(page: Page) -> None:
    read = {how: await texts_in(page, [see(each) for each in TICKETS]) for how, see in SEEN.items()}
    assert read == dict.fromkeys(SEEN, TICKETS)


async def test_where_there_is_no_code_nothing_is_read(page: Page) -> None:
    half = frame(TICKETS[0])
    half.paste(150, (SIDE // 2, 0, SIDE, SIDE))
    nothing = in_the_dark(Image.linear_gradient("L").resize((SIDE, SIDE)), 1, 30)
    assert await texts_in(page, [half, nothing]) == [None, None]
