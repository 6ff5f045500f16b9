"""What stands in a kept answer, and whether it is about somebody who is to be forgotten."""

import json
import re
from collections.abc import Iterator
from typing import Any

from actor_ticketing.domain.purchase import email_key

# What goes on with an address before and behind it; a dot behind it may end a sentence.
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_DOMAIN = r"[\w-]|\.[\w-]"

# Every person in an answer has it, as the API spells it.
_NAME = "fullName"
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def texts_of(body: bytes) -> frozenset[str]:
    """All texts in a kept answer, the names of members among them."""
    text = body.decode(errors="replace")
    try:
        return frozenset(_texts_in(json.loads(text)))
    except ValueError:
        return frozenset([text])


def _texts_in(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for name, each in document.items():
            yield name
            yield from _texts_in(each)
    elif isinstance(document, list):
        for each in document:
            yield from _texts_in(each)


def ids_in(texts: frozenset[str]) -> frozenset[str]:
    """What may be the id of a transaction or ticket in an answer with these texts; nothing, where it names nobody."""
    return frozenset(each for each in texts if _ID.fullmatch(each)) if _NAME in texts else frozenset()


def is_about(texts: frozenset[str], email: str | None, forgotten: set[str], remaining: set[str]) -> bool:
    """Whether an answer names somebody who was forgotten, or has this address and not only as a part of another one.

    :param forgotten: ids of transactions and tickets that have lost their people. An answer that was made since then
        has their ids, too, and names nobody.
    :param remaining: ids of those that still have this address. They came after the others were forgotten, and stay
        with the answers about them.
    """
    ids = ids_in(texts)
    if not ids.isdisjoint(forgotten):
        return True
    if email is None or not ids.isdisjoint(remaining):
        return False
    address = re.compile(f"(?<!{_LOCAL}){re.escape(email_key(email))}(?!{_DOMAIN})")
    return any(address.search(email_key(each)) for each in texts)
