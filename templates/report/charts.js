// Curves of both sides: drawn by uPlot when they come into sight, and read with the mouse or the keys.
"use strict";

const CHART_HEIGHT = 220;
const SAY_AFTER = 250;
/** Milliseconds: a screen reader is told where the keys have stopped, not what they passed. */

const DASHES = { dashed: [5, 3], dotted: [1.5, 2.5] };
const WHOLE_STEPS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();

const charts = new Map();
const specs = JSON.parse(document.getElementById("charts")?.textContent ?? "[]");

/** A colour of the page's style, as a canvas takes it. */
function colourOf(name) {
  const probe = document.getElementById("main") ?? document.body;
  const kept = probe.style.caretColor;
  probe.style.caretColor = `var(--${name})`;
  const colour = getComputedStyle(probe).caretColor;
  probe.style.caretColor = kept;
  return colour;
}

let colours = {};

function readColours() {
  const names = ["head", "base", "head-faint", "base-faint", "head-band", "base-band", "soft", "grid", "back"];
  colours = Object.fromEntries(names.map((name) => [name, colourOf(name)]));
}

/** What is drawn of a chart, from the back to the front: bands, values behind their means, lines. */
function makeLayers(spec) {
  const lines = spec.lines.map((line) => {
    const [x, said] = [line.x, line.y].map(unpackNumbers);
    return { ...line, x, y: leaveGaps(said), raw: { x, y: said } };
  });
  const back = (line) => (line.side === "base" ? 0 : 2) + (line.style === "solid" ? 1 : 0);
  const ordered = [...lines].sort((one, other) => back(one) - back(other));
  const bands = [...(spec.bands ?? [])].sort((one, other) => Number(one.side === "head") - Number(other.side === "head"));
  const faint = ordered.filter((line) => line.style === "solid" && (line.window > 1 || line.course));
  return [
    ...bands.flatMap((band) => {
      const x = unpackNumbers(band.x);
      return [
        { x, y: unpackGaps(band.high), kind: "edge", side: band.side },
        { x, y: unpackGaps(band.low), kind: "edge", side: band.side },
      ];
    }),
    ...faint.map((line) => ({ ...line, kind: "faint" })),
    ...ordered.map((line) => ({ ...line, ...takeCourse(line), kind: "line" })),
  ];
}

/** What is drawn of a line: smoothed, or the means of blocks where it would be a slab of colour, or all values. */
function takeCourse({ x, y, course, window, blocks, is_thinned }) {
  if (course) return { x: unpackNumbers(course.x), y: unpackGaps(course.y) };
  if (!(window > 1)) return { x, y };
  return { x: takeBlocks(x, window, blocks, meanOf), y: takeBlocks(y, window, blocks, is_thinned ? medianOf : meanOf) };
}

/** How uPlot draws a layer. */
function styleLayer(layer) {
  const isHead = layer.side === "head";
  if (layer.kind === "edge") return { scale: "y", stroke: null, width: 0, points: { show: false } };
  if (layer.kind === "faint") {
    return { scale: "y", stroke: () => colours[`${layer.side}-faint`], width: 1, points: { show: false } };
  }
  return {
    scale: "y",
    stroke: () => colours[layer.side],
    width: (isHead ? 2 : 1.5) * (layer.style === "solid" ? 1 : 0.7),
    dash: DASHES[layer.style],
    points: { size: 5, fill: () => colours[layer.side], filter: (plot, at, isShown) => (isShown ? null : layer.lonely) },
  };
}

/** The places of values without neighbours, which no line would show. */
function findLonely(values) {
  const known = values.flatMap((value, at) => (value === undefined ? [] : [at]));
  const isGap = (at) => known[at] === undefined || values[known[at]] === null;
  return known.filter((place, at) => values[place] !== null && isGap(at - 1) && isGap(at + 1));
}

