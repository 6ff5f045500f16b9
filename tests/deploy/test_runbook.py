"""Whoever is woken finds what to do: each alarm and each error that is logged has an entry, and is explained."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import actor_ticketing

DOCUMENT = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")


def table(heading: str) -> Iterator[list[str]]:
    """The cells of the rows of the last table under a heading."""
    section = re.split(r"^#{2,3} ", DOCUMENT.split(f"# {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    for row in re.findall(r"^\| (.*) \|$", section, re.MULTILINE)[2:]:
        yield [cell.strip() for cell in row.split(" | ")]


def named(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)", cell))


def is_loud(node: ast.AST) -> bool:
    """Whether it is ``log.error`` or worse, or a choice that may come to it."""
    return any(
        isinstance(each, ast.Attribute)
        and each.attr in ("error", "critical", "exception")
        and isinstance(each.value, ast.Name)
        and each.value.id == "log"
        for each in ast.walk(node)
    )


def errors_in(tree: ast.AST) -> Iterator[str]:
    """The events that a module logs as errors: itself, at a level that it chose before, or by a chore that it names."""
    levels = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_loud(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if is_loud(node.func) or (isinstance(node.func, ast.Name) and node.func.id in levels):
            # What is no text here is what a chore is given to say.
            if isinstance(node.args[0], ast.Constant):
                yield node.args[0].value
            else:
                assert ast.unparse(node.args[0]) == "self._failure"
        elif isinstance(node.func, ast.Name) and node.func.id == "Periodic":
            yield next(ast.literal_eval(each.value) for each in node.keywords if each.arg == "failure")


ALARMS = list(table("Alarms"))
WAKING = [row for row in table("Metrics") if len(row) == 3 and row[2]]
ERRORS = sorted(
    {
        event
        for path in Path(actor_ticketing.__path__[0]).rglob("*.py")
        for event in errors_in(ast.parse(path.read_text(encoding="utf-8")))
    }
)


def test_the_tables_were_found() -> None:
    assert len(ALARMS) > 10
    assert len(WAKING) > 8
    assert {"cannot_go_on", "commit_failed", "expiry_failed", "ledger_retention_failed", "mail_failed"} <= set(ERRORS)


@pytest.mark.parametrize("row", WAKING, ids=lambda row: min(named(row[0])))
def test_each_metric_that_wakes_somebody_has_an_entry(row: list[str]) -> None:
    assert any(named(row[0]) & named(alarm[0]) for alarm in ALARMS)


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: min(named(alarm[0])))
def test_each_entry_says_what_it_means_what_to_do_and_when_it_is_over(alarm: list[str]) -> None:
    assert len(alarm) == 4
    assert all(alarm)


@pytest.mark.parametrize("event", ERRORS)
def test_each_error_that_is_logged_is_explained(event: str) -> None:
    assert any(event in named(row[0]) for row in table("Logs"))


@pytest.mark.parametrize("event", ERRORS)
def test_each_error_that_is_logged_has_an_entry(event: str) -> None:
    assert any(event in named(cell) for alarm in ALARMS for cell in alarm)
