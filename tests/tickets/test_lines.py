import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.tickets.lines import Run, fit, is_right_to_left, printable, visual_runs

LATIN = frozenset([*range(0x20, 0x7F), *range(0xA0, 0x370), 0x200C, 0x200D, 0x2026, 0x25A1])


def wide(text: str) -> float:
    """Every letter is one em wide, marks are not."""
    return sum(not unicodedata.combining(each) for each in text)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("王小明", "□□□"),
        ("Gala 🎻!", "Gala □!"),
        ("e\u0301", "é"),
        ("a \u00a0 \u2028\tb", "a b"),
        ("\u202eevil\u2066\u200b\u00ad", "evil"),
        ("a\u200db\u200cc", "a\u200db\u200cc"),
        ("x" + "\u0323" * 9, "x" + "\u0323" * 3),
        ("\U0001f3db\ufe0f", "□"),
        ("\u200b", ""),
    ],
)
def test_what_a_font_lacks_is_seen_and_what_cannot_be_seen_is_gone(typed: str, printed: str) -> None:
    assert printable(typed, LATIN) == printed


@pytest.mark.parametrize(
    ("text", "expected"), [("Ada", False), ("(12) أمسية Ada", True), ("12 Ada שלום", False), ("12", False), ("", False)]
)
def test_the_first_letter_says_where_a_text_begins(text: str, expected: bool) -> None:  # noqa: FBT001
    assert is_right_to_left(text) is expected


def test_a_number_in_hebrew_words_stands_left_of_the_word_before_it() -> None:
    assert visual_runs("VIP שורה 3", right_to_left=False) == [
        Run("VIP ", False),
        Run("3", False),
        Run("שורה ", True),
    ]


def test_brackets_go_with_the_words_around_them() -> None:
    runs = visual_runs("(2027) شعر", right_to_left=True)
    assert runs == [Run(") شعر", True), Run("2027", False), Run("(", True)]


@given(text=st.text(st.sampled_from("ab אבج ()1-,"), max_size=30))
def test_runs_are_all_of_the_line(text: str) -> None:
    runs = visual_runs(text, right_to_left=is_right_to_left(text))
    assert sorted("".join(run.text for run in runs)) == sorted(text)


def test_a_text_that_fits_is_as_large_as_can_be() -> None:
    assert fit("one two", [2, 1], wide, width=14, height=2, leading=1) == (2, ["one two"])


def test_a_longer_one_is_broken_between_words_before_it_shrinks() -> None:
    assert fit("one two", [2, 1], wide, width=8, height=4, leading=1) == (2, ["one", "two"])


def test_a_still_longer_one_shrinks() -> None:
    assert fit("one two six", [2, 1], wide, width=8, height=4, leading=1) == (1, ["one two", "six"])


def test_a_word_longer_than_a_line_is_broken_within_itself() -> None:
    assert fit("a bcdefgh i", [1], wide, width=3, height=9, leading=1) == (1, ["a", "bcd", "efg", "h i"])


def test_no_mark_is_broken_off_its_letter() -> None:
    assert fit("x\u0323" * 3, [1], wide, width=2, height=9, leading=1) == (1, ["x\u0323x\u0323", "x\u0323"])


def test_what_does_not_fit_at_all_ends_in_an_ellipsis() -> None:
    assert fit("one two six ten", [2, 1], wide, width=5, height=2, leading=1) == (1, ["one", "two…"])


def test_no_text_is_one_empty_line() -> None:
    assert fit("", [2, 1], wide, width=5, height=2, leading=1) == (2, [""])


@given(text=st.text(st.sampled_from("ab  x\u0323é"), max_size=60), width=st.integers(2, 9), height=st.integers(1, 4))
def test_lines_never_leave_their_place(text: str, width: int, height: int) -> None:
    size, lines = fit(text, [2, 1.5, 1], wide, width=width, height=height, leading=1)
    assert len(lines) * size <= height or len(lines) == 1
    assert all(wide(line) * size <= width for line in lines)
