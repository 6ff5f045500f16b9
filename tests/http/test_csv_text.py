"""CSV that no spreadsheet runs, wherever it takes a cell to begin."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.http.csv_text import csv_lines

SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - East Asian spreadsheets take these too.

texts = st.text(st.sampled_from([*SIGNS, *";,\"\t\r\n \u00a0\u3000'a1"]), max_size=12)


def cells(text: str, *, delimiter: str) -> list[str]:
    """What a spreadsheet finds that begins a cell at this character."""
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]


def written(*row: str) -> str:
    return csv_lines([row]).decode()


@pytest.mark.parametrize(
    ("delimiter", "name"),
    [
        (";", 'x;"=1+1;'),
        (";", 'x; "" =1+1;'),
        (";", "x;\u00a0=1+1;"),
        (";", "x;＝1+1;"),  # noqa: RUF001 - as above.
        (";", "x\n=1+1"),
        (";", "x\r=1+1"),
        (";", "x;\t=1+1;"),
        ("\t", "x\t=1+1\t"),
        ("\t", 'x\t"=1+1\t'),
        (",", " =1+1"),
        (",", "＝1+1"),  # noqa: RUF001 - as above.
    ],
)
def test_a_cell_that_would_be_run_is_only_read(delimiter: str, name: str) -> None:
    found = [cell.strip() for cell in cells(written("id", name, "end"), delimiter=delimiter)]
    assert any(cell.lstrip('" ').startswith("'") for cell in found)
    assert not [cell for cell in found if cell.lstrip('" ').startswith(SIGNS)]


@given(st.lists(st.lists(texts, min_size=1, max_size=4), max_size=3), st.sampled_from(",;\t"))
def test_whatever_the_texts_no_cell_begins_like_a_formula(rows: list[list[str]], delimiter: str) -> None:
    for cell in cells(csv_lines(rows).decode(), delimiter=delimiter):
        assert not cell.lstrip('" \u00a0\u3000\t\r\n').startswith(SIGNS)


@given(st.lists(texts, min_size=1, max_size=4))
def test_nothing_but_apostrophes_is_added(row: list[str]) -> None:
    found = cells(written(*row), delimiter=",")
    assert [cell.replace("'", "") for cell in found] == [text.replace("'", "") for text in row]


@pytest.mark.parametrize("name", ["Ada Lovelace", "Ada; a-b=c", 'Ada "the = sign"', "Ada, -b", "a@b.test", "a\nb"])
def test_a_sign_within_a_cell_is_left_alone(name: str) -> None:
    assert cells(written(name), delimiter=",") == [name]
