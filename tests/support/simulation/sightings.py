"""The rare states that a run has to have been in: a simulation that never got there has shown nothing about them."""

from collections import Counter
from collections.abc import Iterable

RARE = (
    "a timer came late",
    "a timer came early",
    "a purchase came at the very instant of the deadline",
    "a purchase was decided in the last millisecond",
    "a purchase of several became durable after the deadline",
    "an unknown commit was found committed after the restart",
    "an unknown commit was found not committed after the restart",
    "decisions failed with the commit that they were based on",
    "a refusal failed with the commit that it was based on",
    "a deadline passed while a commit stalled",
    "a deadline passed while the process was down",
    "a bulk request was let go half-way",
    "a bulk request was half-way when an actor was rebuilt",
    "a bulk request was half-way at a crash",
    "a request was parked behind a tentative claim",
    "an overdue hold was freed for a buyer before its timer came",
    "a key came again while its first request was under way",
    "a key came again and got the first answer",
    "a key came again after its first answer had been lost, and got it",
    "mail waited for an actor that was being rebuilt",
    "an actor could not be built",
    "an actor broke with uncommitted decisions",
    "a passivated ticket type got a message",
    "a crash with a batch of several entries on its way",
    "a crash after the commit and before the answer",
    "a crash during recovery",
    "a crash while a sweep was under way",
    "an orderly stop with requests under way",
    "a client went away while its request was under way",
    "an expiry failed and was tried again",
    "the clock had gone back at a restart",
    "two doors read one ticket at once",
    "a request was turned away because too much was waiting",
    "a sweep overlapped another",
)


class Sightings(Counter[str]):
    """How often each rare state was seen."""

    def add(self, name: str) -> None:
        """Count one.

        :raises KeyError: when nobody waits for it.
        """
        if name not in _NAMES:
            raise KeyError(name)
        self[name] += 1

    def missing(self) -> list[str]:
        """What was never seen."""
        return [name for name in RARE if not self[name]]


_NAMES = frozenset(RARE)


def added_up(runs: Iterable[Sightings]) -> Sightings:
    """What several runs have seen together."""
    total = Sightings()
    for run in runs:
        total.update(run)
    return total
