"""What a client may ask for on its socket."""

from typing import Annotated, Literal

from pydantic import ConfigDict, FailFast, Field, ValidationError

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.http.fields import Body, Id
from actor_ticketing.http.parsing import invalid_of

IDS_MAX = 500
"""Ticket types in one message: more than a socket watches, if the operator has not changed that."""


class Action(Body):
    """A message of the client's. ``ping`` is for browsers, which cannot send WebSocket's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"action": {"const": "ping"}}},
            "else": {"required": ["ticketTypeIds"], "properties": {"ticketTypeIds": {"minItems": 1}}},
        }
    )

    action: Literal["subscribe", "unsubscribe", "ping"]
    ticket_type_ids: Annotated[tuple[Id, ...], Field(max_length=IDS_MAX), FailFast()] = ()


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
