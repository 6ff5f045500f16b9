"""A file that is whole when it appears."""

import errno
import os
from pathlib import Path

import pytest

from actor_ticketing.reporting.asking import ReportError
from actor_ticketing.reporting.publishing import publish


def test_it_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    publish("té", tmp_path / "page.html", overwrite=False)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "té"
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["page.html"]


@pytest.mark.parametrize("links", [True, False])
def test_nothing_is_overwritten_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:  # noqa: FBT001
    if not links:
        without_links(monkeypatch)
    page = tmp_path / "page.html"
    page.write_text("before")
    with pytest.raises(ReportError, match=r"page\.html exists already"):
        publish("after", page, overwrite=False)
    assert page.read_text() == "before"
    publish("after", page, overwrite=True)
    assert page.read_text() == "after"
    assert names_in(tmp_path) == ["page.html"]


def test_a_link_to_nowhere_is_something_too(tmp_path: Path) -> None:
    (tmp_path / "page.html").symlink_to(tmp_path / "elsewhere.html")
    with pytest.raises(ReportError):
        publish("text", tmp_path / "page.html", overwrite=False)
    assert not (tmp_path / "elsewhere.html").exists()


def test_where_there_are_no_links_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_links(monkeypatch)
    publish("text", tmp_path / "page.html", overwrite=False)
    assert (tmp_path / "page.html").read_text() == "text"
    assert names_in(tmp_path) == ["page.html"]


def test_one_that_comes_at_the_last_moment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, link = tmp_path / "page.html", os.link

    def somebody_else_is_quicker(*names: Path) -> None:
        page.write_text("theirs")
        link(*names)

    monkeypatch.setattr(os, "link", somebody_else_is_quicker)
    with pytest.raises(ReportError):
        publish("ours", page, overwrite=False)
    assert page.read_text() == "theirs"
    assert names_in(tmp_path) == ["page.html"]


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ReportError, match=r"cannot write .*/page\.html: No space left on device"):
        publish("text", tmp_path / "page.html", overwrite=True)
    assert names_in(tmp_path) == []


def test_a_directory_that_is_not_there_is_a_sentence_about_the_page(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"cannot write .*/nowhere/page\.html: No such file"):
        publish("text", tmp_path / "nowhere" / "page.html", overwrite=False)


def names_in(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
