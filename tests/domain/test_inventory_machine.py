"""The inventory against a deliberately naive model of it, driven by Hypothesis through random histories."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from actor_ticketing.domain.commands import (
    Adopt,
    Cancel,
    ChangeTicketType,
    Convert,
    Extend,
    Release,
    Reserve,
    SetPaused,
)
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.extensions import ExtensionPolicy, ExtensionRules
from actor_ticketing.domain.inventory import Contended, Inventory
from actor_ticketing.domain.outcomes import converted, created
from actor_ticketing.domain.policies import HoldPolicy, Policies
from actor_ticketing.domain.reservation import Owner, Reservation
from tests.domain.builders import NOW, TERMS, convert, reservation, reserve
from tests.domain.naive_model import NaiveModel, Refused

MAX_QUANTITY, MAX_EXTENSIONS, MAX_LENGTH, WAIT = 7, 1, 22, 5
POLICIES = Policies(
    hold=HoldPolicy(default_ms=1, min_ms=1, max_ms=100, max_quantity=MAX_QUANTITY),
    extension=ExtensionRules(
        max_count=MAX_EXTENSIONS, max_total_ms=MAX_LENGTH, hold_ms=1, hold_ms_max=15, wait_ms=WAIT
    ),
)

# A failing history is shrunk for up to five minutes; the suite's usual limit would cut the report off.
pytestmark = pytest.mark.timeout(400)

# The owner is drawn far more often than a stranger, or no history would come far.
HOLDERS = st.sampled_from([("s1", None), ("s1", "u1"), ("s2", "u1")])
OWNERS = st.sampled_from(
    [Owner(session_id="s1", user_id="u1")] * 8
    + [Owner(session_id="s1"), Owner(session_id="s2"), Owner(user_id="u1"), Owner()]
)
QUANTITIES = st.lists(st.integers(1, 3), min_size=1, max_size=3)
LENGTHS = st.integers(1, 15)


@dataclass(frozen=True)
class StockClaim:
    """A claim on stock that is open: as much of the actor's claim as an inventory needs."""

    command: Reserve
    now: int
    quantity: int


@dataclass(frozen=True)
class HoldsClaim:
    """A claim on holds that is open."""

    commands: Sequence[Convert]
    now: int
    holds: Sequence[Reservation]


def attempt(decide: Callable[[], Any]) -> tuple[Refused, Any]:
    """What a decision comes to: the class of its refusal, or its outcome."""
    try:
        return None, decide()
    except (Refusal, Contended) as refused:
        return type(refused), None


