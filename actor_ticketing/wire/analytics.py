"""How sales go."""

from typing import Annotated

from pydantic import Field

from actor_ticketing.wire.shapes import Count, Instant, Shape

Revenue = Annotated[dict[str, Count], Field(description="Minor units, by currency.", examples=[{"EUR": 2400}])]


class Amount(Shape):
    """How many reservations, and how many tickets they are for."""

    reservations: Count
    tickets: Count


class Totals(Shape):
    """What happened in a span of time."""

    reserved: Amount
    sold: Amount
    expired: Amount
    cancelled: Amount
    revenue: Revenue


class Point(Totals):
    """What happened in one bucket, which begins at `at`."""

    at: Instant


class Funnel(Shape):
    """What has become of the holds that were made in the span."""

    held: Amount
    purchased: Amount
    expired: Amount
    cancelled: Amount
    live: Amount


class Sales(Shape):
    """A chart and a funnel."""

    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    bucket_seconds: Count
    points: list[Point]
    totals: Totals
    funnel: Funnel
    complete_from: Annotated[
        Instant | None,
        Field(description="What happened before is archived and not counted here; null when nothing is archived."),
    ]
    server_time: Instant
