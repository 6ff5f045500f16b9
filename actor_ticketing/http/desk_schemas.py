"""What those who work at the desk and at the door may send."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.http.fields import Body, Id, one_of

TYPES_MAX = 1_000


class CheckInBody(Body):
    """``POST /admin/checkin``: what the scanner read, or the code that somebody typed."""

    model_config = ConfigDict(json_schema_extra=one_of(("qrPayload",), ("code",)))

    qr_payload: Annotated[str, Field(min_length=1, max_length=4_096)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    ticket_type_ids: Annotated[list[Id], Field(min_length=1, max_length=TYPES_MAX)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.qr_payload is None) == (self.code is None):
            raise Invalid.field("code", "exactly one of qrPayload and code is needed")
        return self
