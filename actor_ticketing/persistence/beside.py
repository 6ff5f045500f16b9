"""What is kept beside the books, as statements."""

from collections.abc import Sequence

from actor_ticketing.domain.accounts import AccountRecord
from actor_ticketing.domain.records import Record
from actor_ticketing.persistence.accounts import statements_of_account
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.vault import Vault


def statements_of_record(record: Record, vault: Vault) -> Sequence[Statement]:
    """The statements that keep one record, in order.

    :raises TypeError: for a kind that has no place here.
    """
    if isinstance(record, AccountRecord):
        return statements_of_account(record, vault)
    raise TypeError(f"there is no table for {type(record).__name__}")
