// The history of main: reading a course, holding two runs against each other, differences to a run, and the CSV.
"use strict";

const kept = JSON.parse(document.getElementById("history-data")?.textContent ?? "null");
const values = kept ? readValues(kept.csv, kept.metrics.length) : [];
/** By run, then by metric; null where a run lacks it. */
const SVG = "http://www.w3.org/2000/svg";
const ODD = -1;

/** The numbers of the CSV: its texts are in quotes and stand first, so the last cells of a line are numbers. */
function readValues(csv, count) {
  const lines = csv.split("\n").slice(1, -1);
  return lines.map((line) => (count ? line.split(",").slice(-count).map(readNumber) : []));
}

function readNumber(text) {
  if (text === "") return null;
  const endless = { inf: Infinity, "-inf": -Infinity };
  return endless[text] ?? Number(text);
}

// Courses.

function acrossOf(place) {
  return kept.runs.length === 1 ? 0.5 : kept.side + ((1 - 2 * kept.side) * place) / (kept.runs.length - 1);
}

/** How far from the top a value stands, as `history_drawing.py` has it; null where nothing is drawn. */
function downOf(metric, value) {
  if (value === null || !Number.isFinite(value)) return null;
  const [low, high] = metric.ends ?? [value - 1, value + 1];
  const share = (value / 2 - low / 2) / (high / 2 - low / 2);
  return 1 - kept.room - (1 - 2 * kept.room) * Math.min(1, Math.max(0, share));
}

function placeUnder(event, plot) {
  const box = plot.getBoundingClientRect();
  const share = ((event.clientX - box.left) / box.width - kept.side) / (1 - 2 * kept.side);
  return clampPlace(Math.round(share * (kept.runs.length - 1)));
}

function clampPlace(place) {
  return Math.min(kept.runs.length - 1, Math.max(0, place));
}

function tellRun(place) {
  const run = kept.runs[place];
  return run.day ? `${run.short} · ${run.day}` : run.short;
}

function tellPoint(metric, place) {
  const level = metric.levels[place];
  const [before] = metric.levels.slice(0, place).filter((each) => each !== null && each !== ODD).slice(-1);
  const words = [tellRun(place), values[place][metric.place] === null ? "no value" : metric.texts[place]];
  if (level === ODD) words.push("an outlier");
  else if (level === null && metric.missing === 0 && values[place][metric.place] !== null) words.push("in no band");
  else if (level !== null && before !== undefined && before < level) words.push("the level shifted here");
  return words.join(" · ");
}

/** One course that is read by the pointer or the keys. */
function watchCourse(figure) {
  const metric = kept.metrics[Number(figure.dataset.metric)];
  const plot = figure.querySelector(".plot");
  const readout = figure.querySelector(".readout");
  let place = kept.runs.length - 1;
  const read = (next) => {
    place = clampPlace(next);
    readout.textContent = tellPoint(metric, place);
    moveCursor(place);
  };
  const leave = () => {
    readout.textContent = "";
    moveCursor(null);
  };
  plot.addEventListener("pointermove", (event) => read(placeUnder(event, plot)));
  plot.addEventListener("pointerleave", leave);
  plot.addEventListener("click", (event) => pickRun(placeUnder(event, plot)));
  plot.addEventListener("focus", () => { if (plot.matches(":focus-visible")) read(place); });
  plot.addEventListener("blur", leave);
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: Infinity, PageUp: place - 5, PageDown: place + 5 };
    if (event.key in steps) read(steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") pickRun(place);
    else if (event.key === "Escape") forgetPicks();
    else return;
    event.preventDefault();
    document.getElementById("said").textContent = readout.textContent;
  });
}

/** All courses have the same runs, so one line goes through all. */
function moveCursor(place) {
  const root = document.documentElement;
  if (place === null) {
    delete root.dataset.cursor;
    return;
  }
  root.dataset.cursor = "";
  root.style.setProperty("--cursor", `${acrossOf(place) * 100}%`);
}

function offerLarger(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const isLarge = button.closest("figure").classList.toggle("large");
    button.setAttribute("aria-pressed", String(isLarge));
  });
}

/** Open what is folded where the filter finds something in it, and say how much it found. */
function followFilter(field) {
  const names = Array.from(document.querySelectorAll("figure[data-metric]"), (figure) => figure.dataset.name.toLowerCase());
  const part = document.getElementById("folded");
  const folded = part?.querySelectorAll("figure[data-metric]").length ?? 0;
  field.addEventListener("input", () => {
    const text = field.value.trim().toLowerCase();
    const found = names.map((name) => name.includes(text));
    if (part) part.open = text !== "" && found.slice(names.length - folded).includes(true);
    const count = found.filter(Boolean).length;
    document.getElementById("said").textContent = text ? `${count} of ${tellCount(names.length, "metric")}` : "";
  });
}

// Two runs.

let picks = [];

/** The last two that were picked are compared, the older first. */
function pickRun(place) {
  if (picks[picks.length - 1] === place) return;
  picks = [...picks, place].slice(-2);
  const [from, to] = [...picks].sort((one, other) => one - other);
  if (to !== undefined) comparePlaces(from, to);
  drawRings();
  tellPicked();
}

