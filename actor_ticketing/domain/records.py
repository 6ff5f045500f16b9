"""What is kept beside the books: it can be changed and forgotten, and no ledger tells of it."""

from dataclasses import field

from actor_ticketing.domain.values import value


@value
class Record:
    """One change to it, in the transaction of the entry that carries it. Each kind is a class of its own."""


@value
class Forget(Record):
    """Forget people. Their transactions and tickets stay, without them; what is kept only for them goes.

    Nothing else about a row tells whether it was forgotten, so doing it again changes nothing.

    :ivar buyers_of: transactions that lose their buyer.
    :ivar holders_of: tickets that lose their holder.
    :ivar answers: caller and key of answers that are dropped.
    :ivar accounts: accounts that are dropped.
    :ivar contacts: users of an identity provider whose address is dropped.
    """

    buyers_of: tuple[str, ...] = ()
    holders_of: tuple[str, ...] = ()
    answers: tuple[tuple[bytes, str], ...] = field(default=(), repr=False)
    accounts: tuple[str, ...] = ()
    contacts: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        """Whether there is anything to forget."""
        return bool(self.buyers_of or self.holders_of or self.answers or self.accounts or self.contacts)


@value
class TracesWiped(Record):
    """What was forgotten before is left in no older state that the store still keeps beside the present one."""
