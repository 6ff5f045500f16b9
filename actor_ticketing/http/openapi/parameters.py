"""Parameters that many routes share."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from actor_ticketing.http.fields import Body, Id, SessionId
from actor_ticketing.http.openapi.operation import Query
from actor_ticketing.http.openapi.schemas import schema_of
from actor_ticketing.http.parsing import LIMIT_MAX
from actor_ticketing.http.schemas import LINES_MAX
from actor_ticketing.wire.shapes import without_null

ID = TypeAdapter(Id).json_schema()
SESSION_ID = TypeAdapter(SessionId).json_schema()


def paged(*, default_limit: int) -> Sequence[Query]:
    """The parameters of a list."""
    pages = {"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 1}
    limits = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": default_limit}
    return (
        Query(name="page", description="Which page, from 1.", schema=pages),
        Query(name="limit", description="Entries on a page.", schema=limits),
    )


def parameters_of(model: type[Body], descriptions: Mapping[str, str]) -> Sequence[Query]:
    """The parameters that a model checks, by their names; null means absent there."""
    properties: Mapping[str, dict[str, Any]] = schema_of(model)["properties"]
    return tuple(
        Query(name=name, description=descriptions[name], schema=without_null(schema))
        for name, schema in properties.items()
    )


def several_ids(name: str, example: str) -> Query:
    """A parameter with the ids of one thing or more."""
    one = ID["pattern"].strip("^$")
    schema = {"type": "string", "pattern": f"^{one}(,{one}){{0,{LINES_MAX - 1}}}$"}
    description = f"1 to {LINES_MAX} ids with a comma between them, none twice."
    return Query(name=name, description=description, schema=schema, example=example, required=True)
