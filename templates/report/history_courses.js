// The history of main: its numbers, and courses that are read by the pointer or the keys.
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
