"""How sales go."""

from typing import Annotated

from pydantic import Field

from actor_ticketing.wire.shapes import Count, Instant, Shape

Revenue = Annotated[dict[str, Count], Field(description="Minor units, by currency.", examples=[{"EUR": 2400}])]

Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, Field(examples=[0.6])]


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


class Conversion(Shape):
    """Which share of the holds made in the span was purchased; null where there are none to have a share of."""

    of_settled: Share
    of_held: Share


class TimeToPurchase(Shape):
    """How long after their hold the purchases of the span came, in whole seconds, rounded up.

    The first of the bins is of 0 to `binSeconds`, the next of what is above that, up to twice as much, and so on.
    """

    purchases: Count
    p50_seconds: Count | None
    p90_seconds: Count | None
    bin_seconds: Annotated[int, Field(ge=1)]
    bins: list[Count]


class Fates(Shape):
    """Some of the holds made in the span, those of them that have ended, and those that were purchased."""

    held: Amount
    settled: Amount
    purchased: Amount


class Sold(Amount):
    """What was sold, and for how much."""

    revenue: Revenue


class Extensions(Shape):
    """What extensions brought.

    `granted` is how often the holds made in the span were extended. `brought` is what was sold in the span when the
    deadline would have passed, had it not been extended.
    """

    granted: Count
    extended: Fates
    not_extended: Fates
    brought: Sold


class Rate(Shape):
    """The busiest second or minute, which begins at `at`."""

    at: Instant
    tickets: Count


class Peak(Shape):
    """When the most tickets were reserved; null where none were."""

    second: Rate | None
    minute: Rate | None


class TypeSales(Sold):
    """What was sold of a ticket type."""

    ticket_type_id: str


class Sales(Shape):
    """A chart, a funnel, and what follows from them."""

    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    bucket_seconds: Count
    points: list[Point]
    totals: Totals
    funnel: Funnel
    conversion: Conversion
    time_to_purchase: TimeToPurchase
    extensions: Extensions
    lost_ticket_minutes: Annotated[
        float, Field(ge=0, description="Tickets times minutes, in holds that expired in the span.", examples=[40.0])
    ]
    peak: Peak
    ticket_types: list[TypeSales]
    complete_from: Annotated[
        Instant | None,
        Field(description="What happened before is archived and not counted here; null when nothing is archived."),
    ]
    server_time: Instant
