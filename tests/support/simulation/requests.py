"""Who asks for what, and when, drawn from the seed."""

from collections.abc import Callable, Iterator

from actor_ticketing.domain.reservation import Reservation
from support.simulation.asks import Ask, ToAdopt, ToExtend, ToRelease, ToReserve, ToSweep
from support.simulation.books import Books, Intent
from support.simulation.more_asks import ToBuy, ToChange, ToEnter, ToErase, ToList, ToPause
from support.simulation.plan import Plan
from support.simulation.stepping import World

KEYED = 0.4
"""How many requests have an Idempotency-Key."""


class Requests:
    """Draws one request after the other. Clients know what is durable: they can list what they hold."""

    def __init__(self, world: World, plan: Plan, books: Books) -> None:
        self._rng = world.rng
        self._plan = plan
        self._books = books
        self._number = 0
        self._keyed: list[Ask] = []
        kinds: list[tuple[Callable[[], Ask | None], int]] = [
            (self._to_reserve, 24),
            (self._to_reserve_several, 16),
            (self._to_buy, 14),
            (self._to_buy_several, 14),
            (self._to_extend, 8),
            (self._to_release, 8),
            (self._to_adopt, 5),
            (self._to_sweep, 3),
            (self._to_change, 6),
            (self._to_pause, 4),
            (self._to_enter, 6),
            (self._to_erase, 2),
            (self._to_list, 1),
        ]
        # Each seed has its own mixture: what comes often in one of them meets itself there.
        self._kinds = [kind for kind, _ in kinds]
        self._weights = [weight * self._rng.choice((0.2, 1, 1, 4)) for _, weight in kinds]

    def next(self, now: int) -> tuple[int, list[Ask]]:
        """The next requests, which come at once, and in how many ms.

        :param now: by the clock of the process.
        """
        rng = self._rng
        if self._keyed and rng.random() < 0.12:
            return rng.choice((0, 1, 300, 5_000)), [rng.choice(self._keyed)]
        ending = [hold for hold in self._active() if now < hold.expires_at < now + 60_000]
        if ending and rng.random() < 0.25:
            several = [hold for hold in ending if self._held(hold.session_id) > 1]
            hold = min(rng.choice((several, ending)) or ending, key=lambda each: (each.expires_at, each.id))
            return max(0, hold.expires_at - now + rng.choice((-2, -1, -1, 0, 0, 1))), list(self._at_the_end_of(hold))
        ask = None
        while ask is None:
            [make] = rng.choices(self._kinds, self._weights)
            ask = make()
        asks = [ask]
        if ask.key is not None and rng.random() < 0.25:
            asks.append(ask)
        if isinstance(ask, ToEnter) and rng.random() < 0.5:
            asks.append(self._to_enter_with(ask.code))
        return rng.choice((0, 0, 0, 1, 2, 5, 20, 300, 1_000, 8_000)), asks

    def _at_the_end_of(self, hold: Reservation) -> Iterator[Ask]:
        """Somebody wants a hold, or its stock, as it ends."""
        yield self._rng.choice((self._to_buy, *[self._to_buy_several] * 4, self._to_extend))(hold)  # type: ignore[misc]
        if self._rng.random() < 0.5:
            yield self._to_reserve(hold.ticket_type_id)

    # Drawing

    def _mark(self) -> str:
        self._number += 1
        return f"m{self._number}"

    def _noted(self, ask: Ask) -> Ask:
        if self._rng.random() < KEYED:
            ask.key = f"k{self._number}"
            self._keyed.append(ask)
        return ask

    def _session(self) -> str:
        return f"s{self._rng.randrange(self._plan.sessions)}"

    def _active(self) -> list[Reservation]:
        return [hold for holds in self._books.active.values() for hold in holds.values()]

    def _held(self, session_id: str) -> int:
        return sum(hold.session_id == session_id for hold in self._active())

    def _hold(self) -> Reservation | None:
        if (active := self._active()) and self._rng.random() < 0.9:
            return self._rng.choice(active)
        rows = self._books.rows
        return self._books.row(self._rng.choice(list(rows))) if rows else None

    def _who(self, hold: Reservation) -> tuple[str, str | None]:
        return (self._session(), None) if self._rng.random() < 0.05 else (hold.session_id, hold.user_id)

    def _to_reserve(self, ticket_type_id: str | None = None) -> Ask:
        quantity = self._rng.choice((1, 1, 2, 2, 3, 4, 5))
        return self._to_hold([(ticket_type_id or self._rng.choice(self._plan.ticket_types), quantity)])

    def _to_reserve_several(self) -> Ask:
        rng, types = self._rng, self._plan.ticket_types
        return self._to_hold([(rng.choice(types), rng.choice((1, 1, 2))) for _ in range(rng.randint(2, 4))])

    def _to_hold(self, lines: list[tuple[str, int]]) -> Ask:
        mark, session = self._mark(), self._session()
        self._books.asked[mark] = Intent(lines=lines)
        types = tuple(each for each, _ in lines)
        most = max(sum(quantity for each, quantity in lines if each == one) for one in types)
        return self._noted(
            ToReserve(
                mark=mark,
                session=session,
                user=f"u{session[1]}" if self._rng.random() < 0.4 else None,
                types=types,
                lines=lines,
                length=self._rng.choice((1_000, 2_000, 5_000, 5_000, 10_000, 30_000, 90_000)),
                is_hopeless=most > self._plan.settings.holds.max_quantity,
            )
        )

    def _to_buy(self, hold: Reservation | None = None) -> Ask | None:
        hold = hold or self._hold()
        return None if hold is None else self._to_pay([hold])

    def _to_buy_several(self, hold: Reservation | None = None) -> Ask | None:
        active = self._active()
        if hold is None:
            of_many = [each for each in active if self._held(each.session_id) > 1]
            if not of_many:
                return None
            hold = self._rng.choice(of_many)
        same = [each for each in active if each.session_id == hold.session_id and each.id != hold.id]
        return self._to_pay([hold, *self._rng.sample(same, min(len(same), self._rng.randint(1, 3)))])

    def _to_pay(self, holds: list[Reservation]) -> Ask:
        mark, (session, user) = self._mark(), self._who(holds[0])
        self._books.asked[mark] = Intent(buys=frozenset(hold.id for hold in holds))
        one_too_many = self._rng.random() < 0.03
        return self._noted(
            ToBuy(
                mark=mark,
                session=session,
                user=user,
                ids=tuple(hold.id for hold in holds),
                people=tuple(hold.quantity + one_too_many for hold in holds),
                email=f"{session}@example.com",
                is_hopeless=one_too_many,
            )
        )

    def _to_extend(self, hold: Reservation | None = None) -> Ask | None:
        hold = hold or self._hold()
        if hold is None:
            return None
        mark, (session, user) = self._mark(), self._who(hold)
        # No other extension of this hold is by as much, so that the books tell which one it was.
        more = self._rng.choice((1_000, 20_000, 100_000)) + self._number
        return self._noted(ToExtend(mark=mark, session=session, user=user, ids=(hold.id,), more=more))

    def _to_release(self) -> Ask | None:
        if (hold := self._hold()) is None:
            return None
        mark, (session, user) = self._mark(), self._who(hold)
        by_operator = self._rng.random() < 0.3
        return self._noted(ToRelease(mark=mark, session=session, user=user, ids=(hold.id,), by_operator=by_operator))

    def _to_adopt(self) -> Ask:
        session = self._session()
        return self._noted(ToAdopt(mark=self._mark(), session=session, user=f"u{session[1]}"))

    def _to_sweep(self) -> Ask:
        return self._noted(ToSweep(mark=self._mark(), session="boss"))

    def _to_change(self) -> Ask:
        rng, mark, ticket_type_id = self._rng, self._mark(), self._rng.choice(self._plan.ticket_types)
        stock = self._books.stock(ticket_type_id)
        total: int | None = None
        window: dict[str, int | None] = {}
        if rng.random() < 0.7:
            total = max(0, stock.sold + stock.reserved + rng.choice((-1, 0, 0, 1, 4)))
        else:
            # It opens or closes in a moment, or is open again.
            at = self._books.latest + rng.choice((0, 500, 5_000))
            window = rng.choice(({"start": at, "end": None}, {"start": None, "end": at}, _OPEN, _OPEN, _OPEN))
        return self._noted(ToChange(mark=mark, session="boss", types=(ticket_type_id,), total=total, window=window))

    def _to_pause(self) -> Ask:
        types = (self._rng.choice(self._plan.ticket_types),)
        return self._noted(ToPause(mark=self._mark(), session="boss", types=types, paused=self._rng.random() < 0.4))

    def _to_enter(self) -> Ask | None:
        codes = list(self._books.tickets)
        return self._to_enter_with(self._rng.choice(codes)) if codes else None

    def _to_enter_with(self, code: str) -> Ask:
        return self._noted(ToEnter(mark=self._mark(), session="door", code=code))

    def _to_erase(self) -> Ask:
        email = f"{self._session()}@example.com"
        self._books.erased.add(email)
        return ToErase(mark=self._mark(), session="boss", email=email)

    def _to_list(self) -> Ask:
        ticket_type_id = f"late{self._rng.randint(0, 1)}"
        return self._noted(ToList(mark=self._mark(), session="boss", ticket_type_id=ticket_type_id, total=2))


_OPEN: dict[str, int | None] = {"start": None, "end": None}
