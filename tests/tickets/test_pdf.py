import io
import logging
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pypdf
import pytest

from actor_ticketing.tickets.pdf import draw_pdf
from support.papers import PIXELS_PER_MM, image_of, page, scan, texts_of, words_of

HOSTILE = {
    "very long words": "W" * 200,
    "very long sentences": "Ring the bell " * 14,
    "the widest letters": "\u1676" * 200,
    "nothing that can be seen": "\u200b\u2060",
    "no letter of ours": "東京🎻" * 40,
    "turned around": "\u202eecalevoL \u2067adA",
    "right to left": "أمسية موسيقية في دار الأوبرا (2027) " * 5,
    "both directions": "VIP שורה 3 (א) " * 13,
    "marks upon marks": "Z\u0323\u0323\u0323\u0324\u0325\u0326\u0327\u0328\u0329" * 20,
    "markup": "{nb} **bold** __x__ <b>(\\)</b> %d ]] >>",
    "blanks": "a\u00a0b\u2028c\u3000d",
    "not assigned": "\U000e0001\U0010ffff\uffff\ue000",
}


def test_a_page_says_everything_that_a_guest_has_to_know() -> None:
    text = words_of(draw_pdf([page()]))
    for part in (
        "Spring Concert", "City Hall", "Saturday, 20 March 2027", "19:00 UTC (+00:00)", "General Admission",
        "45.00 EUR", "Ada Lovelace", "P79X-4V3Y-9DP4-QUQ7", "Admits one person, once", "copy",
    ):  # fmt: skip
        assert part in text


def test_the_code_on_the_page_is_read_as_the_ticket() -> None:
    ticket = page()
    assert scan(image_of(draw_pdf([ticket]))) == ticket.qr_payload


def test_the_code_is_drawn_and_not_an_image() -> None:
    [printed] = pypdf.PdfReader(io.BytesIO(draw_pdf([page()]))).pages
    assert not printed.images


def test_a_page_is_as_large_as_a6() -> None:
    [printed] = pypdf.PdfReader(io.BytesIO(draw_pdf([page()]))).pages
    assert [round(float(edge) * 25.4 / 72) for edge in (printed.mediabox.width, printed.mediabox.height)] == [105, 148]


def test_of_someone_who_was_forgotten_there_is_no_name() -> None:
    text = words_of(draw_pdf([page(holder=None)]))
    assert "Ada" not in text
    assert "NAME" not in text
    assert "P79X-4V3Y-9DP4-QUQ7" in text


def test_what_costs_nothing_is_free() -> None:
    assert "PRICE Free NAME" in words_of(draw_pdf([page(price=0)]))


def test_tickets_of_a_purchase_are_numbered_and_a_single_one_is_not() -> None:
    assert "TICKET 2 OF 4" in words_of(draw_pdf([page(number=2, of=4)]))
    assert "1 OF 1" not in words_of(draw_pdf([page()]))


def test_a_hundred_tickets_are_a_hundred_pages_each_with_its_own_code() -> None:
    pages = [page(code=f"P79X-4V3Y-9DP4-{number:04}", number=number, of=100) for number in range(1, 101)]
    pdf = draw_pdf(pages)
    texts = texts_of(pdf)
    assert len(texts) == 100
    assert all(each.code in text for each, text in zip(pages, texts, strict=True))
    assert [scan(image_of(pdf, number)) for number in (0, 49, 99)] == [
        pages[number].qr_payload for number in (0, 49, 99)
    ]


def test_the_same_tickets_are_the_same_bytes() -> None:
    assert draw_pdf([page(), page(number=2)]) == draw_pdf([page(), page(number=2)])


def test_the_file_says_what_it_is_and_when_it_was_sold() -> None:
    reader = pypdf.PdfReader(io.BytesIO(draw_pdf([page(title="Ünï 東京")])))
    assert reader.metadata is not None
    assert reader.metadata.title == "Ticket: Ünï 東京"
    assert reader.metadata.creation_date == datetime(2026, 11, 22, 18, 50, 55, tzinfo=UTC)
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_the_file_does_not_name_its_holder_outside_the_page() -> None:
    assert b"Ada" not in draw_pdf([page()])


def test_letters_of_many_alphabets_are_printed() -> None:
    for name in ("María-José Ñuñez", "Łukasz Østergård", "Ελένη", "Борис Ѓорѓи", "Nguyễn Thị Ánh", "ایران"):
        assert name in words_of(draw_pdf([page(holder=name)]))


def test_arabic_letters_are_joined() -> None:
    # Apart, the same three letters have other shapes.
    joined, apart = (image_of(draw_pdf([page(holder=name)])) for name in ("ببب", "ب\u200cب\u200cب"))
    assert not np.array_equal(joined, apart)


def test_a_name_from_right_to_left_stands_at_the_right() -> None:
    left, right = (image_of(draw_pdf([page(holder=name)])) for name in ("Ada", "עדה"))
    [columns] = np.nonzero((left != right).any(axis=0))
    assert columns[0] // PIXELS_PER_MM == 25
    assert columns[-1] // PIXELS_PER_MM == 96


def test_what_the_font_lacks_is_printed_as_boxes() -> None:
    assert "NAME □□□" in words_of(draw_pdf([page(holder="王小明")]))


def test_nothing_of_a_name_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        draw_pdf([page(holder=text, title=text) for text in HOSTILE.values()])
    assert caplog.messages == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_somebody_typed_stays_in_its_place_and_the_code_is_read(text: str) -> None:
    typed = text[:200]
    ticket = replace(
        page(),
        title=typed,
        venue=typed,
        ticket_type=typed,
        holder=typed,
        price=10**12,
        currency="JPY",
        number=99,
        of=99,
    )
    pdf = draw_pdf([ticket])
    [words] = [" ".join(text.split()) for text in texts_of(pdf)]
    assert scan(image_of(pdf)) == ticket.qr_payload
    assert "1,000,000,000,000 JPY" in words
    assert ticket.code in words
    pixels = image_of(pdf)
    margin, below_bar = round(7.5 * PIXELS_PER_MM), 3 * PIXELS_PER_MM
    assert (pixels[below_bar:, :margin] > 250).all()
    assert (pixels[below_bar:, -margin:] > 250).all()
    assert (pixels[-4 * PIXELS_PER_MM :] > 250).all()


def test_markup_is_printed_as_it_is() -> None:
    assert HOSTILE["markup"] in words_of(draw_pdf([page(holder=HOSTILE["markup"])]))


def test_a_ticket_in_the_farthest_future_is_printed() -> None:
    assert "Friday, 31 December 9999" in words_of(draw_pdf([page(start_date=253_402_300_799_999)]))
