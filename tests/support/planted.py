"""`actor-ticketing` with defects planted: each breaks once, at the end of its work, when its file is in PLANTED."""

import os
from pathlib import Path
from typing import Any

from actor_ticketing.actors.committed import Committed
from actor_ticketing.actors.supervisor import Supervisor
from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.cli import main

PLACES: dict[str, tuple[type, str]] = {
    # Everything that a ticket type's actor is sent is asked, and everything that the supervisor is sent is told.
    "ask": (TicketTypeActor, "on_receive"),
    "tell": (Supervisor, "on_receive"),
    # What the one writer does between a commit and the replies.
    "writer": (Committed, "__call__"),
}


def plant(owner: type, name: str, armed: Path) -> None:
    """Have a method raise after it has done its work, once."""
    sound = getattr(owner, name)

    def broken(self: Any, *arguments: Any) -> Any:
        outcome = sound(self, *arguments)
        if armed.exists():
            armed.unlink()
            raise LookupError("a defect")
        return outcome

    setattr(owner, name, broken)


if __name__ == "__main__":
    for defect, place in PLACES.items():
        plant(*place, Path(os.environ["PLANTED"]) / defect)
    main()
