"""How deep JSON may be nested: deeper than anything asked for here, and far from what makes a parser struggle."""

import re

DEPTH_MAX = 32

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
