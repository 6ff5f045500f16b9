from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF

from actor_ticketing.domain.money import amount
from actor_ticketing.tickets.lines import Run, fit, is_right_to_left, printable, visual_runs
from actor_ticketing.tickets.papers import Page
from actor_ticketing.tickets.qr import dark_runs, matrix_of

_FONTS = Path(__file__).with_name("fonts")
_FONT = "dejavu"

# All lengths are in mm, sizes of letters in points. A page is A6: four fit on A4.
_WIDTH, _HEIGHT, _MARGIN = 105, 148, 8
_INNER = _WIDTH - 2 * _MARGIN
_LABEL = 17
_MM_PER_POINT = 25.4 / 72
_LEADING = 1.22
_QR_MAX = 62
_FOOT = 18
"""What the code and the small print take below the QR code."""

_TITLE_SIZES = (19, 16, 13.5, 11, 9, 7.5, 6.5)
_VENUE_SIZES = (10.5, 9, 7.5, 6.5, 5.5)
_VALUE_SIZES = (10, 9, 7.5, 6.5, 5.7, 5)

_INK, _MUTED, _ACCENT, _RULE = (24, 28, 36), (96, 103, 115), (27, 73, 130), (190, 196, 204)

_SMALL_PRINT = (
    "Admits one person, once: whoever shows this code first is let in, and nobody with a copy after that. "
    "Times are in UTC; clocks at the venue may differ."
)

