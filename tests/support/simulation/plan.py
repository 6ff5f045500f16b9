"""How the service is set up in one seed, what it sells, and what its disk is like."""

from functools import lru_cache

from actor_ticketing.config import Settings
from actor_ticketing.domain.catalogue import Event, TicketType
from actor_ticketing.domain.events import EventCreated, LedgerEvent, TicketTypeCreated
from actor_ticketing.domain.ports import Entry
from support.simulation.disk import Weather
from support.simulation.stepping import START, World

WEATHERS = (
    Weather(),
    Weather(fails=0.05, read_fails=0.01),
    Weather(stalls=0.08),
    Weather(fails=0.25, read_fails=0.08),
    Weather(fails=0.02, is_unknown=0.08, stalls=0.02, commit_ms=40),
    Weather(commit_ms=400),
)


class Plan:
    """What is drawn before anything runs.

    :ivar requests: how many are made.
    :ivar crashes: how often the process is killed, at the most.
    :ivar defects: how often an actor breaks, as a probability for each step.
    :ivar slowness: how often a step takes a while, likewise.
    :ivar sessions: how many guests there are.
    """

    def __init__(self, world: World) -> None:
        rng = self._rng = world.rng
        self.settings = _settings(
            sweep=rng.choice((3_600.0, 3_600.0, 7.0)),
            passivate=rng.choice((2.0, 60.0)),
            mailbox=rng.choice((10_000, 10_000, 10_000, 3)),
            places=rng.choice((0, 0, 3)),
            interval=rng.choice((0, 0, 5)),
        )
        self.weather = rng.choice(WEATHERS)
        self.ticket_types = [f"t{number}" for number in range(rng.randint(1, 3))]
        self.requests = rng.randint(20, 70)
        self.crashes = rng.choice((0, 1, 2, 3))
        self.defects = rng.choice((0.0, 0.0, 0.002, 0.01))
        self.slowness = rng.choice((0.01, 0.01, 0.1))
        self.sessions = rng.choice((2, 3, 5))

    def catalogue(self) -> Entry:
        """What is on sale from the beginning."""
        event = Event(id="ev", title="Spring Concert", venue="City Hall", start_date=START)
        types = [
            TicketType(id=each, event_id="ev", name=each, price=self._rng.randint(0, 9_999), currency="EUR")
            for each in self.ticket_types
        ]
        listed = [TicketTypeCreated(at=START, ticket_type=each, total=self._rng.randint(2, 14)) for each in types]
        events: list[LedgerEvent] = [EventCreated(at=START, event=event), *listed]
        return Entry(events=events, last_seq=len(events))


@lru_cache(maxsize=64)
def _settings(*, sweep: float, passivate: float, mailbox: int, places: int, interval: int) -> Settings:
    return Settings(
        holds={"default_minutes": 0.5, "max_minutes": 2.0, "max_quantity": 4, "max_active_per_session": places},
        extensions={"max_count": 2, "max_total_minutes": 3.0},
        sweep={"interval_seconds": sweep},
        actors={"mailbox_limit": mailbox, "passivate_after_seconds": passivate},
        storage={"commit_interval_ms": interval},
    )
