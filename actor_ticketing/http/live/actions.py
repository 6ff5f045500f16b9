"""What a client may ask for on its socket."""

from typing import Literal

from pydantic import ValidationError

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.http.fields import Body, Id
from actor_ticketing.http.parsing import invalid_of


class Action(Body):
    """A message of the client's. ``ping`` is for browsers, which cannot send WebSocket's own."""

    action: Literal["subscribe", "unsubscribe", "ping"]
    ticket_type_ids: tuple[Id, ...] = ()


def action_of(text: str) -> Action:
    """What a message asks for.

    :raises Invalid: when it is not JSON, or asks for nothing that there is.
    """
    try:
        action = Action.model_validate_json(text)
    except ValidationError as error:
        raise invalid_of(error) from None
    if action.action != "ping" and not action.ticket_type_ids:
        raise Invalid.field("ticketTypeIds", "is required")
    return action
