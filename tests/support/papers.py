"""Tickets on paper, and how a guest, a door and a printer see them."""

import io
from typing import Any

import cv2
import numpy as np
import pypdf
import pypdfium2

from actor_ticketing.tickets.papers import Page
from actor_ticketing.tickets.signing import SigningKey, TicketSigner

SIGNER = TicketSigner([SigningKey("2026-01", bytes(range(32)))])
PIXELS_PER_MM = 8


def page(**fields: Any) -> Page:
    """A ticket as most are."""
    code = fields.get("code", "P79X-4V3Y-9DP4-QUQ7")
    usual = {
        "title": "Spring Concert",
        "venue": "City Hall",
        "start_date": 1_805_569_200_000,
        "ticket_type": "General Admission",
        "price": 4500,
        "currency": "EUR",
        "holder": "Ada Lovelace",
        "code": code,
        "qr_payload": SIGNER.sign(code=code, ticket_type_id="01M828P762GJE9WGS0VSA7DPQV"),
        "number": 1,
        "of": 1,
        "sold_at": 1_795_373_455_023,
    }
    return Page(**{**usual, **fields})


def texts_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [each.extract_text() for each in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def words_of(pdf: bytes) -> str:
    """The text of a file, however it is broken into lines."""
    return " ".join(" ".join(texts_of(pdf)).split())


def image_of(pdf: bytes, number: int = 0) -> np.ndarray:
    """One page as a printer has it, in shades of grey."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return np.asarray(document[number].render(scale=PIXELS_PER_MM * 25.4 / 72, grayscale=True).to_pil())
    finally:
        document.close()


def scan(pixels: np.ndarray) -> str:
    """What a door's scanner reads."""
    return cv2.QRCodeDetectorAruco().detectAndDecode(pixels)[0]
