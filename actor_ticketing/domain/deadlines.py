"""The holds of one ticket type in the order in which they end."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from actor_ticketing.domain.reservation import Reservation

_BUCKET_BITS = 10
"""A bucket is of 1,024 ms."""


class DeadlineQueue:
    """A heap of the holds that end first; all later ones lie in buckets of about a second, in no order.

    So a hold costs an entry in a list, and a heap of a million is never walked. Entries of holds that have since been
    extended or settled stay until they surface or outnumber the live ones.

    :param holds: the live holds by id, which the queue looks up and never changes.
    """

    __slots__ = ("_buckets", "_entries", "_front", "_front_bucket", "_holds", "_order")

    def __init__(self, holds: Mapping[str, Reservation]) -> None:
        self._holds = holds
        self._front: list[tuple[int, str]] = []
        self._rebuild()

    def __len__(self) -> int:
        return self._entries

    def add(self, hold: Reservation) -> None:
        """Note a hold that is new, or has a new deadline."""
        self._entries += 1
        number = hold.expires_at >> _BUCKET_BITS
        if number <= self._front_bucket:
            heappush(self._front, (hold.expires_at, hold.id))
            return
        bucket = self._buckets.get(number)
        if bucket is not None:
            bucket.append(hold.id)
        else:
            self._buckets[number] = [hold.id]
            heappush(self._order, number)

    def compact(self) -> None:
        """Forget entries of holds that are gone, once they outnumber the live ones."""
        if self._entries > 2 * len(self._holds) + 64:
            self._rebuild()

    def first(self) -> tuple[int, str] | None:
        """Deadline (ms since the epoch) and id of the hold that ends first; None when nothing is held."""
        while True:
            front = self._front
            while front:
                entry = front[0]
                hold = self._holds.get(entry[1])
                if hold is not None and hold.expires_at == entry[0]:
                    return entry
                heappop(front)
                self._entries -= 1
            if not self._order:
                return None
            self._open(heappop(self._order))

    def take_first(self) -> None:
        """Take out what :meth:`first` has returned."""
        heappop(self._front)
        self._entries -= 1

    def put_back(self, entries: Iterable[tuple[int, str]]) -> None:
        """Undo :meth:`take_first`."""
        for entry in entries:
            heappush(self._front, entry)
            self._entries += 1

    def _open(self, number: int) -> None:
        ids = self._buckets.pop(number)
        self._front_bucket = number
        # Entries of holds that have gone, or moved to another bucket, end here. The front is empty by now.
        self._front = [
            (hold.expires_at, each)
            for each in ids
            if (hold := self._holds.get(each)) is not None and hold.expires_at >> _BUCKET_BITS == number
        ]
        heapify(self._front)
        self._entries -= len(ids) - len(self._front)

    def _rebuild(self) -> None:
        self._front = []
        self._front_bucket = -1
        buckets: defaultdict[int, list[str]] = defaultdict(list)
        for hold in self._holds.values():
            buckets[hold.expires_at >> _BUCKET_BITS].append(hold.id)
        self._buckets: dict[int, list[str]] = dict(buckets)
        self._entries = len(self._holds)
        self._order = sorted(buckets)
