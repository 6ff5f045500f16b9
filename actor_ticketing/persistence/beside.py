"""What is kept beside the books, as statements, and the forgetting of people."""

from collections.abc import Callable, Sequence
from typing import Any

from actor_ticketing.domain.accounts import AccountRecord
from actor_ticketing.domain.archives import LedgerArchived, LedgerTrimmed
from actor_ticketing.domain.mail import MailRecord
from actor_ticketing.domain.records import Forget, Record, TracesWiped
from actor_ticketing.domain.webhooks import WebhookRecord
from actor_ticketing.persistence.accounts import statements_of_account
from actor_ticketing.persistence.archives import statements_of_archived, statements_of_trimmed
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.persistence.mail import statements_of_mail
from actor_ticketing.persistence.webhooks import statements_of_webhook
from actor_ticketing.vault import Vault


def statements_of_record(record: Record, vault: Vault) -> Sequence[Statement]:
    """The statements that keep one record, in order.

    :raises TypeError: for a kind that has no place here.
    """
    for kind, statements_of in _TABLES:
        if isinstance(record, kind):
            return statements_of(record, vault)
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


_TABLES: Sequence[tuple[type[Record], Callable[[Any, Vault], Sequence[Statement]]]] = (
    (AccountRecord, statements_of_account),
    (MailRecord, statements_of_mail),
    (WebhookRecord, statements_of_webhook),
    (Forget, lambda record, _: _forgetting(record)),
    (LedgerArchived, lambda record, _: statements_of_archived(record)),
    (LedgerTrimmed, lambda *_: statements_of_trimmed()),
    (TracesWiped, lambda *_: ()),
)
