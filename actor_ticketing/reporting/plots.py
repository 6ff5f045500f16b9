"""Where the parts of a plot lie, in the units of its SVG. The template only draws them."""

from collections.abc import Callable, Mapping, Sequence

from actor_ticketing.domain.values import value

WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 8, 12, 26

_LABELS_MAX = 7
_LINES_MAX = 5


@value
class Bar:
    """A rectangle. ``said`` is what it shows, in words."""

    x: float
    y: float
    width: float
    height: float
    said: str = ""


@value
class Label:
    """A text at an axis, and the line that it belongs to."""

    at: float
    text: str


@value
class Plot:
    """Bars over an axis.

    :ivar series: the bars of each kind, by its name, in the order in which they are drawn.
    :ivar marks: what is marked on the axis below, such as a percentile.
    """

    series: Mapping[str, Sequence[Bar]]
    below: Sequence[Label]
    beside: Sequence[Label]
    marks: Sequence[Label] = ()


def bars(
    series: Mapping[str, Sequence[int]],
    below: Sequence[str],
    number: Callable[[int], str],
    *,
    marks: Sequence[tuple[float, str]] = (),
    edges: bool = False,
) -> Plot:
    """Draw numbers as bars over a common axis, those of one place over each other.

    :param below: what is written below each place.
    :param marks: what is marked on the axis, and which share of the axis lies before it.
    :param edges: the texts are of where a bar begins, and there is one more, of where the last ends.
    """
    places = max(1, *(len(each) for each in series.values()))
    scale = _scale(max((count for counts in series.values() for count in counts), default=0))
    step = (WIDTH - LEFT - RIGHT) / places
    drawn = {}
    for order, (name, counts) in enumerate(series.items()):
        # The later ones are narrower, so that those behind them can be seen.
        width = step * (0.92 - 0.3 * order)
        drawn[name] = [
            Bar(
                x=_rounded(LEFT + step * (place + 0.5) - width / 2),
                y=_rounded(_height(count, scale[-1])),
                width=_rounded(width),
                height=_rounded(HEIGHT - BOTTOM - _height(count, scale[-1])),
                said=f"{below[place]}: {number(count)}",
            )
            for place, count in enumerate(counts)
            if count
        ]
    every = -(-len(below) // _LABELS_MAX)
    shift = 0.0 if edges else 0.5
    return Plot(
        series=drawn,
        below=[
            Label(at=_rounded(LEFT + step * (place + shift)), text=text)
            for place, text in enumerate(below)
            if place % every == 0
        ],
        beside=[Label(at=_rounded(_height(each, scale[-1])), text=number(each)) for each in scale],
        marks=[Label(at=_rounded(LEFT + share * (WIDTH - LEFT - RIGHT)), text=text) for share, text in marks],
    )


def _height(count: int, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top)


def _scale(greatest: int) -> Sequence[int]:
    """Round numbers from 0 to the greatest or above it."""
    step = 1
    while step * (_LINES_MAX - 1) < greatest:
        # 1, 2, 5, 10, 20, 50, ...
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return range(0, max(step, -(-greatest // step) * step) + 1, step)


def _rounded(number: float) -> float:
    return round(number, 1)
