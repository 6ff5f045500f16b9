"""The storefront's sources: every text in message files, in both languages, and modules that stay small."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

WEB = Path(str(files("actor_ticketing"))) / "web"
OWN = sorted(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)
MESSAGES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (WEB / "messages").glob("*.json")}
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in OWN)
# Attributes that a person reads or hears.
_SPOKEN = re.compile(r"""(?:aria-label|alt|title|placeholder)=["'][^"'$]*[A-Za-z]""")


def templates_of(source: str) -> list[str]:
    """The text of every html`...` template, with what is between ${ and } left out."""
    found: list[str] = []
    position = 0
    while (start := source.find("html`", position)) >= 0:
        text, position = _template(source, start + 5, found)
        found.append(text)
    return found


def _template(source: str, position: int, found: list[str]) -> tuple[str, int]:
    text = []
    while source[position] != "`":
        if source.startswith("${", position):
            position = _expression(source, position + 2, found)
            text.append("\0")
        else:
            text.append(source[position])
            position += 1
    return "".join(text), position + 1


def _expression(source: str, position: int, found: list[str]) -> int:
    depth = 1
    while depth:
        if source.startswith("html`", position):
            inner, position = _template(source, position + 5, found)
            found.append(inner)
            continue
        if source[position] == "`":
            _, position = _template(source, position + 1, found)
            continue
        depth += {"{": 1, "}": -1}.get(source[position], 0)
        position += 1
    return position


def test_both_languages_have_the_same_messages() -> None:
    assert MESSAGES.keys() == {"en", "id"}
    assert MESSAGES["en"].keys() == MESSAGES["id"].keys()


@pytest.mark.parametrize("key", MESSAGES["en"])
def test_a_message_says_the_same_things_in_both_languages(key: str) -> None:
    def named(message: str | dict[str, str]) -> set[str]:
        text = message if isinstance(message, str) else message["other"]
        return set(re.findall(r"\{(\w+)\}", text))

    assert named(MESSAGES["en"][key]) == named(MESSAGES["id"][key])
    for message in (MESSAGES["en"][key], MESSAGES["id"][key]):
        assert all(message.values() if isinstance(message, dict) else [message])


def test_every_message_that_is_asked_for_is_there_and_no_other() -> None:
    asked = set(re.findall(r'"([a-z]\w*\.\w+)"', SOURCE)) | set(re.findall(r't\("(\w+)"', SOURCE))
    composed = set(re.findall(r"[`]([a-z]\w*\.(?:\w+_)?)\$\{", SOURCE))
    missing = {key for key in asked if "." in key and key.split(".")[0] in _GROUPS} - MESSAGES["en"].keys()
    assert missing == set()
    unused = {key for key in MESSAGES["en"] if key not in asked and not key.startswith(tuple(composed))}
    assert unused == set()


_GROUPS = {key.split(".")[0] for key in MESSAGES["en"] if "." in key}


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_page_has_text_of_its_own(path: Path) -> None:
    for template in templates_of(path.read_text(encoding="utf-8")):
        assert not _SPOKEN.search(template), template
        text = re.sub(r"<[^>]*>", " ", template)
        assert not re.search(r"[A-Za-z]", text), text


def test_text_between_tags_is_found() -> None:
    assert templates_of("html`<p>${ok} Hello ${html`<b>inner</b>`}</p>`") == ["<b>inner</b>", "<p>\0 Hello \0</p>"]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_modules_are_small_and_load_nothing_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") < 300
    imported = re.findall(r'from "([^"]+)"', source)
    assert all(name.startswith(".") and (path.parent / name).resolve().is_relative_to(WEB) for name in imported)
    assert all((path.parent / name).exists() for name in imported)
    assert not re.search(r"https?://|innerHTML|eval\(", source.replace('"https:"', ""))
