"""What the hub knows of a socket."""

from dataclasses import dataclass
from typing import Protocol


class Listener(Protocol):
    """One open socket."""

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is sent, so that nothing need be rendered for it."""

    def send(self, frame: bytes) -> None:
        """Send a frame after all that came before, at the client's own pace. It returns at once and never raises."""

    def close(self, code: int, reason: str) -> None:
        """Begin to close: nothing more is sent. It returns at once; a second call does nothing."""


@dataclass(slots=True)
class LiveStatistics:
    """What has become of the sockets since the start.

    :ivar opened: sockets that were let in.
    :ivar messages: messages that were handed to a socket.
    :ivar dropped: clients that were disconnected since they fell behind.
    """

    opened: int = 0
    messages: int = 0
    dropped: int = 0
