"""What is kept beside the books, as statements, and the forgetting of people."""

from collections.abc import Sequence

from actor_ticketing.domain.accounts import AccountRecord
from actor_ticketing.domain.archives import LedgerArchived, LedgerTrimmed
from actor_ticketing.domain.mail import MailRecord
from actor_ticketing.domain.records import Forget, Record, TracesWiped
from actor_ticketing.persistence.accounts import statements_of_account
from actor_ticketing.persistence.archives import statements_of_archived, statements_of_trimmed
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.persistence.mail import statements_of_mail
from actor_ticketing.vault import Vault


def statements_of_record(record: Record, vault: Vault) -> Sequence[Statement]:
    """The statements that keep one record, in order.

    :raises TypeError: for a kind that has no place here.
    """
    if isinstance(record, AccountRecord):
        return statements_of_account(record, vault)
    if isinstance(record, MailRecord):
        return statements_of_mail(record, vault)
    if isinstance(record, Forget):
        return _forgetting(record)
    if isinstance(record, LedgerArchived):
        return statements_of_archived(record)
    if isinstance(record, LedgerTrimmed):
        return statements_of_trimmed()
    if isinstance(record, TracesWiped):
        return ()
    raise TypeError(f"there is no table for {type(record).__name__}")


def _forgetting(record: Forget) -> Sequence[Statement]:
    # Whoever was forgotten meanwhile is none the worse for being forgotten again, so no row has to be met.
    every: Sequence[Statement] = (
        (
            "UPDATE transactions SET buyer = NULL, buyer_digest = NULL WHERE id = ?",
            [(each,) for each in record.buyers_of],
            False,
        ),
        (
            "UPDATE tickets SET holder = NULL, holder_digest = NULL WHERE id = ?",
            [(each,) for each in record.holders_of],
            False,
        ),
        ("DELETE FROM idempotency WHERE caller = ? AND key = ?", record.answers, False),
        # Its refresh tokens go with it.
        ("DELETE FROM accounts WHERE id = ?", [(each,) for each in record.accounts], False),
        ("DELETE FROM contacts WHERE user_id = ?", [(each,) for each in record.contacts], False),
    )
    return [statement for statement in every if len(statement[1])]