function makeAxis(options) {
  return {
    stroke: () => colours.soft,
    grid: { stroke: () => colours.grid, width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
    ...options,
  };
}

function keepDecades(values) {
  return values.map((value) => (value && Math.abs(Math.log10(value) % 1) < 1e-9 ? value : null));
}

/** Room for the longest number of an axis. */
function measureAxis(plot, texts, axis) {
  if (!texts) return 40;
  const longest = texts.reduce((found, text) => (text.length > found.length ? text : found), "");
  plot.ctx.font = plot.axes[axis].font[0];
  return Math.ceil(plot.ctx.measureText(longest).width / devicePixelRatio) + 12;
}

/** Half of the last number of the x axis may stand beyond its end. */
function measureLast(plot, chart) {
  const steps = chart.data[0];
  const [text] = formatTicks([steps[steps.length - 1]], chart.spec.is_whole ? 1 : 0);
  plot.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  return Math.ceil(plot.ctx.measureText(text).width / devicePixelRatio / 2) + 4;
}

function makeAxes(spec) {
  return [
    makeAxis({
      size: 24,
      gap: 4,
      incrs: spec.is_whole ? WHOLE_STEPS : undefined,
      values: (plot, values, axis, space, step) => formatTicks(values, step),
    }),
    makeAxis({
      scale: "y",
      gap: 4,
      size: measureAxis,
      grid: { stroke: () => colours.grid, width: 1, filter: (plot, values) => (spec.is_log ? keepDecades(values) : values) },
      values: (plot, values, axis, space, step) =>
        spec.is_log ? values.map((value) => (value === null ? "" : formatDecade(value))) : formatTicks(values, step),
    }),
  ];
}

/** A ring around the best value of this side. */
function drawBest(plot, best) {
  if (!best) return;
  const [x, y] = best;
  const { min, max } = plot.scales.x;
  if (x < min || x > max) return;
  const { ctx } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.arc(plot.valToPos(x, "x", true), plot.valToPos(y, "y", true), 4.5 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fillStyle = colours.back;
  ctx.strokeStyle = colours.head;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.fill();
  ctx.stroke();
  ctx.restore();
}

/** What the axis of values reaches from and to: as in the sketch, until somebody looks closer. */
function chooseReach(chart, low, high) {
  if (low === null) return [null, null];
  chart.whole = chart.whole ?? [low, high];
  if (chart.spec.reach && low === chart.whole[0] && high === chart.whole[1]) return chart.spec.reach;
  return chart.spec.is_log ? uPlot.rangeLog(low, high, 10, false) : uPlot.rangeNum(low, high, 0.1, true);
}

function makeOptions(chart, width) {
  const { spec, layers } = chart;
  const edges = layers.filter((layer) => layer.kind === "edge").length;
  return {
    width,
    height: CHART_HEIGHT,
    padding: [8, (plot) => measureLast(plot, chart), 0, 0],
    legend: { show: false },
    scales: { x: { time: false }, y: { distr: spec.is_log ? 3 : 1, range: (plot, low, high) => chooseReach(chart, low, high) } },
    series: [{}, ...layers.map(styleLayer)],
    bands: Array.from({ length: edges / 2 }, (_, at) => ({
      series: [2 * at + 1, 2 * at + 2],
      fill: () => colours[`${layers[2 * at].side}-band`],
    })),
    axes: makeAxes(spec),
    cursor: {
      y: false,
      sync: { key: `x:${spec.x_label}`, scales: ["x", null] },
      dataIdx: (plot, series, at, x) => (series === 0 ? at : placeOf(chart, layers[series - 1], x)),
      points: { size: (plot, series) => (series > 0 && layers[series - 1].kind === "line" ? 8 : 0), width: 0 },
    },
    hooks: { draw: [(plot) => drawBest(plot, spec.best)], setCursor: [() => readCursor(chart)] },
  };
}

/** Where among all steps of a chart the layer has the one nearest to x. */
function placeOf(chart, layer, x) {
  return layer.x.length ? chart.places.get(layer.x[findNearest(layer.x, x)]) : null;
}

function drawChart(figure) {
  if (charts.has(figure)) return;
  const spec = specs[Number(figure.dataset.chart)];
  const place = figure.querySelector(".plot");
  if (!spec || !place.clientWidth) return;
  const layers = makeLayers(spec).filter((layer) => layer.x.length);
  if (!layers.some(({ kind, y }) => kind === "line" && y.some((value) => value !== null))) return;
  const data = uPlot.join(layers.map((layer) => [layer.x, layer.y]));
  layers.forEach((layer, at) => { layer.lonely = layer.kind === "line" ? findLonely(data[at + 1]) : []; });
  const chart = { spec, figure, layers, data, places: new Map(data[0].map((x, at) => [x, at])), at: -1 };
  charts.set(figure, chart);
  place.replaceChildren();
  chart.plot = new uPlot(makeOptions(chart, place.clientWidth), data, place);
  place.addEventListener("keydown", (event) => pressKey(chart, event));
  sizes.observe(place);
}

/** Say below a chart what both sides are at the step that the cursor is nearest to. */
function readCursor(chart) {
  const { plot } = chart;
  if (!plot) return;
  const { left, idx } = plot.cursor;
  const isOn = left >= 0 && idx !== null && idx !== undefined;
  chart.at = isOn ? idx : -1;
  chart.figure.querySelector(".readout").textContent = isOn ? tellStep(chart, chart.data[0][idx]) : "";
}

function tellStep(chart, x) {
  const { spec } = chart;
  const name = `${spec.x_label || "x"} ${formatNumber(x)}`;
  const lines = chart.layers.filter((layer) => layer.kind === "line");
  const parts = new Set(spec.lines.map((line) => line.part ?? ""));
  const said = Array.from(parts, (part) => tellPart(lines.filter((line) => (line.part ?? "") === part), part, x));
  return [name, ...said].join(" · ");
}

/** Both sides of one line, each at its own nearest step, and their difference. */
function tellPart(lines, part, x) {
  const read = (side) => {
    const line = lines.find((one) => one.side === side);
    return line ? { label: line.label, ...readLine(line, x) } : null;
  };
  const [head, base] = [read("head"), read("base")];
  const isPair = head && base && !Number.isNaN(head.value) && !Number.isNaN(base.value);
  const texts = isPair ? formatPair(base.value, head.value) : { head: formatNumber(head?.value), base: formatNumber(base?.value) };
  const said = [];
  if (head) said.push(`${head.label} ${texts.head}${head.where}`);
  if (base) said.push(`${base.label} ${texts.base}${base.where}`);
  if (isPair) said.push(`difference ${texts.change}`);
  return (part ? `${part}: ` : "") + said.join(", ");
}

/** Steps within what is shown, since a chart may be zoomed into. */
function shownSteps(chart) {
  const { min, max } = chart.plot.scales.x;
  const steps = chart.data[0];
  const past = steps.findIndex((x) => x > max);
  return [Math.max(0, steps.findIndex((x) => x >= min)), (past < 0 ? steps.length : past) - 1];
}

function pressKey(chart, event) {
  const [low, high] = shownSteps(chart);
  const page = Math.max(1, Math.round((high - low) / 10));
  const from = chart.at < 0 ? low - 1 : chart.at;
  const step = event.shiftKey ? 10 : 1;
  const places = {
    ArrowLeft: from - step, ArrowRight: from + step, PageUp: from - page, PageDown: from + page, Home: low, End: high,
  };
  if (event.key === "Escape") showAll(chart);
  else if (event.key in places && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    moveCursor(chart, Math.min(Math.max(places[event.key], low), high));
  }
}

function moveCursor(chart, at) {
  const { plot } = chart;
  plot.setCursor({ left: plot.valToPos(chart.data[0][at], "x"), top: plot.over.clientHeight / 2 });
  say(chart);
}

let sayLater = 0;

function say(chart) {
  clearTimeout(sayLater);
  sayLater = setTimeout(() => {
    const place = document.getElementById("said");
    if (place) place.textContent = chart.figure.querySelector(".readout").textContent;
  }, SAY_AFTER);
}

function showAll(chart) {
  const x = chart.data[0];
  chart.plot.setScale("x", { min: x[0], max: x[x.length - 1] });
}

const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const chart = charts.get(target.closest("[data-chart]"));
    const width = Math.floor(contentRect.width);
    if (width && chart.plot.width !== width) chart.plot.setSize({ width, height: CHART_HEIGHT });
  }
});

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    drawChart(target);
  }
}, { rootMargin: "300px" });

function redrawAll() {
  readColours();
  for (const { plot } of charts.values()) plot.redraw(false, true);
}

readColours();
for (const figure of document.querySelectorAll("[data-chart]")) {
  seen.observe(figure);
  offerNumbers(figure);
}
document.addEventListener("theme", redrawAll);
addEventListener("beforeprint", () => document.querySelectorAll("[data-chart]").forEach(drawChart));
