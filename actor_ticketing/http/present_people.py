"""What is known of a person, as that person gets to see it, and what came of forgetting one."""

import json

from actor_ticketing.actors.privacy import Forgotten
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import PersonRecord, PurchaseRecord
from actor_ticketing.http import present
from actor_ticketing.http.present import Json


def forgotten(outcome: Forgotten) -> Json:
    """What an erasure has come to."""
    return {
        "transactions": outcome.transactions,
        "tickets": outcome.tickets,
        "answers": outcome.answers,
        "accounts": outcome.accounts,
        "contacts": outcome.contacts,
        "ticketsOfOthers": outcome.tickets_of_others,
        "at": rfc3339(outcome.at),
    }


def known_of(email: str, known: PersonRecord, now: int) -> Json:
    """All that is known of a person, for that person: nobody else is in it."""
    account = known.account
    return {
        "email": email,
        "at": rfc3339(now),
        "account": account
        and {
            "id": account.id,
            "email": account.email,
            "role": account.role,
            "createdAt": rfc3339(account.created_at),
        },
        "purchases": [_bought(record) for record in known.bought],
        "contacts": [
            {"userId": each.user_id, "email": each.email, "seenAt": rfc3339(each.seen_at)} for each in known.contacts
        ],
        "ticketsFromOthers": [ticket for record in known.held for ticket in _tickets_known(record)],
    }


def _bought(record: PurchaseRecord) -> Json:
    held = record.purchase.reservation
    return {
        **present.transaction(record.purchase.transaction),
        "userId": record.purchase.transaction.user_id,
        "reservation": {
            "id": held.id,
            "code": held.code,
            "userId": held.user_id,
            "reservedAt": rfc3339(held.reserved_at),
            "expiresAt": rfc3339(held.expires_at),
            "settledAt": present.instant_or_none(held.settled_at),
            "metadata": None if held.metadata is None else json.loads(held.metadata),
        },
        "tickets": _tickets_known(record),
    }


def _tickets_known(record: PurchaseRecord) -> list[Json]:
    return [
        {
            "id": ticket.id,
            "code": ticket.code,
            "transactionId": ticket.transaction_id,
            "ticketType": {"id": record.ticket_type.id, "name": record.ticket_type.name},
            "event": present.event(record.event),
            "ticketHolder": present.person(ticket.holder),
        }
        for ticket in record.purchase.tickets
    ]
