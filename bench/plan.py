"""What was asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The options of one invocation. ``seconds`` and ``warm_up`` are lengths of single runs."""

    scenario: str
    rounds: int
    seconds: int
    warm_up: int
    connections: int
    generator: str
    uvloop: bool
    directory: str | None
