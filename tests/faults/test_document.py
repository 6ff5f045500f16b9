"""docs/guarantees.md names a test for each fault, and each test here keeps a promise that stands there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")


def test_the_guarantees_and_the_faults_are_the_same() -> None:
    rows = re.findall(r"^\| .* \|$", DOCUMENT, re.MULTILINE)
    promised = re.findall(r"`(test_\w+)`", "\n".join(rows))
    files = [file for file in Path(__file__).parent.glob("test_*.py") if file != Path(__file__)]
    kept = re.findall(r"^(?:async )?def (test_\w+)", "\n".join(file.read_text() for file in files), re.MULTILINE)
    assert len(kept) > 25
    assert sorted(promised) == sorted(kept)
