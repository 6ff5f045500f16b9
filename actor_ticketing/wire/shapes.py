"""What all answers are made of.

The service renders its answers as text; these models say what comes out of that. The OpenAPI document is made of them,
tests hold every real answer against them, and :mod:`actor_ticketing.client` returns them. A member that is not known
here is passed over, and so is a word of a :data:`GROWING` list in the client, so that an older client gets along with a
newer service.
"""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

D = TypeVar("D")

Instant = Annotated[
    datetime,
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
            "examples": ["2026-11-22T18:45:55.023Z"],
        }
    ),
]
"""RFC 3339, in UTC with milliseconds."""

Count = Annotated[int, Field(ge=0)]
Minor = Annotated[int, Field(ge=0, description="In the minor unit of the currency.", examples=[7800])]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]

READER_MAY_BE_OLDER = object()
"""As the context of a validation: who reads may be older than the service."""


def _none_if_unknown(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    try:
        return handler(value)
    except ValidationError:
        if info.context is READER_MAY_BE_OLDER and isinstance(value, str):
            return None
        raise


GROWING = WrapValidator(_none_if_unknown)
"""Of words to which a later service may add: one that is not known is None to an older reader. The documents have those
that are known, and tests hold the service to them."""


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a member that may be absent and is never null, where None stands for absent."""
    kept = {name: part for name, part in schema.items() if name != "anyOf" and part is not None}
    some = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return {**kept, **some[0]} if len(some) == 1 else schema


def _absent_is_not_null(schema: dict[str, Any]) -> None:
    members = schema.get("properties", {})
    members.update({name: without_null(members[name]) for name in members if name not in schema.get("required", ())})


class Shape(BaseModel):
    """Base of all: camelCase on the wire, strict types. A field with a default may be absent."""

    model_config = ConfigDict(
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        frozen=True,
        json_schema_extra=_absent_is_not_null,
        hide_input_in_errors=True,
    )


class Nothing(Shape):
    """There is nothing more to say."""


class Success(Shape, Generic[D]):
    """It was done. `message` is for people."""

    success: Literal[True]
    data: D
    message: str | None = None


class Meta(Shape):
    """Where in a list a page is. `total` counts entries."""

    page: Annotated[int, Field(ge=1)]
    limit: Annotated[int, Field(ge=1, le=100)]
    total: Count
    total_pages: Count


class LiveMeta(Meta):
    """Of a list with countdowns, also the time at which it was made."""

    server_time: Instant


M = TypeVar("M", bound=Meta)


class Listed(Shape, Generic[D, M]):
    """A page of a list."""

    success: Literal[True]
    data: list[D]
    meta: M


class ErrorBody(Shape):
    """Decide by `code`, which is stable."""

    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", examples=["not_enough_tickets"])]
    details: Any = None


class Failure(Shape):
    """It was not done. `message` is for people, and may change."""

    success: Literal[False]
    message: str
    error: ErrorBody


class Problem(Shape):
    """The same failure as RFC 9457 has it, for whoever accepts `application/problem+json`."""

    type: Literal["about:blank"]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", examples=["not_enough_tickets"])]
    details: Any = None
