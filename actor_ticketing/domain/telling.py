"""What of an exception may be told to a log.

The text of an exception can be anything that was at hand where it was raised: the key that a dictionary lacks is a
session id, say. So it is repeated only where the exception is of our own making, or SQLite's, or the system's, whose
texts name columns and files but no values.
"""

_SAFE_PACKAGES = ("actor_ticketing", "sqlite3")


def told(error: BaseException) -> str:
    """Return an exception's type, and its text where that names nobody."""
    kind = type(error)
    if isinstance(error, OSError) or kind.__module__.partition(".")[0] in _SAFE_PACKAGES:
        return f"{kind.__name__}: {error}"
    return kind.__name__