function forgetPicks() {
  picks = [];
  drawRings();
  tellPicked();
}

function comparePlaces(from, to) {
  document.getElementById("from").value = String(from);
  document.getElementById("to").value = String(to);
  fillComparison();
}

function comparedPlaces() {
  return ["from", "to"].map((id) => Number(document.getElementById(id).value));
}

/** Mark the runs that are compared in every course. */
function drawRings() {
  for (const ring of document.querySelectorAll(".ring")) ring.remove();
  const [from, to] = picks.length === 2 ? comparedPlaces() : picks;
  for (const svg of document.querySelectorAll("figure[data-metric] svg.course")) {
    const metric = kept.metrics[Number(svg.closest("figure").dataset.metric)];
    if (from !== undefined) drawRing(svg, metric, from, "from");
    if (to !== undefined) drawRing(svg, metric, to, "to");
  }
}

function drawRing(svg, metric, place, side) {
  const down = downOf(metric, values[place][metric.place]);
  if (down === null) return;
  const ring = document.createElementNS(SVG, "circle");
  ring.setAttribute("class", `ring ${side}`);
  ring.setAttribute("cx", `${acrossOf(place) * 100}%`);
  ring.setAttribute("cy", `${down * 100}%`);
  ring.setAttribute("r", "7");
  svg.append(ring);
}

function tellPicked() {
  const box = document.getElementById("picked");
  box.hidden = picks.length === 0;
  const said = box.querySelector("[role=status]");
  const link = box.querySelector("a");
  link.hidden = picks.length < 2;
  if (picks.length === 1) said.textContent = `${tellRun(picks[0])}: click a second run to compare it with`;
  if (picks.length === 2) said.textContent = document.getElementById("compared").textContent;
}

/** What can be said of a metric's change between two runs: the levels of main know what is noise. */
function judgePair(metric, from, to) {
  const [before, after] = [values[from][metric.place], values[to][metric.place]];
  if (before === null || after === null) return judgeMissing(before, after);
  if (Object.is(before, after)) return { trend: "same", why: "equal" };
  if (metric.missing > 0) return { trend: "unclear", why: `${tellCount(metric.missing, "more run")} until there is a band` };
  const [one, other] = [metric.levels[from], metric.levels[to]];
  if (one === null || other === null) return { trend: "unclear", why: `${kept.runs[one === null ? from : to].short} is in no band` };
  if (one === ODD || other === ODD) return { trend: "unclear", why: `${kept.runs[one === ODD ? from : to].short} is an outlier` };
  const shift = metric.means[other] - metric.means[one];
  if (one === other || Math.abs(shift) <= metric.noise) return { trend: "same", why: tellScatter(metric, one, [before, after]) };
  return judgeShift(metric, one, other, shift, after - before);
}

/** One of twenty runs lies outside of a band and is of its level all the same. */
function tellScatter(metric, level, pair) {
  const isInside = pair.every((value) => Math.abs(value - metric.means[level]) <= metric.noise);
  return isInside ? "inside the band" : "of one level";
}

function judgeMissing(before, after) {
  if (before === null && after === null) return { trend: "", why: "in neither run" };
  return before === null ? { trend: "new", why: "" } : { trend: "gone", why: "" };
}

function judgeShift(metric, one, other, shift, change) {
  const shifts = metric.shifts.slice(Math.min(one, other), Math.max(one, other));
  const why = `${shifts.length > 1 ? "levels" : "level"} shifted at ${shifts.join(", ")}`;
  if (Math.sign(shift) !== Math.sign(change)) return { trend: "unclear", why: `${why}, against the values` };
  if (metric.goal === "none") return { trend: "changed", why };
  return { trend: shift > 0 === (metric.goal === "higher") ? "better" : "worse", why };
}

function tellCount(count, one) {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** The difference of two runs as it is shown; a metric of words has none. */
function tellDifference(metric, from, to) {
  const [before, after] = [values[from][metric.place], values[to][metric.place]];
  if (before === null || after === null || metric.unit === "passed") return MISSING;
  const { change } = formatPair(before * metric.factor, after * metric.factor);
  return metric.unit && change !== MISSING && change !== "0" ? `${change}\u00a0${metric.unit}` : change;
}

function differenceOf(metric, from, to) {
  const [before, after] = [values[from][metric.place], values[to][metric.place]];
  return before === null || after === null ? null : after - before;
}

function fillComparison() {
  const [from, to] = comparedPlaces();
  const counts = new Map();
  for (const [side, place] of [["from", from], ["to", to]]) {
    for (const cell of document.querySelectorAll(`[data-side="${side}"]`)) cell.textContent = kept.runs[place].short;
  }
  for (const row of comparisonTable.rows) {
    const trend = fillPair(row, kept.metrics[Number(row.dataset.metric)], from, to);
    counts.set(trend, (counts.get(trend) ?? 0) + 1);
  }
  const told = Object.keys(kept.symbols).filter((trend) => counts.has(trend)).map((trend) => `${counts.get(trend)} ${trend}`);
  document.getElementById("compared").textContent = `${kept.runs[from].short} to ${kept.runs[to].short}: ${told.join(", ")}`;
  sortAgain(comparisonTable);
  fillSettings(from, to);
}

/** Parameters, data and environment that are not the same in the two runs. */
function fillSettings(from, to) {
  const box = document.getElementById("settings");
  const other = kept.settings.filter((setting) => setting.values[from] !== setting.values[to]);
  box.hidden = other.length === 0;
  box.querySelector("tbody").replaceChildren(...other.map((setting) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = setting.name;
    row.append(head);
    for (const place of [from, to]) row.insertCell().textContent = setting.values[place] ?? MISSING;
    return row;
  }));
}

