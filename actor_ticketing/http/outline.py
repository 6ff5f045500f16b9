"""The outline of what may be JSON, seen before anybody parses it: how deep it is nested, how many members it has."""

import re

DEPTH_MAX = 32
"""Deeper than anything asked for here, and far from what makes a parser struggle."""

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def is_too_deep(body: bytes) -> bool:
    """Whether objects and lists in a text that may be JSON are nested deeper than :data:`DEPTH_MAX`."""
    if body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            return True
    return False


def has_more_members(body: bytes, most: int) -> bool:
    """Whether the objects in a text that may be JSON have more members than that in all."""
    return body.count(b":") > most and _STRINGS.sub(b"", body).count(b":") > most
