import unicodedata
from collections.abc import Callable, Container, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

MISSING = "□"
"""Stands for what a font has no letter for."""


class Run(NamedTuple):
    """A piece of a line, its characters in the order in which they are read."""

    text: str
    is_right_to_left: bool


Measure = Callable[[str], float]
"""The width of a text, in ems."""

_ELLIPSIS = "…"
_JOINERS = "\u200c\u200d"
_MARKS_MAX = 3
"""Marks on one letter; more are decoration, and would reach into the lines above and below."""
_STRONG = {"L": False, "R": True, "AL": True}


def printable(text: str, letters: Container[int]) -> str:
    """Return the text as a font can print it, which has a glyph for each of these code points.

    What the font lacks becomes an empty box. Every run of blanks is one space. What cannot be seen is left out, above
    all that which turns the direction of letters around.
    """
    printed: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category, is_mark = unicodedata.category(character), _is_mark(character)
        marks = marks + 1 if is_mark else 0
        if category[0] == "Z" or category == "Cc":
            printed.append(" ")
        elif is_mark or category == "Cf":
            is_used = marks <= _MARKS_MAX if is_mark else character in _JOINERS
            if is_used and ord(character) in letters:
                printed.append(character)
        else:
            printed.append(character if ord(character) in letters else MISSING)
    return " ".join("".join(printed).split())


def is_right_to_left(text: str) -> bool:
    """Whether a text reads from right to left: its first letter that has a direction says so (UAX 9, rule P2)."""
    return next((_STRONG[each] for each in map(unicodedata.bidirectional, text) if each in _STRONG), False)


def visual_runs(line: str, *, right_to_left: bool) -> list[Run]:
    """Return the pieces of a line that are written in one direction, from left to right as they stand on paper (UAX 9).

    fpdf knows how to order them, and does not do it when it writes. `right_to_left` is what the whole text is.
    """
    base = TextDirection.RTL if right_to_left else TextDirection.LTR
    characters = BidiParagraph(line, base, preserve_bn_chars=True).get_reordered_characters()
    runs = []
    for level, group in groupby(characters, key=lambda each: each.embedding_level):
        text = "".join([each.character for each in group])
        runs.append(Run(text[::-1], True) if level % 2 else Run(text, False))
    return runs


def fit(
    text: str, sizes: Sequence[float], measure: Measure, *, width: float, height: float, leading: float
) -> tuple[float, list[str]]:
    """Break a text into lines at the first of the sizes at which it fits; at the last one, cut off what does not fit.

    `sizes`, `width` and `height` are in the same unit; a line takes its size times `leading`. Lines are broken between
    words, and within a word that is too long for one. There is at least one line.
    """
    measure = cache(measure)
    for size in sizes:
        lines = _broken(text, measure, width / size)
        rows = max(1, int(height / (size * leading)))
        if len(lines) <= rows:
            return size, lines
    last = lines[rows - 1]
    while last and measure(last + _ELLIPSIS) > width / size:
        last = last[:-1]
    return size, [*lines[: rows - 1], last.rstrip() + _ELLIPSIS]


def _broken(text: str, measure: Measure, width: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if measure(longer) <= width:
            lines[-1] = longer
            continue
        first, *more = _pieces(word, measure, width)
        lines[-1:] = [lines[-1], first, *more] if lines[-1] else [first, *more]
    return lines


def _pieces(word: str, measure: Measure, width: float) -> list[str]:
    """Cut a word into as few pieces as fit, and no mark off its letter."""
    pieces = [""]
    for character in word:
        if pieces[-1] and not _is_mark(character) and measure(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}
