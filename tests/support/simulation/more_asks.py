"""What else is asked for: purchases, the door, and what operators do."""

from dataclasses import dataclass
from typing import Any

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.errors import AlreadyExists, Refusal, TicketAlreadyUsed
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.purchase import Person
from actor_ticketing.http.context import Backend
from support.simulation.asks import Ask, Case
from support.simulation.books import Books


@dataclass(slots=True, kw_only=True, eq=False)
class ToBuy(Ask):
    """Turn holds into tickets. ``people``: how many ticket holders are named for each of them."""

    people: tuple[int, ...]
    email: str

    def is_forgotten(self, books: Books) -> bool:
        return self.email in books.erased

    async def act(self, backend: Backend, keep: Keep) -> Any:
        buyer = Person(full_name=self.mark, identity_type="id", identity_number="1", email=self.email, whatsapp="1")
        holder = Person(full_name="H", identity_type="id", identity_number="2")
        orders = [(each, [holder] * number) for each, number in zip(self.ids, self.people, strict=True)]
        return await backend.box_office.purchase(orders, self.owner, buyer, keep=keep)

    def told(self, outcome: Any) -> Any:
        bought = [[each.transaction.id, [ticket.code for ticket in each.tickets]] for each in outcome]
        return {"email": self.email, "bought": bought}

    def stands(self, told: Any, case: Case) -> bool:
        purchases = case.books.purchases
        return all(each in purchases for each in self.ids) and self.told([purchases[each] for each in self.ids]) == told


@dataclass(slots=True, kw_only=True, eq=False)
class ToChange(Ask):
    """Sell another number, or in another window."""

    total: int | None = None
    window: dict[str, int | None]

    async def act(self, backend: Backend, keep: Keep) -> Any:
        return await backend.desk.change_ticket_type(
            self.types[0], {}, window=self.window, total=self.total, by=self.mark, keep=keep
        )

    def told(self, outcome: Any) -> Any:
        terms, counters = outcome
        return [counters.total, terms.window.start, terms.window.end]

    def stands(self, told: Any, case: Case) -> bool:
        states = case.books.stocks_since(self.types[0], 0)
        return self.mark in case.books.done and any(
            [each.total, each.terms.window.start, each.terms.window.end] == told for each in states
        )


@dataclass(slots=True, kw_only=True, eq=False)
class ToPause(Ask):
    """Stop a sale for a while, or let it go on."""

    paused: bool

    async def act(self, backend: Backend, keep: Keep) -> Any:
        return await backend.desk.set_paused(self.types[0], paused=self.paused, by=self.mark, keep=keep)

    def told(self, outcome: Any) -> Any:
        return outcome[0].paused

    def stands(self, told: Any, case: Case) -> bool:
        since = 0 if self.key else case.since
        return any(each.terms.paused == told for each in case.books.stocks_since(self.types[0], since))


@dataclass(slots=True, kw_only=True, eq=False)
class ToList(Ask):
    """Put another ticket type on sale."""

    ticket_type_id: str
    total: int

    async def act(self, backend: Backend, keep: Keep) -> Any:
        return await backend.desk.create_ticket_type(
            ticket_type_id=self.ticket_type_id,
            event_id="ev",
            terms={"name": "Late", "price": 1, "currency": "EUR"},
            window=SalesWindow(),
            total=self.total,
            by=self.mark,
            keep=keep,
        )

    def told(self, outcome: Any) -> Any:
        return [outcome[0].id, outcome[1].total]

    def stands(self, told: Any, case: Case) -> bool:
        first = case.books.stocks[self.ticket_type_id][0][1]
        return [self.ticket_type_id, first.total] == told and self.mark in case.books.done

    def deserves(self, refusal: Refusal, case: Case) -> bool:
        return isinstance(refusal, AlreadyExists) and self.ticket_type_id in case.books.stocks


@dataclass(slots=True, kw_only=True, eq=False)
class ToEnter(Ask):
    """Use a ticket."""

    code: str

    async def act(self, backend: Backend, keep: Keep) -> Any:
        return await backend.door.check_in(self.code, by=self.mark, keep=keep)

    def told(self, outcome: Any) -> Any:
        return [outcome.checked_in.at, outcome.checked_in.by]

    def stands(self, told: Any, case: Case) -> bool:
        used = case.books.tickets[self.code].checked_in
        return used is not None and [used.at, used.by] == told == [used.at, self.mark]

    def deserves(self, refusal: Refusal, case: Case) -> bool:
        used = case.books.tickets[self.code].checked_in
        is_used = isinstance(refusal, TicketAlreadyUsed) and used is not None
        return is_used and refusal.details == {"checkedInAt": rfc3339(used.at), "by": used.by}  # type: ignore[union-attr]


@dataclass(slots=True, kw_only=True, eq=False)
class ToErase(Ask):
    """Be forgotten."""

    email: str

    @property
    def effect(self) -> None:
        return None  # A portion at a time.

    async def act(self, backend: Backend, keep: Keep) -> Any:
        del keep
        return await backend.privacy.erase(self.email, by=self.mark)

    def told(self, outcome: Any) -> Any:
        return outcome.transactions

    def stands(self, told: Any, case: Case) -> bool:
        del told
        books, kept = case.books, case.state._purchases
        before = (each for each in books.purchases if books.rows[each][-1][0] <= case.since)
        buyers = (kept[each].transaction.buyer for each in before)
        return not any(buyer is not None and buyer.has_email(self.email) for buyer in buyers)
