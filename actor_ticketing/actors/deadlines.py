"""The next deadline of each ticket type, earliest first."""

from heapq import heapify, heappop, heappush


class Deadlines:
    """A heap with one live entry for each ticket type. Instants are ms since the epoch."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._next: dict[str, int] = {}

    def set(self, ticket_type_id: str, deadline: int | None) -> None:
        """Replace a ticket type's deadline; None takes it out."""
        if deadline is None:
            self._next.pop(ticket_type_id, None)
        elif self._next.get(ticket_type_id) != deadline:
            self._next[ticket_type_id] = deadline
            heappush(self._heap, (deadline, ticket_type_id))
            if len(self._heap) > 2 * len(self._next) + 64:
                self._heap = [(each, key) for key, each in self._next.items()]
                heapify(self._heap)

    def bring_forward(self, ticket_type_id: str, deadline: int) -> None:
        """Set a ticket type's deadline unless it has an earlier one."""
        present = self._next.get(ticket_type_id)
        if present is None or deadline < present:
            self.set(ticket_type_id, deadline)

    def earliest(self) -> int | None:
        """The earliest deadline of all."""
        heap = self._heap
        while heap and self._next.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def pop_due(self, now: int, *, limit: int) -> list[str]:
        """Take out the ticket types whose deadline has come, earliest first, ``limit`` at the most."""
        due: list[str] = []
        while len(due) < limit and (earliest := self.earliest()) is not None and earliest <= now:
            ticket_type_id = heappop(self._heap)[1]
            del self._next[ticket_type_id]
            due.append(ticket_type_id)
        return due
