"""The lives of one process, from the first start to the last stop."""

from typing import Any

from actor_ticketing.persistence.memory import MemoryStore
from support.simulation.asks import Ask, ToSweep
from support.simulation.books import Books
from support.simulation.disk import STALL_MS_MAX
from support.simulation.life import Life
from support.simulation.more_asks import ToBuy, ToEnter
from support.simulation.plan import Plan
from support.simulation.requests import Requests
from support.simulation.stepping import World
from support.simulation.watch import Watch

STEPS_MAX = 200_000
PATIENCE_MS = 300_000
"""How long anything may take once the faults are over."""


class _Died(Exception):
    """The process has ended."""


class Run:
    """One seed: lives that follow each other on one disk."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._plan = Plan(world)
        self._books = Books(self._plan.settings, world.blame)
        self._state = MemoryStore()
        self._requests = Requests(world, self._plan, self._books)
        self._crashes_left = self._plan.crashes
        self._left = self._plan.requests
        self._steps = 0
        catalogue = self._plan.catalogue()
        self._books.take([catalogue], world.now)
        _finish(self._state.commit([catalogue]))
        self._begin()

    def to_the_end(self) -> None:
        """All requests under faults, then what must hold when the faults are over."""
        world = self._world
        try:
            while self._left > 0 and world.problem is None:
                try:
                    self._ask_on()
                except _Died:
                    self._restart()
            self._linger()
            world.is_calm = True
            # A start that began under faults may still fail by one of them; its process is started anew.
            if self._life.backend is None or world.chance(0.3):
                self._restart()
            self._come_to_rest()
            self._restart()
            self._come_to_rest()
            self._stop()
        except _Died:
            world.blame("it dies although the faults are over")
        finally:
            self._life.kill()

    def _linger(self) -> None:
        """Nobody asks for anything, and the faults go on."""
        until = self._world.now + self._world.rng.choice((0, 30_000, 60_000))
        while self._world.problem is None:
            try:
                self._go_on(until)
            except _Died:
                self._restart()
            else:
                return

    def _ask_on(self) -> None:
        world, life = self._world, self._life
        while self._left > 0 and world.problem is None:
            wait, asks = self._requests.next(life.clock.now())
            # Who comes at the instant of a timer may come before it, or after.
            self._go_on(world.now + wait, inclusive=world.chance(0.5))
            for ask in asks:
                self._note(ask)
                life.send(ask)
                self._left -= 1
            if world.chance(0.02) and life.attempts:
                task, ask = world.rng.choice(list(life.attempts.items()))
                ask.was_cut = True
                task.cancel()
                world.sightings.add("a client went away while its request was under way")
            if world.chance(0.01):
                self._stop()
                raise _Died

    def _note(self, ask: Ask) -> None:
        sightings, under_way = self._world.sightings, self._life.attempts.values()
        now = self._life.clock.now()
        if isinstance(ask, ToBuy) and any(hold.expires_at == now for hold in map(self._books.row, ask.ids)):
            sightings.add("a purchase came at the very instant of the deadline")
        if isinstance(ask, ToEnter) and any(isinstance(each, ToEnter) and each.code == ask.code for each in under_way):
            sightings.add("two doors read one ticket at once")
        if isinstance(ask, ToSweep) and any(isinstance(each, ToSweep) for each in under_way):
            sightings.add("a sweep overlapped another")

    # Time

    def _go_on(self, until: int, *, inclusive: bool = True) -> None:
        """Let the process go on up to an instant, with or without what is due at it."""
        world, loop = self._world, self._life.loop
        while world.problem is None:
            while loop.step():
                self._between_steps()
            due = loop.next_timer()
            if due is None or due > until or (due == until and not inclusive):
                break
            world.now = due
        world.now = max(world.now, until)

    def _between_steps(self) -> None:
        world, life = self._world, self._life
        self._steps += 1
        if self._steps > STEPS_MAX:
            world.blame("it never comes to rest")
        self._watch.look()
        if world.problem is not None or life.is_over:
            raise _Died
        if world.is_calm:
            return
        luck = world.rng.random()
        # Where a bulk request is half-way, more can go wrong.
        haste = 40 if self._watch.claimed else 1
        if luck < self._plan.slowness * haste:
            world.now += self._a_while()
        if luck > 1 - self._plan.defects * haste:
            self._break_an_actor()
        if self._crash_in is not None:
            self._crash_in -= 1
            if self._crash_in <= 0 and self._may_crash():
                world.note("crash")
                self._watch.look_at_crash()
                raise _Died

    def _a_while(self) -> int:
        """How many ms a slow step takes; half-way through a bulk request, perhaps until a hold ends."""
        ends = [deadline - self._world.now for deadline in self._books.deadlines()] if self._watch.claimed else ()
        return self._world.rng.choice((1, 1, 1, 7, 40, min((end for end in ends if end > 0), default=40)))

    def _may_crash(self) -> bool:
        """Whether the process is in the state in which it is to be killed."""
        disk = self._life.disk
        match self._crash_while:
            case "committing":
                return len(disk.committing) > 1
            case "telling":
                return bool(disk.committing) and disk.is_durable
            case "claiming":
                return bool(self._watch.claimed)
            case "recovering":
                return self._life.backend is None
            case _:
                return True

    def _break_an_actor(self) -> None:
        actors = self._life.actors()
        if actors:
            # Of those that have given a claim to a bulk request, or of those that it still has to ask.
            others = actors.keys() - self._watch.claimed
            some = self._world.rng.choice((self._watch.claimed, others, others)) or actors
            each = self._world.rng.choice(sorted(some))
            self._world.note("breaks", each)
            if actors[each].uncommitted:
                self._world.sightings.add("an actor broke with uncommitted decisions")
            actors[each].doubt(LookupError("an injected defect"))

    # Lives

    def _begin(self) -> None:
        world, plan, rng = self._world, self._plan, self._world.rng
        behind = rng.choice((0, 0, 0, 30_000)) if not world.is_calm else 0
        self._life = Life(world, self._state, self._books, plan.settings, plan.weather, behind)
        self._watch = Watch(world, self._life)
        self._crash_in = None
        if self._crashes_left and not world.is_calm:
            self._crashes_left -= 1
            self._crash_in = rng.randint(1, rng.choice((60, 1_500, 1_500)))
            self._crash_while = rng.choice(("committing", "telling", "claiming", "whatever", "whatever"))
            if rng.random() < 0.05:
                self._crash_in, self._crash_while = rng.randint(1, 10), "recovering"

    def _restart(self) -> None:
        world = self._world
        self._life.kill()
        down = world.rng.choice((0, 50, 3_000, 20_000))
        ends = [deadline for deadline in self._books.deadlines() if world.now < deadline <= world.now + down]
        if ends:
            world.sightings.add("a deadline passed while the process was down")
        world.now += down
        world.note("restart")
        self._begin()

    def _come_to_rest(self) -> None:
        """Give the healthy service time for all that is under way, and for every hold to end."""
        life, began = self._life, self._world.now
        for until in range(began + 5_000, began + PATIENCE_MS, 5_000):
            self._go_on(until)
            if life.backend is not None and not life.attempts and not self._books.deadlines():
                break
        # A commit that stalled before the faults were over may still be on its way.
        self._go_on(self._world.now + STALL_MS_MAX)
        self._watch.look_at_quiet()

    def _stop(self) -> None:
        """End the process as SIGTERM does."""
        world, life = self._world, self._life
        world.note("stops")
        if life.backend is not None:
            life.backend.box_office.drain()
            self._go_on(world.now + world.rng.choice((0, 2, 500)))
            if life.attempts:
                world.sightings.add("an orderly stop with requests under way")
        life.begin_to_stop()
        try:
            self._go_on(world.now + PATIENCE_MS)
        except _Died:
            return
        world.blame("it does not stop")


def _finish(work: Any) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("it waits")
