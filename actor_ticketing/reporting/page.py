"""A report as one page that can be mailed and printed: it loads nothing, and needs no scripts."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from actor_ticketing.domain import money
from actor_ticketing.domain.catalogue import Event
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.http.present import Json
from actor_ticketing.reporting import plots
from actor_ticketing.reporting.plots import Plot
from actor_ticketing.reporting.reading import Sales

_TEMPLATES = Path(__file__).parent / "templates"
_DAY_SECONDS = 86_400
_NOTHING = "\N{EN DASH}"
_KINDS = ("reserved", "sold", "expired", "cancelled")
_DRAWN = _KINDS[:3]
_PERCENTILES = (("p50Seconds", "half"), ("p90Seconds", "90 %"))


@dataclass(frozen=True, kw_only=True)
class Part:
    """What the template is told of one event, or of all.

    :ivar event: None: all of them.
    """

    anchor: str
    title: str
    event: Event | None
    figures: Json
    over_time: Plot
    waits: Plot


def render(sales: Sales, zone: ZoneInfo, now: int) -> str:
    """Write the page.

    :param zone: of all times on it.
    :param now: ms since the epoch.
    """
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    saying = Saying(zone)
    environment.filters |= {
        "moment": saying.moment, "number": number, "share": share, "seconds": seconds, "takings": takings,
    }  # fmt: skip
    parts = [_part(saying, "all", "All events" if sales.only is None else sales.only.title, sales.only, sales.whole)]
    if sales.only is None:
        parts += [
            _part(saying, f"event-{place}", each.event.title, each.event, each.figures)
            for place, each in enumerate(sales.events, 1)
        ]
    return environment.get_template("report.html.jinja").render(
        parts=parts,
        whole=sales.whole,
        quiet=[each.title for each in sales.quiet],
        types=sales.types,
        zone=zone.key,
        made_at=now,
        style=Markup(style),  # noqa: S704 - our own file.
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        sizes=plots,
        kinds=_KINDS,
        drawn_kinds=_DRAWN,
        saying=saying,
    )


class Saying:
    """Instants as people of one time zone write them."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def moment(self, instant: int | str) -> str:
        """``20 Mar 2027, 19:00`` for ms since the epoch, or what RFC 3339 makes of them."""
        when = self._local(instant)
        return f"{when.day} {when:%b %Y, %H:%M}"

    def point(self, instant: str, bucket_seconds: int) -> str:
        """A point of a plot, as short as it can be told from the others."""
        when = self._local(instant)
        day = f"{when.day} {when:%b}"
        return day if bucket_seconds >= _DAY_SECONDS else f"{day} {when:%H:%M}"

    def _local(self, instant: int | str) -> datetime:
        when = datetime.fromisoformat(instant if isinstance(instant, str) else rfc3339(instant))
        try:
            return when.astimezone(self._zone)
        except OverflowError:  # East of Greenwich, the end of the year 9999 is past all dates.
            return when


def number(count: float) -> str:
    """``1,234``, and of a small one the fraction, if there is any."""
    return f"{count:,.0f}" if count == int(count) or count >= 100 else f"{count:,.1f}"


def share(part: int, whole: int) -> str:
    """``12.3 %``."""
    return f"{part / whole:.1%}".replace("%", " %") if whole else _NOTHING


def seconds(count: int | None) -> str:
    """``1 min 13 s``."""
    if count is None:
        return _NOTHING
    minutes, rest = divmod(count, 60)
    hours, minutes = divmod(minutes, 60)
    told = [f"{amount} {unit}" for amount, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if amount]
    return " ".join(told) or "0 s"


def takings(revenue: Mapping[str, int]) -> str:
    """``1,234.50 EUR + 20.00 USD``."""
    return " + ".join(money.amount(minor, currency) for currency, minor in sorted(revenue.items())) or _NOTHING


def _part(saying: Saying, anchor: str, title: str, event: Event | None, figures: Json) -> Part:
    return Part(
        anchor=anchor,
        title=title,
        event=event,
        figures=figures,
        over_time=_over_time(saying, figures),
        waits=_waits(figures["timeToPurchase"]),
    )


def _over_time(saying: Saying, figures: Json) -> Plot:
    points: Sequence[Json] = figures["points"]
    series: Mapping[str, Sequence[int]] = {name: [point[name]["tickets"] for point in points] for name in _DRAWN}
    below = [saying.point(point["at"], figures["bucketSeconds"]) for point in points]
    return plots.bars(series, below, number)


def _waits(times: Json) -> Plot:
    bins: Sequence[int] = times["bins"]
    width: int = times["binSeconds"]
    marks = [(times[name] / (width * len(bins)), text) for name, text in _PERCENTILES if bins]
    edges = [seconds(place * width) for place in range(len(bins) + 1)]
    return plots.bars({"purchases": bins}, edges, number, marks=marks, edges=True)
