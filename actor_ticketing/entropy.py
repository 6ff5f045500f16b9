"""Random bytes from the system, fetched in blocks."""

import secrets

BLOCK = 4_096


class BlockEntropy:
    """Hands out each byte of :func:`secrets.token_bytes` once.

    Asking the system for ten bytes lets go of Python's lock, which the thread that writes to the database then takes:
    under load that costs more than everything else there is to an id.
    """

    def __init__(self) -> None:
        self._block = b""
        self._used = 0

    def __call__(self, size: int) -> bytes:
        """Return ``size`` bytes, at most :data:`BLOCK`."""
        end = self._used + size
        if end > len(self._block):
            self._block = secrets.token_bytes(BLOCK)
            end = size
        start, self._used = end - size, end
        return self._block[start:end]
