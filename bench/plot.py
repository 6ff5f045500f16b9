"""The picture for the documentation: how far each promised figure is from its target."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.errors import BenchError
from bench.results import Ratio, Result

# Neither white nor black, so that all of it can be read on GitHub's light and dark pages alike.
INK, GRID = "#7d8590", "#7d859055"
MET, MISSED = "#3fb950", "#d29922"

_STYLE: Any = {
    "svg.hashsalt": "bench",
    # Text stays text, which is smaller and sharper; the page's reader has a sans-serif font.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_WIDTH_INCHES, _BAR_INCHES, _MARGIN_INCHES = 9.5, 0.58, 0.9
_SCALE = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16)


def draw(results: Sequence[Result], path: Path) -> None:
    """Draw every figure that has a target into an SVG file, the same bytes for the same results.

    All are drawn as multiples of their target on one logarithmic scale, turned over where the target is an upper
    bound: so right of the line is always better, and the figures themselves stand beside the bars.

    :raises BenchError: when there is nothing to draw, or the file cannot be written.
    """
    rows = [(result.scenario, ratio) for result in results for ratio in result.ratios if ratio.target is not None]
    if not rows:
        raise BenchError("none of these results has a target, so there is nothing to draw")
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _BAR_INCHES * len(rows) + _MARGIN_INCHES), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        _bars(figure.add_subplot(), rows)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, metadata={"Date": None, "Creator": None}, transparent=True)
        except OSError as error:
            raise BenchError(f"{path} cannot be written: {error.strerror}") from error


def _bars(axes: Axes, rows: Sequence[tuple[str, Ratio]]) -> None:
    lowest, highest = _span([ratio for _, ratio in rows])
    beside = axes.get_yaxis_transform()
    for place, (scenario, ratio) in enumerate(rows):
        median, *ends = (_reached(ratio, value) for value in (ratio.median, ratio.least, ratio.most))
        axes.barh(place, median - lowest, left=lowest, height=0.4, color=MET if ratio.met else MISSED, alpha=0.65)
        axes.plot([min(ends), max(ends)], [place, place], color=INK, linewidth=1.5, marker="|", markersize=7)
        axes.text(0.005, place - 0.26, ratio.name, transform=beside, va="bottom", fontsize=10)
        target = f"{'≤' if ratio.at_most else '≥'} {_plain(ratio.target, ratio)}"
        figure = f"{_plain(ratio.median, ratio)}   (target {target})"
        axes.text(1.01, place, figure, transform=beside, va="center", fontsize=10)
        first = not place or scenario != rows[place - 1][0]
        if first:
            axes.text(-0.01, place, scenario, transform=beside, va="center", ha="right", weight="bold")
        if first and place:
            axes.axhline(place - 0.62, color=GRID, linewidth=0.8)
    axes.axvline(1, color=INK, linewidth=1.5)
    axes.set_ylim(len(rows) - 0.6, -0.7)
    axes.set_yticks([])
    _scale(axes, lowest, highest)


def _scale(axes: Axes, lowest: float, highest: float) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xlim(lowest, highest)
    axes.set_xticks([each for each in _SCALE if lowest <= each <= highest])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: "target" if value == 1 else f"× {value:.3g}"))  # noqa: RUF001 - a factor.
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("of the target (median, least and most of the rounds); further right is better")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.patch.set_alpha(0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _span(ratios: Sequence[Ratio]) -> tuple[float, float]:
    """From and to where the scale goes: all values, and the target with some room."""
    reached = [_reached(ratio, value) for ratio in ratios for value in (ratio.least, ratio.most)]
    return min(0.5, *reached) / 1.25, max(1.25, *reached) * 1.1


def _reached(ratio: Ratio, value: float) -> float:
    """The share of the target, within what the scale has room for."""
    return min(_SCALE[-1], max(_SCALE[0], ratio.share_of_target(value)))


def _plain(value: float | None, ratio: Ratio) -> str:
    return f"{value:,.3g} {ratio.unit}".rstrip() if value is not None and value < 1000 else f"{value:,.0f} {ratio.unit}"
