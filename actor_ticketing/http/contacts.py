"""The addresses that tokens vouch for, on their way to whoever writes mails."""

from pydantic import TypeAdapter, ValidationError

from actor_ticketing.http.context import Backend
from actor_ticketing.http.fields import Email
from actor_ticketing.http.tokens import Identity

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def note_contact(backend: Backend, identity: Identity | None) -> None:
    """Remember where somebody who has just held something can be written to, if mail is on and their token says so."""
    contacts = backend.outbox.contacts
    if contacts is None or identity is None or identity.user_id is None or identity.email is None:
        return
    try:
        email = _EMAIL.validate_python(identity.email)
    except ValidationError:
        return
    contacts.note(identity.user_id, email)