# Not strftime, which would name them in whatever language the process happens to run in.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def draw_pdf(pages: Sequence[Page]) -> bytes:
    """Return a PDF file with an A6 page for each ticket, of which there is at least one.

    The same pages always give the same bytes. Letters are of DejaVu Sans, shaped and set from right to left where they
    are written so; what it has no letter for is printed as an empty box. Names and titles shrink as they grow longer
    and never leave their place.
    """
    sheet = _Sheet(pages)
    for page in pages:
        sheet.draw(page)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """The file while it is drawn, from top to bottom."""

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__(format=(_WIDTH, _HEIGHT))
        self.set_auto_page_break(auto=False)
        self.set_margin(0)
        self.c_margin = 0
        # Otherwise fpdf would put the number of pages where somebody is called {nb}.
        self.alias_nb_pages(None)  # type: ignore[arg-type]
        self.add_font(_FONT, "", _FONTS / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", _FONTS / "DejaVuSans-Bold.ttf")
        self.set_lang("en")
        titles = ", ".join(dict.fromkeys(page.title for page in pages))
        self.set_title(f"{'Ticket' if len(pages) == 1 else 'Tickets'}: {titles}")
        self.set_creator("actor-ticketing")
        self.set_creation_date(datetime.fromtimestamp(max(page.sold_at for page in pages) // 1000, UTC))

    def draw(self, page: Page) -> None:
        """Add one ticket."""
        self.add_page()
        self.set_fill_color(*_ACCENT)
        self.rect(0, 0, _WIDTH, 2.5, style="F")
        self.set_y(_MARGIN)
        self._small(f"TICKET {page.number} OF {page.of}" if page.of > 1 else "TICKET")
        self._text(page.title, _TITLE_SIZES, height=19, bold=True)
        self.set_y(self.get_y() + 0.8)
        self._text(page.venue, _VENUE_SIZES, height=11, colour=_MUTED)
        self.set_y(self.get_y() + 2.5)
        self._field("DATE", _date(page.start_date), height=5)
        self._field("STARTS", f"{_time(page.start_date)} UTC (+00:00)", height=5)
        self._field("TYPE", page.ticket_type, height=10)
        self._field("PRICE", amount(page.price, page.currency) if page.price else "Free", height=5)
        if page.holder is not None:
            self._field("NAME", page.holder, height=10)
        self._tear_off(page)

    def _tear_off(self, page: Page) -> None:
        top, bottom = self.get_y() + 1.5, _HEIGHT - _FOOT
        self.set_draw_color(*_RULE)
        self.set_line_width(0.25)
        self.set_dash_pattern(dash=1.2, gap=1)
        self.line(_MARGIN, top, _WIDTH - _MARGIN, top)
        self.set_dash_pattern()
        edge = min(_QR_MAX, bottom - top)
        self._qr_code(page.qr_payload, x=(_WIDTH - edge) / 2, y=(top + bottom - edge) / 2, edge=edge)
        self.set_xy(_MARGIN, bottom)
        self._letters(15, bold=True)
        self.cell(_INNER, 6, page.code, align="C")
        self.set_xy(_MARGIN, bottom + 8)
        self._letters(5.5, colour=_MUTED)
        self.multi_cell(_INNER, 2.6, _SMALL_PRINT, align="C")

    def _qr_code(self, payload: str, *, x: float, y: float, edge: float) -> None:
        matrix = matrix_of(payload)
        module = edge / len(matrix)
        # One path, as SVG has it: renderers would show hairlines between modules that are painted one by one.
        path = [
            f"{(x + column * module) * self.k:.3f} {(_HEIGHT - y - row * module) * self.k:.3f}"
            f" {length * module * self.k:.3f} {-module * self.k:.3f} re"
            for row, modules in enumerate(matrix)
            for column, length in dark_runs(modules)
        ]
        self._out(f"q 0 g {' '.join(path)} f Q")

    def _small(self, label: str) -> None:
        self.set_x(_MARGIN)
        self._letters(6.5, bold=True, colour=_ACCENT)
        self.set_char_spacing(0.6)
        self.cell(_INNER, 5, label, new_x="LMARGIN", new_y="NEXT")
        self.set_char_spacing(0)

    def _field(self, label: str, value: str, *, height: float) -> None:
        top = self.get_y()
        self.set_xy(_MARGIN, top)
        self._letters(6, colour=_MUTED)
        self.cell(_LABEL, _VALUE_SIZES[0] * _MM_PER_POINT * _LEADING, label)
        self._text(value, _VALUE_SIZES, height=height, indent=_LABEL)
        self.set_y(max(self.get_y(), top + 4) + 1)

    def _text(
        self,
        text: str,
        sizes: Sequence[float],
        *,
        height: float,
        indent: float = 0,
        bold: bool = False,
        colour: tuple[int, int, int] = _INK,
    ) -> None:
        """Write a text that somebody typed, as large as fits into the height, and go below it."""
        self._letters(sizes[0], bold=bold, colour=colour)
        text = printable(text, self.fonts[f"{_FONT}{self.font_style}"].cmap)  # type: ignore[union-attr]
        rtl = is_right_to_left(text)
        left, right, ems = _MARGIN + indent, _WIDTH - _MARGIN, sizes[0] * _MM_PER_POINT
        size, lines = fit(
            text,
            sizes,
            lambda part: sum(map(self._width, visual_runs(part, right_to_left=rtl))) / ems,
            width=(right - left) / _MM_PER_POINT,
            height=height / _MM_PER_POINT,
            leading=_LEADING,
        )
        self.set_font_size(size)
        step = size * _MM_PER_POINT * _LEADING
        for line in lines:
            runs = visual_runs(line, right_to_left=rtl)
            widths = [self._width(run) for run in runs]
            self.set_x(right - sum(widths) if rtl else left)
            for run, width in zip(runs, widths, strict=True):
                self._shape(run)
                self.cell(width, step, run.text)
            self.set_y(self.get_y() + step)
        self.set_text_shaping(use_shaping_engine=False)

    def _width(self, run: Run) -> float:
        self._shape(run)
        return self.get_string_width(run.text)

    def _shape(self, run: Run) -> None:
        self.set_text_shaping(direction="rtl" if run.is_right_to_left else "ltr", language="en")

    def _letters(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(*colour)


def _date(instant: int) -> str:
    day = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _time(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant // 1000, UTC):%H:%M}"
