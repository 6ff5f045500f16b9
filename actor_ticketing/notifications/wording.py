"""What mails say: templates that a deployment can replace by its own."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from actor_ticketing.config import ConfigurationError
from actor_ticketing.domain.mail import MailKind
from actor_ticketing.domain.values import value
from actor_ticketing.notifications.proofreading import Proofreader

BUILT_IN = Path(__file__).parent / "templates"

_SUBJECT_MAX = 200
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
}


@value
class Wording:
    """A mail's words. ``subject`` is one line."""

    subject: str
    text: str
    html: str


class Templates:
    """The templates of one language: ``LANGUAGE/KIND.txt.jinja``, whose first line is the subject, and
    ``LANGUAGE/KIND.html.jinja``.

    :param replacements: a directory whose files are taken rather than ours of the same name.
    :raises ConfigurationError: when one cannot be used.
    """

    def __init__(self, language: str, replacements: Path | None = None) -> None:
        self._language = language
        loader = FileSystemLoader([BUILT_IN] if replacements is None else [replacements, BUILT_IN])
        self._environment = Environment(
            loader=loader,
            # What is HTML says so in its name; in the other half of a mail, an escaped text would show its escapes.
            autoescape=select_autoescape(enabled_extensions=("html.jinja",), disabled_extensions=("txt.jinja",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["moment"] = self._moment
        if replacements is not None and not replacements.is_dir():
            raise ConfigurationError(f"mail.templates_dir: {replacements} is not a directory")
        Proofreader(self._environment, loader, replacements).check(
            f"{language}/{kind}.{form}.jinja" for kind in MailKind for form in ("txt", "html")
        )

    def wording(self, kind: MailKind, facts: Mapping[str, Any]) -> Wording:
        """Say it.

        :raises jinja2.TemplateError: when a template asks for what there is not.
        """
        text, html = (
            self._environment.get_template(f"{self._language}/{kind}.{form}.jinja").render(facts)
            for form in ("txt", "html")
        )
        subject, _, body = text.strip().partition("\n")
        return Wording(subject=one_line(subject)[:_SUBJECT_MAX], text=body.strip() + "\n", html=html)

    def _moment(self, instant: int) -> str:
        """An instant (ms since the epoch) as people write it."""
        when = datetime.fromtimestamp(instant // 1000, UTC)
        month = _MONTHS[self._language].split()[when.month - 1]
        return f"{when.day} {month} {when.year}, {when:%H:%M} UTC"


def one_line(text: str) -> str:
    """The text without anything that ends a line, or cannot be seen: no name begins a line of its own, or turns the
    letters that follow around.
    """
    seen = (" " if character.isspace() or unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
            for character in text if unicodedata.category(character) != "Cf")  # fmt: skip
    return " ".join("".join(seen).split())
