"""How sales go."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import BeforeValidator, Field, ValidationError

from actor_ticketing.domain.analytics import Span
from actor_ticketing.domain.errors import Invalid
from actor_ticketing.http import present_analytics
from actor_ticketing.http.answers import respond, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.fields import Body, Id, Instant
from actor_ticketing.http.parsing import invalid_of
from actor_ticketing.http.responses import WholeResponse

POINTS_MAX = 2_000
DAY_SECONDS = 24 * 60 * 60


def _number(text: Any) -> Any:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else text


class AnalyticsQuery(Body):
    """``GET /admin/analytics``. ``bucket`` is in seconds."""

    start: Annotated[Instant | None, Field(alias="from")] = None
    end: Annotated[Instant | None, Field(alias="to")] = None
    bucket: Annotated[int, Field(ge=60, le=DAY_SECONDS), BeforeValidator(_number)] = 3_600
    event_id: Id | None = None
    ticket_type_id: Id | None = None


_NAMES = {field.alias or name for name, field in AnalyticsQuery.model_fields.items()}


async def sales(request: web.Request) -> WholeResponse:
    """``GET /api/admin/analytics``: reserved, sold, expired, cancelled over time, and what became of the holds."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    try:
        query = AnalyticsQuery.model_validate({name: text for name, text in request.query.items() if name in _NAMES})
    except ValidationError as error:
        raise invalid_of(error) from None
    now = backend.clock.now()
    end = now + 1 if query.end is None else query.end
    span = Span(
        start=max(0, end - DAY_SECONDS * 1_000) if query.start is None else query.start,
        end=end,
        bucket=query.bucket * 1_000,
        ticket_type_ids=backend.analytics.types_of(query.event_id, query.ticket_type_id),
    )
    if span.start >= span.end:
        raise Invalid.field("to", "must be after from")
    if span.points > POINTS_MAX:
        raise Invalid.field("bucket", f"must be longer: these would be {span.points} points, and {POINTS_MAX} may be")
    tally, ledger_from = await backend.analytics.sales(span), await backend.analytics.ledger_begins()
    return respond(success(to_json(present_analytics.sales(span, tally, now, ledger_from=ledger_from))))
