"""Templates that cannot be used are found at the start, wherever they stand, and named."""

from pathlib import Path

import pytest

from actor_ticketing.config import ConfigurationError
from actor_ticketing.notifications.wording import Templates


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A directory of a deployment's own templates, with none yet."""
    (tmp_path / "en").mkdir()
    return tmp_path


def problem_of(ours: Path) -> str:
    """What the start says of them."""
    with pytest.raises(ConfigurationError) as caught:
        Templates("en", ours)
    message = str(caught.value)
    assert message.startswith("mail.templates_dir: ")
    assert "\n" not in message
    return message.removeprefix("mail.templates_dir: ")


def test_a_template_that_is_none_is_named_with_its_line(ours: Path) -> None:
    (ours / "en" / "expired.txt.jinja").write_text("fine\n{% if %}")
    assert problem_of(ours).startswith("en/expired.txt.jinja, line 2: ")


def test_a_directory_of_templates_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'} is not a directory"


def test_a_layout_that_is_none_is_named(ours: Path) -> None:
    (ours / "layout.html.jinja").write_text("<p>\n{% if %}")
    assert problem_of(ours).startswith("layout.html.jinja, line 2: ")


def test_a_filter_that_there_is_not_is_named_in_a_layout_too(ours: Path) -> None:
    (ours / "layout.html.jinja").write_text("{{ event.title | shout }}")
    assert problem_of(ours) == "layout.html.jinja, line 1: No filter named 'shout'."


@pytest.mark.parametrize(
    "text",
    [
        '{% extends "frame.jinja" %}',
        '{% include "frame.jinja" %}',
        '{% include ["frame.jinja", "none.jinja"] %}',
        '{% import "frame.jinja" as frame %}',
        '{% from "frame.jinja" import line %}',
    ],
)
def test_whatever_a_template_is_made_of_has_to_be_there_and_right(ours: Path, text: str) -> None:
    (ours / "en" / "purchased.txt.jinja").write_text(f"Subject\n{text}")
    assert problem_of(ours).startswith("en/purchased.txt.jinja, line 2: there is no frame.jinja")
    (ours / "frame.jinja").write_text("{% if %}")
    assert problem_of(ours).startswith("frame.jinja, line 1: ")
    (ours / "frame.jinja").write_text("{% macro line() %}{% endmacro %}")
    Templates("en", ours)


@pytest.mark.parametrize(
    "text",
    [
        '{% include "none.jinja" ignore missing %}',
        '{% include ["none.jinja", "layout.html.jinja"] %}',
        "{% include link %}",
        '{% include ["none.jinja", link] %}',
    ],
)
def test_what_a_template_can_do_without_or_names_later_stops_nothing(ours: Path, text: str) -> None:
    (ours / "en" / "purchased.txt.jinja").write_text(f"Subject\n{text}")
    Templates("en", ours)


@pytest.mark.parametrize("text", ['{% extends ["a", "b"] %}', '{% import ("a", "b") as c %}'])
def test_what_cannot_be_one_of_several_is_named(ours: Path, text: str) -> None:
    (ours / "en" / "purchased.txt.jinja").write_text(f"Subject\n{text}")
    assert problem_of(ours) == "en/purchased.txt.jinja, line 2: only what is included can be one of several"


def test_a_template_that_is_nested_too_deeply_is_named(ours: Path) -> None:
    (ours / "en" / "purchased.txt.jinja").write_text("{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}")
    assert problem_of(ours) == "en/purchased.txt.jinja: is nested too deeply"


def test_a_layout_that_stands_around_itself_is_named(ours: Path) -> None:
    (ours / "layout.html.jinja").write_text('{% extends "layout.html.jinja" %}')
    assert problem_of(ours) == "layout.html.jinja, line 1: extends itself"


@pytest.mark.parametrize("name", ["en/expired.html.jinja", "layout.html.jinja"])
def test_a_template_that_is_a_directory_is_named(ours: Path, name: str) -> None:
    (ours / name).mkdir()
    assert problem_of(ours) == f"{name}: is not a file"


def test_a_template_that_links_to_nothing_is_named(ours: Path) -> None:
    (ours / "en" / "expired.html.jinja").symlink_to(ours / "nowhere")
    assert problem_of(ours) == "en/expired.html.jinja: is not a file"


@pytest.mark.parametrize("name", ["en/purchased.txt.jinja", "layout.html.jinja"])
def test_a_template_that_is_not_utf_8_is_named(ours: Path, name: str) -> None:
    (ours / name).write_bytes(b"caf\xe9")
    assert problem_of(ours) == f"{name}: is not UTF-8"


def test_a_template_that_cannot_be_read_is_named(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ours / "en" / "purchased.txt.jinja"
    place.write_text("fine")
    read = open

    def refuse(file: object, *args: object, **kwargs: object) -> object:
        if str(file) == str(place):
            raise PermissionError(13, "Permission denied", str(file))
        return read(file, *args, **kwargs)  # type: ignore[call-overload]

    # Root may read everything, and these tests may be run by root.
    monkeypatch.setattr("builtins.open", refuse)
    assert problem_of(ours) == "en/purchased.txt.jinja: Permission denied"