class InventoryMachine(RuleBasedStateMachine):
    """Every rule asks both; they must agree on the outcome, and after each step on every counter."""

    reservations = Bundle("reservations")
    stock_claims = Bundle("stock_claims")
    holds_claims = Bundle("holds_claims")

    @initialize(total=st.integers(5, 20))
    def open_sales(self, total: int) -> None:
        self.now = NOW
        self.inventory = Inventory(TERMS, POLICIES, total=total)
        self.model = NaiveModel(
            total,
            price=TERMS.price,
            max_quantity=MAX_QUANTITY,
            max_extensions=MAX_EXTENSIONS,
            max_length=MAX_LENGTH,
            wait=WAIT,
        )

    def happen(self, events: Sequence[LedgerEvent]) -> None:
        for event in events:
            self.inventory.apply(event)

    @rule(step=st.integers(1, 10))
    def time_passes(self, step: int) -> None:
        self.now += step

    @precondition(lambda self: self.inventory.is_settled)
    @rule(step=st.integers(-20, 20))
    def the_service_is_restarted_and_its_clock_may_have_gone_back(self, step: int) -> None:
        self.now += step
        self.inventory = self.rebuilt()
        self.happen(self.inventory.reschedule_from_future(self.now))
        self.model.restart(self.now)

    def rebuilt(self) -> Inventory:
        stock = self.inventory
        holds = stock.holds.values()
        return Inventory(stock.ticket_type, POLICIES, total=stock.total, sold=stock.sold, holds=holds)

    # Single commands

    @rule(target=reservations, quantities=QUANTITIES, holder=HOLDERS, length=LENGTHS)
    def reserve(self, quantities: list[int], holder: tuple[str, str | None], length: int) -> Any:
        command = reserve(*quantities, session_id=holder[0], user_id=holder[1], duration_ms=length)
        expected = self.model.refuses_reserve(quantities, self.now)
        refused, events = attempt(lambda: self.inventory.reserve(command, self.now))
        assert refused is expected
        return multiple() if refused else self.made(command, events, self.now)

    def made(self, command: Reserve, events: Sequence[LedgerEvent], now: int) -> Any:
        self.happen(events)
        for line in command.lines:
            holder = (command.session_id, command.user_id)
            self.model.add(line.reservation_id, line.quantity, holder, now, command.duration_ms)
        return multiple(*(line.reservation_id for line in command.lines))

    @rule(
        reservation_id=reservations,
        owner=OWNERS,
        additional=st.integers(1, 15),
        ago=st.none() | st.integers(0, 2 * WAIT),
    )
    def extend(self, reservation_id: str, owner: Owner, additional: int, ago: int | None) -> None:
        expected = self.model.refuses_touch(reservation_id, owner.session_id, owner.user_id, self.now)
        expected = expected or self.model.refuses_extend(reservation_id, additional, ago)
        turned_away_at = None if ago is None else self.now - ago
        command = Extend(
            reservation_id=reservation_id, owner=owner, additional_ms=additional, turned_away_at=turned_away_at
        )
        refused, events = attempt(lambda: self.inventory.extend(command, self.now))
        assert refused is expected
        if not refused:
            self.happen(events)
            self.model.extend(reservation_id, additional)

    @rule(reservation_id=reservations, owner=OWNERS)
    def release(self, reservation_id: str, owner: Owner) -> None:
        expected = self.model.refuses_touch(reservation_id, owner.session_id, owner.user_id, self.now)
        command = Release(reservation_id=reservation_id, owner=owner)
        refused, events = attempt(lambda: self.inventory.release(command, self.now))
        assert refused is expected
        if not refused:
            self.happen(events)
            self.model.settle(reservation_id, "CANCELLED")

    @rule(reservation_id=reservations)
    def cancel(self, reservation_id: str) -> None:
        expected = self.model.refuses_cancel(reservation_id, self.now)
        command = Cancel(reservation_id=reservation_id, by="boss")
        refused, events = attempt(lambda: self.inventory.cancel(command, self.now))
        assert refused is expected
        if not refused:
            self.happen(events)
            self.model.settle(reservation_id, "CANCELLED")

    @precondition(lambda self: self.model.rows)
    @rule(ids=st.lists(reservations, max_size=4, unique=True), session=st.sampled_from(["s1", "s2"]))
    def adopt(self, ids: list[str], session: str) -> None:
        command = Adopt(reservation_ids=tuple(ids), session_id=session, user_id="u1")
        adoptable = self.model.adoptable(ids, session, self.now)
        expected = self.model.refuses_adopt(adoptable)
        refused, events = attempt(lambda: self.inventory.adopt(command, self.now))
        assert refused is expected
        if not refused:
            assert {event.reservation.id for event in events} == set(adoptable)
            self.happen(events)
            for reservation_id in adoptable:
                self.model.row(reservation_id)["user"] = "u1"

    @rule(reservation_id=reservations, owner=OWNERS, surplus=st.sampled_from([0, 0, 0, 0, -1, 1]))
    def convert(self, reservation_id: str, owner: Owner, surplus: int) -> None:
        command = self.conversion(reservation_id, owner, surplus)
        expected = self.expected_of(command)
        refused, events = attempt(lambda: self.inventory.convert(command, self.now))
        assert refused is expected
        if not refused:
            self.sold(command, events)

    def conversion(self, reservation_id: str, owner: Owner, surplus: int = 0) -> Convert:
        quantity = self.model.row(reservation_id)["quantity"]
        return convert(reservation(id=reservation_id, quantity=quantity), owner, holders=quantity + surplus)

    def expected_of(self, command: Convert) -> Refused:
        owner = command.owner
        refused = self.model.refuses_touch(command.reservation_id, owner.session_id, owner.user_id, self.now)
        return refused or self.model.refuses_convert(command.reservation_id, len(command.tickets))

    def sold(self, command: Convert, events: Sequence[Any]) -> None:
        [event] = events
        row = self.model.row(command.reservation_id)
        assert event.purchase.transaction.total_price == row["quantity"] * row["price"]
        assert len(event.purchase.tickets) == row["quantity"]
        self.happen(events)
        self.model.settle(command.reservation_id, "CONVERTED")

    @rule(limit=st.integers(1, 5), freeing=st.none() | st.integers(1, 6))
    def expire_due(self, limit: int, freeing: int | None) -> None:
        expected = self.model.due(self.now, limit=limit, freeing=freeing)
        events: list[Any] = self.inventory.expire_due(self.now, limit=limit, freeing=freeing)
        assert [event.reservation.id for event in events] == expected
        self.the_counters_are_those_of_the_model()  # Deciding has changed nothing.
        self.happen(events)
        for reservation_id in expected:
            self.model.settle(reservation_id, "EXPIRED")

    @rule(more=st.integers(-4, 4), price=st.integers(0, 9_000), policy=st.none() | st.sampled_from(ExtensionPolicy))
    def change(self, more: int, price: int, policy: ExtensionPolicy | None) -> None:
        total = max(0, self.model.total + more)
        command = ChangeTicketType(changes={"price": price, "extension_policy": policy}, window={}, total=total)
        expected = self.model.refuses_total(total)
        refused, events = attempt(lambda: self.inventory.change(command, self.now))
        assert refused is expected
        if not refused:
            self.happen(events)
            self.model.total, self.model.price, self.model.policy = total, price, policy

    @rule(paused=st.sampled_from([False, False, True]))
    def set_paused(self, *, paused: bool) -> None:
        events = self.inventory.set_paused(SetPaused(paused=paused, by="boss"), self.now)
        assert len(events) == (paused != self.model.paused)
        self.happen(events)
        self.model.paused = paused
        assert self.inventory.ticket_type.paused == paused

    # Claims

    @rule(target=stock_claims, quantities=QUANTITIES, length=LENGTHS)
    def claim_stock(self, quantities: list[int], length: int) -> Any:
        command = reserve(*quantities, session_id="s1", user_id="u1", duration_ms=length)
        expected = self.model.refuses_reserve(quantities, self.now)
        refused, claimed = attempt(lambda: self.inventory.claim_stock(command, self.now))
        assert refused is expected
        if refused:
            return multiple()
        self.model.stock_claims.append(sum(quantities))
        return StockClaim(command, self.now, claimed)

    @rule(claim=consumes(stock_claims))
    def let_go_stock(self, claim: StockClaim) -> None:
        self.inventory.let_go_stock(claim.quantity)
        self.model.stock_claims.remove(claim.quantity)

    @rule(target=reservations, claim=consumes(stock_claims))
    def confirm_stock(self, claim: StockClaim) -> Any:
        events = created(self.inventory.ticket_type, claim.command, claim.now)
        self.let_go_stock(claim)
        return self.made(claim.command, events, claim.now)

    @precondition(lambda self: self.model.rows)
    @rule(target=holds_claims, ids=st.lists(reservations, min_size=1, max_size=3, unique=True), owner=OWNERS)
    def claim_holds(self, ids: list[str], owner: Owner) -> Any:
        commands = [self.conversion(reservation_id, owner) for reservation_id in ids]
        expected = next(filter(None, map(self.expected_of, commands)), None)
        refused, holds = attempt(lambda: self.inventory.claim_holds(commands, self.now))
        assert refused is expected
        if refused:
            return multiple()
        self.model.claimed += ids
        return HoldsClaim(commands, self.now, holds)

    @rule(claim=consumes(holds_claims))
    def let_go_holds(self, claim: HoldsClaim) -> None:
        self.inventory.let_go_holds(claim.holds)
        for hold in claim.holds:
            self.model.claimed.remove(hold.id)

    @rule(claim=consumes(holds_claims))
    def confirm_holds(self, claim: HoldsClaim) -> None:
        pairs = list(zip(claim.holds, claim.commands, strict=True))
        events = [converted(hold, command, claim.now) for hold, command in pairs]
        self.let_go_holds(claim)
        for command, event in zip(claim.commands, events, strict=True):
            self.sold(command, [event])

    # After every step

    @invariant()
    def the_counters_are_those_of_the_model(self) -> None:
        counters = self.inventory.counters()
        assert counters == replace(
            counters,
            ticket_type_id=TERMS.id,
            total=self.model.total,
            sold=self.model.sold(),
            reserved=self.model.reserved(),
            next_deadline=self.model.next_deadline(),
        )
        assert self.inventory.available == counters.available == self.model.available()
        assert self.inventory.tentative == self.model.tentative()
        assert self.inventory.converting == set(self.model.claimed)

    @invariant()
    def stock_is_neither_made_nor_lost(self) -> None:
        stock = self.inventory
        assert stock.total == stock.sold + stock.reserved + stock.available
        assert min(stock.total, stock.sold, stock.reserved, stock.tentative) >= 0
        assert stock.tentative <= stock.available

    @invariant()
    def every_hold_is_as_the_model_has_it(self) -> None:
        held = {
            hold.id: (hold.quantity, hold.user_id, hold.unit_price, hold.expires_at, hold.extensions)
            for hold in self.inventory.holds.values()
        }
        assert held == {
            row["id"]: (row["quantity"], row["user"], row["price"], row["expires_at"], row["extensions"])
            for row in self.model.active()
        }

    @invariant()
    def a_rebuilt_inventory_stands_where_this_one_does(self) -> None:
        assert self.rebuilt().counters() == self.inventory.counters()

    @invariant()
    def no_hold_has_longer_than_its_own_length(self) -> None:
        for hold in self.inventory.holds.values():
            assert hold.reserved_at < hold.expires_at
            assert hold.reserved_at <= self.now


TestInventory = InventoryMachine.TestCase
TestInventory.settings = settings(
    max_examples=300, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
