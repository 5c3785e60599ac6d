// Two runs of main held against each other, as the levels of main have it.
"use strict";

const comparisonTable = tables.find((table) => table.element.closest("#compare"));
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
