"""Who is known to the store in memory, and what tells of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from actor_ticketing.domain.catalogue import Event, TicketType
from actor_ticketing.domain.mail import Contact
from actor_ticketing.domain.ports import KnownAccount, PersonRecord, PurchaseRecord, StoredAnswer, Traces
from actor_ticketing.domain.purchase import Purchase, Ticket, email_key
from actor_ticketing.domain.records import Forget
from actor_ticketing.persistence.answers_about import is_about, texts_of
from actor_ticketing.persistence.memory_accounts import MemoryAccounts
from actor_ticketing.persistence.people import is_of


class MemoryPeople:
    """The queries about people, over what the store has taken."""

    _events: dict[str, Event]
    _ticket_types: dict[str, TicketType]
    _purchases: dict[str, Purchase]
    _tickets: dict[str, Ticket]
    _answers: dict[tuple[bytes, str], StoredAnswer]
    _contacts: dict[str, Contact]
    _accounts: MemoryAccounts

    async def person(self, email: str) -> PersonRecord:
        """All that is known of the person with this address."""
        bought, held = [], []
        for purchase in self._purchases.values():
            buyer = purchase.transaction.buyer
            if buyer is not None and buyer.has_email(email):
                tickets = [
                    each if is_of(each.holder, email, buyer) else replace(each, holder=None)
                    for each in purchase.tickets
                ]
                bought.append(self._record(purchase, tickets))
            elif theirs := [each for each in purchase.tickets if each.holder and each.holder.has_email(email)]:
                transaction = replace(purchase.transaction, buyer=None)
                held.append(self._record(replace(purchase, transaction=transaction), theirs))
        known = self._accounts.by_email(email_key(email))
        account = (
            None
            if known is None
            else KnownAccount(id=known.id, email=known.email, role=known.role, created_at=known.created_at)
        )
        return PersonRecord(account=account, bought=bought, held=held, contacts=self._contacts_of(email))

    def _contacts_of(self, email: str) -> list[Contact]:
        return [each for each in self._contacts.values() if email_key(each.email) == email_key(email)]

    def _record(self, purchase: Purchase, tickets: Sequence[Ticket]) -> PurchaseRecord:
        terms = self._ticket_types[purchase.reservation.ticket_type_id]
        purchase = replace(purchase, tickets=tuple(tickets))
        return PurchaseRecord(purchase=purchase, ticket_type=terms, event=self._events[terms.event_id])

    async def traces(self, email: str) -> Traces:
        """All rows that tell of this person, in one portion."""
        buyers_of: list[str] = []
        holders_of: list[str] = []
        of_others = 0
        for purchase in self._purchases.values():
            buyer = purchase.transaction.buyer
            is_buyer = buyer is not None and buyer.has_email(email)
            theirs = [each.id for each in purchase.tickets if is_of(each.holder, email, buyer if is_buyer else None)]
            holders_of += theirs
            if is_buyer:
                buyers_of.append(purchase.transaction.id)
                of_others += sum(each.holder is not None for each in purchase.tickets) - len(theirs)
        account = self._accounts.by_email(email_key(email))
        forget = Forget(
            buyers_of=tuple(buyers_of),
            holders_of=tuple(holders_of),
            accounts=() if account is None else (account.id,),
            contacts=tuple(each.user_id for each in self._contacts_of(email)),
        )
        return Traces(forget=forget, of_others=of_others)

    async def traces_in_answers(self, email: str | None, after: Any) -> Traces:  # noqa: ARG002 - there is one portion.
        """All kept answers that tell of the forgotten, in one portion."""
        of = {each.transaction.id: each.transaction.buyer for each in self._purchases.values()}
        of |= {each.id: each.holder for each in self._tickets.values()}
        forgotten = {its_id for its_id, person in of.items() if person is None}
        known = {its_id for its_id, person in of.items() if person and email is not None and person.has_email(email)}
        found = (slot for slot, kept in self._answers.items() if is_about(texts_of(kept.body), email, forgotten, known))
        return Traces(forget=Forget(answers=tuple(found)))

    async def traces_before(self, start: int, after: Any) -> Traces:  # noqa: ARG002 - there is one portion.
        """All buyers and holders of events that began before ``start``, in one portion."""
        past = list(self._sold_before(start))
        return Traces(
            forget=Forget(
                buyers_of=tuple(each.transaction.id for each in past if each.transaction.buyer is not None),
                holders_of=tuple(ticket.id for each in past for ticket in each.tickets if ticket.holder is not None),
            )
        )

    def _sold_before(self, start: int) -> Iterator[Purchase]:
        for purchase in self._purchases.values():
            terms = self._ticket_types[purchase.reservation.ticket_type_id]
            if self._events[terms.event_id].start_date < start:
                yield purchase
