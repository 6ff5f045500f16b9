"""The sources of the storefront and of the desk: texts in message files, in both languages; modules that stay small."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

WEB = Path(str(files("actor_ticketing"))) / "web"
OWN = sorted(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)


def messages_in(folder: Path) -> dict[str, dict[str, str | dict[str, str]]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


SHOP, DESK = messages_in(WEB / "messages"), messages_in(WEB / "desk" / "messages")
SHOP_SOURCE, DESK_SOURCE = (
    "\n".join(path.read_text(encoding="utf-8") for path in OWN if path.is_relative_to(WEB / "desk") is of_the_desk)
    for of_the_desk in (False, True)
)
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


@pytest.mark.parametrize("messages", [SHOP, DESK], ids=["shop", "desk"])
def test_both_languages_have_the_same_messages(messages: dict[str, dict[str, str | dict[str, str]]]) -> None:
    assert messages.keys() == {"en", "id"}
    assert messages["en"].keys() == messages["id"].keys()


def test_no_message_of_the_desk_hides_one_of_the_shop() -> None:
    assert SHOP["en"].keys() & DESK["en"].keys() == set()


@pytest.mark.parametrize("key", [*SHOP["en"], *DESK["en"]])
def test_a_message_says_the_same_things_in_both_languages(key: str) -> None:
    def named(message: str | dict[str, str]) -> set[str]:
        text = message if isinstance(message, str) else message["other"]
        return set(re.findall(r"\{(\w+)\}", text))

    english, indonesian = ((SHOP[language] | DESK[language])[key] for language in ("en", "id"))
    assert named(english) == named(indonesian)
    for message in (english, indonesian):
        assert all(message.values() if isinstance(message, dict) else [message])


@pytest.mark.parametrize(
    ("source", "own", "others"),
    # What the shop says may be said at the desk too; a visitor of the shop does not load the desk's words.
    [(SHOP_SOURCE, SHOP["en"], {}), (DESK_SOURCE, DESK["en"], SHOP["en"])],
    ids=["shop", "desk"],
)
def test_every_message_that_is_asked_for_is_there_and_no_other(
    source: str, own: dict[str, Any], others: dict[str, Any]
) -> None:
    there = own.keys() | others.keys()
    groups = {key.split(".")[0] for key in there if "." in key}
    asked = set(re.findall(r'"([a-z]\w*\.\w+)"', source)) | set(re.findall(r't\("(\w+)"', source))
    composed = set(re.findall(r"[`]([a-z]\w*\.(?:\w+_)?)\$\{", source))
    assert {key for key in asked if "." in key and key.split(".")[0] in groups} - there == set()
    assert {key for key in own if key not in asked and not key.startswith(tuple(composed))} == set()


def test_the_shop_loads_nothing_of_the_desk() -> None:
    assert "desk/" not in SHOP_SOURCE + (WEB / "index.html").read_text(encoding="utf-8")


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
