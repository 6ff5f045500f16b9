// Reserved, sold and expired tickets over time. What the lines come to, and each point, stands beside it as text.
import { html, useEffect, useRef, useState } from "../html.js";
import { dayAndTime, number, shortDay, shortTime, t } from "../i18n.js";
import uPlot from "../vendor/uplot.js";
import { pointName } from "./points-table.js";

const LINES = ["reserved", "sold", "expired"];
const HEIGHT = 300;
const DAY_SECONDS = 86400;
const WHOLE = [1, 2, 5].flatMap((first) => [0, 1, 2, 3, 4, 5, 6].map((zeros) => first * 10 ** zeros)).sort((a, b) => a - b);

export function Chart({ data }) {
  const place = useRef(null);
  const plot = useRef(null);
  const shown = useRef(data);
  const [pointed, setPointed] = useState(null);
  shown.current = data;
  useEffect(() => {
    const element = place.current;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(element, setPointed), seriesOf(shown.current), element);
    };
    make();
    const resized = new ResizeObserver(() => plot.current.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    // It draws in the page's colours, which change with the light.
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", make);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", make);
      plot.current.destroy();
    };
  }, []);
  useEffect(() => { plot.current.setData(seriesOf(data)); }, [data]);
  const point = data.points[pointed];
  const named = LINES.map((name) => [name, data.totals[name].tickets]);
  return html`
    <div class="chart" role="img" ref=${place} aria-label=${t("sales.chartSays", {
      from: dayAndTime(data.from), to: dayAndTime(data.to), ...Object.fromEntries(named),
    })}></div>
    <p class="hint figure pointed" aria-hidden="true">
      ${point ? html`<b>${pointName(point, data.bucketSeconds)}</b> ${LINES.map((name) => `${t(`kind.${name}`)} ${number(point[name].tickets)}`).join(" · ")}` : t("sales.pointed")}
    </p>
  `;
}

// Seconds, and tickets of each line. A point lasts until the next, so the last is told twice: where it begins and ends.
function seriesOf({ points, to }) {
  const xs = [...points.map(({ at }) => Date.parse(at) / 1000), Date.parse(to) / 1000];
  const line = (name) => [...points, points.at(-1)].map((point) => point[name].tickets);
  return [xs, ...LINES.map(line)];
}

function optionsFor(place, setPointed) {
  const style = getComputedStyle(place);
  const colour = (name) => style.getPropertyValue(`--${name}`);
  const steps = uPlot.paths.stepped({ align: 1 });
  const axis = { stroke: colour("soft"), font: `12px ${style.fontFamily}`, ticks: { show: false } };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [10, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, dataIdx: pointUnder },
    scales: { y: { range: (_, low, high) => [0, Math.max(4, high * 1.08)] } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, space: 70, values: (_, splits, __, ___, step) => splits.map((at) => instantName(at, step)) },
      { ...axis, grid: { stroke: colour("line"), width: 1 }, size: 44, incrs: WHOLE, values: (_, splits) => splits.map(number) },
    ],
    series: [
      {},
      { stroke: colour("held"), width: 1.5, fill: colour("held-ground"), paths: steps, points: { show: false } },
      { stroke: colour("sold"), width: 2.5, fill: colour("sold-ground"), paths: steps, points: { show: false } },
      { stroke: colour("lost"), width: 2, dash: [5, 4], paths: steps, points: { show: false } },
    ],
    hooks: { setCursor: [(chart) => setPointed(chart.cursor.left >= 0 ? chart.cursor.idxs[1] : null)] },
  };
}

// The point in which the pointer is, not the one whose beginning is nearest.
const pointUnder = ({ data: [xs] }, _, nearest, x) => Math.min(xs[nearest] > x ? nearest - 1 : nearest, xs.length - 2);

function instantName(seconds, step) {
  const instant = new Date(seconds * 1000);
  const isMidnight = instant.getHours() === 0 && instant.getMinutes() === 0;
  return step >= DAY_SECONDS || isMidnight ? shortDay(instant) : shortTime(instant);
}
