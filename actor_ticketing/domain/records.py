"""What is kept beside the books: it can be changed and forgotten, and no ledger tells of it."""

from actor_ticketing.domain.values import value


@value
class Record:
    """One change to it, in the transaction of the entry that carries it. Each kind is a class of its own."""