function fillPair(row, metric, from, to) {
  const { trend, why } = judgePair(metric, from, to);
  const [status, , before, after, change, noise] = row.cells;
  row.dataset.trend = trend;
  row.className = trend;
  row.searched = undefined;
  status.dataset.value = String(Object.keys(kept.symbols).indexOf(trend));
  status.textContent = trend ? `${kept.symbols[trend]} ${trend}`.trim() : "";
  setNumber(before, metric.texts[from], values[from][metric.place]);
  setNumber(after, metric.texts[to], values[to][metric.place], trend !== "same" && trend !== "");
  setNumber(change, tellDifference(metric, from, to), differenceOf(metric, from, to));
  noise.textContent = why;
  return trend;
}

function setNumber(cell, text, value, isStrong = false) {
  cell.dataset.value = value === null || Number.isNaN(value) ? "" : String(value);
  if (!isStrong) cell.textContent = text;
  else cell.replaceChildren(Object.assign(document.createElement("b"), { textContent: text }));
}

/** Keep a table in the order that its reader chose, now that it holds other numbers. */
function sortAgain(table) {
  table.sorted = table.way ? sortRows(table.rows, table.column, table.way) : table.rows;
  showRows(table);
}

// All runs.

function metricColumns(table) {
  return Array.from(table.element.tHead.rows[0].cells, (cell) => (cell.dataset.metric === undefined ? null : kept.metrics[Number(cell.dataset.metric)]));
}

/** Show values, or differences to a run. */
function fillRuns(table) {
  const chosen = document.getElementById("against").value;
  const against = chosen === "" ? null : Number(chosen);
  const columns = metricColumns(table);
  for (const row of table.rows) {
    const place = Number(row.dataset.run);
    row.classList.toggle("against", place === against);
    columns.forEach((metric, column) => {
      if (metric) fillCell(row.cells[column], metric, place, against);
    });
  }
  sortAgain(table);
}

function fillCell(cell, metric, place, against) {
  const isValue = against === null || against === place;
  const value = isValue ? values[place][metric.place] : differenceOf(metric, against, place);
  setNumber(cell, isValue ? metric.texts[place] : tellDifference(metric, against, place), against === place ? 0 : value);
  const trend = isValue ? "" : judgePair(metric, against, place).trend;
  cell.classList.toggle("good", trend === "better");
  cell.classList.toggle("bad", trend === "worse");
}

function addColumns(table) {
  const head = table.element.tHead.rows[0];
  const shown = new Set(metricColumns(table));
  for (const metric of kept.metrics.filter((each) => !shown.has(each))) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.className = "number";
    cell.dataset.metric = String(metric.place);
    cell.textContent = metric.name;
    // What changed stands last; it is not sorted by, so it may move.
    head.lastElementChild.before(cell);
    offerSorting(table, cell, cell.cellIndex);
    for (const row of table.rows) row.insertCell(row.cells.length - 1).className = "number";
  }
  fillRuns(table);
}

function saveCsv() {
  const address = URL.createObjectURL(new Blob([kept.csv], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: kept.file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// The page.

const comparisonTable = tables.find((table) => table.element.closest("#compare"));

function openComparison() {
  document.getElementById("compare").hidden = false;
  for (const id of ["from", "to"]) {
    document.getElementById(id).addEventListener("change", () => {
      picks = comparedPlaces();
      fillComparison();
      drawRings();
      document.getElementById("said").textContent = document.getElementById("compared").textContent;
    });
  }
  document.getElementById("swap").addEventListener("click", () => {
    picks = comparedPlaces().reverse();
    comparePlaces(...picks);
    drawRings();
  });
  fillComparison();
}

function openRuns() {
  const table = takeTable(document.getElementById("all-runs"));
  document.getElementById("against").closest(".choices").hidden = false;
  document.getElementById("against").addEventListener("change", () => fillRuns(table));
  document.getElementById("csv").addEventListener("click", saveCsv);
  document.getElementById("all-metrics")?.addEventListener("click", (event) => {
    event.target.hidden = true;
    addColumns(table);
  });
  fillRuns(table);
}

if (kept) {
  kept.metrics.forEach((metric, place) => { metric.place = place; });
  document.querySelectorAll("figure[data-metric]").forEach(watchCourse);
  document.querySelectorAll(".larger").forEach(offerLarger);
  document.querySelectorAll("#filter").forEach(followFilter);
  document.querySelector("#picked button").addEventListener("click", forgetPicks);
  if (comparisonTable) openComparison();
  openRuns();
}
