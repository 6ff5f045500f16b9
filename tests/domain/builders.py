"""What the domain tests are built from: a concert, its guests, and commands with sensible defaults."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from actor_ticketing.domain.catalogue import TicketType
from actor_ticketing.domain.commands import Convert, Extend, Line, NewTicket, Release, Reserve
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.extensions import ExtensionRules
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.policies import HoldPolicy, Policies
from actor_ticketing.domain.purchase import Person, Purchase
from actor_ticketing.domain.reservation import Owner, Reservation

NOW = 1_800_000_000_000
SECOND = 1_000
MINUTE = 60 * SECOND

GUEST = Owner(session_id="guest")
STRANGER = Owner(session_id="stranger", user_id="u-stranger")
BUYER = Person(full_name="Ada", identity_type="passport", identity_number="X1", email="a@b.test", whatsapp="+62 1")

TERMS = TicketType(id="tt_ga", event_id="ev_spring", name="General Admission", price=4_500, currency="EUR")
POLICIES = Policies(
    hold=HoldPolicy(default_ms=10 * MINUTE, min_ms=SECOND, max_ms=60 * MINUTE, max_quantity=50),
    extension=ExtensionRules(
        max_count=2, max_total_ms=30 * MINUTE, hold_ms=10 * MINUTE, hold_ms_max=60 * MINUTE, wait_ms=2 * MINUTE
    ),
)

_numbers = count(1)


def rules(**fields: Any) -> ExtensionRules:
    """What the operator has set for extensions: as in :data:`POLICIES`, but for these fields."""
    return replace(POLICIES.extension, **fields)


def reservation(**fields: Any) -> Reservation:
    """A guest's hold on two tickets, for ten minutes from :data:`NOW`."""
    number = next(_numbers)
    return replace(
        Reservation(
            id=f"r{number:06}",
            ticket_type_id=TERMS.id,
            session_id="guest",
            user_id=None,
            quantity=2,
            unit_price=TERMS.price,
            currency=TERMS.currency,
            reserved_at=NOW,
            expires_at=NOW + 10 * MINUTE,
        ),
        **fields,
    )


def inventory(
    *,
    total: int = 10,
    sold: int = 0,
    holds: Iterable[Reservation] = (),
    max_quantity: int | None = None,
    extension: ExtensionRules | None = None,
    **terms: Any,
) -> Inventory:
    """Ten tickets to :data:`TERMS`, of which nothing is sold or held."""
    policies = POLICIES
    if max_quantity is not None:
        policies = replace(policies, hold=replace(policies.hold, max_quantity=max_quantity))
    if extension is not None:
        policies = replace(policies, extension=extension)
    return Inventory(replace(TERMS, **terms), policies, total=total, sold=sold, holds=holds)


def reserve(*quantities: int, **fields: Any) -> Reserve:
    """A guest asks for these quantities, one line each, for ten minutes."""
    lines = tuple(
        Line(reservation_id=f"r{number:06}", quantity=quantity)
        for quantity, number in zip(quantities, _numbers, strict=False)
    )
    return replace(Reserve(lines=lines, session_id="guest", user_id=None, duration_ms=10 * MINUTE), **fields)


def extend(hold: Reservation, additional_ms: int, owner: Owner = GUEST) -> Extend:
    """The guest asks for more time."""
    return Extend(reservation_id=hold.id, owner=owner, additional_ms=additional_ms)


def release(hold: Reservation, owner: Owner = GUEST) -> Release:
    """The guest gives the tickets back."""
    return Release(reservation_id=hold.id, owner=owner)


def convert(hold: Reservation, owner: Owner = GUEST, *, holders: int | None = None) -> Convert:
    """The guest buys: one holder for each ticket, unless told otherwise."""
    number = next(_numbers)
    return Convert(
        reservation_id=hold.id,
        owner=owner,
        transaction_id=f"tx{number}",
        buyer=BUYER,
        tickets=tuple(
            NewTicket(
                id=f"t{number}-{each}",
                code=f"TICKET-{number}-{each}",
                holder=Person(full_name=f"Holder {each}", identity_type="passport", identity_number=f"H{each}"),
            )
            for each in range(hold.quantity if holders is None else holders)
        ),
    )


def happen(stock: Inventory, events: Sequence[LedgerEvent]) -> list[Any]:
    """Let what was decided take place; return what each event is about."""
    for event in events:
        stock.apply(event)
    return [event.purchase if hasattr(event, "purchase") else getattr(event, "reservation", None) for event in events]


def hold(stock: Inventory, quantity: int = 2, *, now: int = NOW, **fields: Any) -> Reservation:
    """Reserve, so that there is a hold."""
    [held] = happen(stock, stock.reserve(reserve(quantity, **fields), now))
    assert isinstance(held, Reservation)
    return held


def buy(stock: Inventory, held: Reservation, *, now: int = NOW, owner: Owner = GUEST) -> Purchase:
    """Convert a hold."""
    [purchase] = happen(stock, stock.convert(convert(held, owner), now))
    assert isinstance(purchase, Purchase)
    return purchase
