"""docs/security.md promises tests by name; a promise nobody keeps is found here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_the_document_names_is_there() -> None:
    names = set(re.findall(r"\b(test_\w+\.py)\b", DOCUMENT))
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert len(names) > 15
    assert names - there == set()


def test_every_item_of_the_top_10_has_an_attack() -> None:
    attacks = (ROOT / "tests" / "security" / "test_owasp_api_top_10.py").read_text(encoding="utf-8")
    assert {int(number) for number in re.findall(r"def test_api(\d+)_", attacks)} == set(range(1, 11))
    assert {int(number) for number in re.findall(r"^\| API(\d+) ", DOCUMENT, re.MULTILINE)} == set(range(1, 11))
