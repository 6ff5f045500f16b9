"""What operators may send about webhooks."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from actor_ticketing.domain.destinations import URL_LENGTH_MAX
from actor_ticketing.domain.webhooks import KINDS
from actor_ticketing.http.fields import Body, Text


def _kind(name: str) -> str:
    if name not in KINDS:
        raise PydanticCustomError("kind", "must be a kind of ledger entry, such as reservation.converted")
    return name


_Url = Annotated[str, Field(min_length=1, max_length=URL_LENGTH_MAX)]
"""A URL, whose form is checked where it is known what is allowed."""
_Kind = Annotated[str, AfterValidator(_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})]
_Kinds = Annotated[list[_Kind], Field(default_factory=list, max_length=len(KINDS))]
_Seq = Annotated[int, Field(ge=1, le=2**53)]


class WebhookBody(Body):
    """``POST /api/admin/webhooks``."""

    name: Text
    url: _Url
    kinds: _Kinds
    from_seq: _Seq | None = None


class WebhookPatch(Body):
    """``PATCH /api/admin/webhooks/{id}``: what is absent stays."""

    name: Text = ""
    url: _Url = ""
    kinds: _Kinds
    enabled: bool = False

    def changes(self) -> dict[str, Any]:
        """What was sent, by its name in the domain, without ``enabled``."""
        given = self.given()
        if "kinds" in given:
            given["kinds"] = tuple(given["kinds"])
        return {name: value for name, value in given.items() if name != "enabled"}

    def changed_enabled(self) -> bool | None:
        """Whether it is to be told anything, if that was sent."""
        return self.enabled if "enabled" in self.model_fields_set else None


class ReplayBody(Body):
    """``POST /api/admin/webhooks/{id}/replay``."""

    from_seq: _Seq
