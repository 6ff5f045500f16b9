"""What was asked for, and who is told how it goes."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The options of one invocation.

    :ivar seconds: the length of a single run under load; ``warm_up`` that of a contender's first one.
    :ivar connections: how many connections the closed-loop generator keeps open.
    :ivar uvloop: whether servers that can use it do.
    :ivar directory: where the databases go for the time of the run; None: where there is a disk.
    """

    rounds: int = 3
    seconds: int = 5
    warm_up: int = 2
    connections: int = 64
    uvloop: bool = True
    directory: str | None = None


class Watcher(Protocol):
    """Who is told how the run goes."""

    def expect(self, seconds: float) -> None:
        """The scenario at hand will take that long under load."""

    def at(self, what: str, seconds: float) -> None:
        """This is going on, after that many seconds of load."""
