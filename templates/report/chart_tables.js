// Some of the numbers of a chart as a table, for those who want them or cannot see it.
"use strict";

const NUMBERS_SHOWN = 50;

/** Write some of the numbers of a chart as a table, once somebody wants them. */
function offerNumbers(figure) {
  const part = figure.querySelector("details.numbers");
  if (!part || figure.querySelector(".plot > p")) return;
  part.hidden = false;
  part.addEventListener("toggle", () => {
    drawChart(figure);
    if (part.open && charts.has(figure) && !part.querySelector("table")) part.append(tabulate(charts.get(figure)));
  });
}

function tabulate(chart) {
  const lines = chart.spec.lines.map(({ side, part }) =>
    chart.layers.find((one) => one.kind === "line" && one.side === side && one.part === part)).filter(Boolean);
  const steps = chooseEvenly(gatherSteps(lines), NUMBERS_SHOWN);
  const heads = [chart.spec.x_label || "x", ...lines.map((line) => [line.part, line.label].filter(Boolean).join(" "))];
  const rows = steps.map((x) => [
    formatNumber(x),
    ...lines.map((line) => {
      const { value, where } = readLine(line, x);
      return formatNumber(value) + where;
    }),
  ]);
  const box = document.createElement("div");
  box.className = "wide";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", `Numbers of ${chart.figure.dataset.name}`);
  box.append(makeTable(heads, rows));
  return box;
}

/** The steps of all lines, each once. */
function gatherSteps(lines) {
  return [...new Set(lines.flatMap((line) => line.raw.x))].sort((one, other) => one - other);
}

function makeTable(heads, rows) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const text of heads) head.append(makeCell("th", text, "col"));
  const body = table.createTBody();
  for (const [first, ...others] of rows) {
    const row = body.insertRow();
    row.append(makeCell("th", first, "row"), ...others.map((text) => makeCell("td", text)));
  }
  return table;
}

function makeCell(kind, text, scope) {
  const cell = document.createElement(kind);
  cell.className = "number";
  cell.textContent = text;
  if (scope) cell.scope = scope;
  return cell;
}

function chooseEvenly(values, most) {
  if (values.length <= most) return values;
  return Array.from({ length: most }, (_, at) => values[Math.round((at * (values.length - 1)) / (most - 1))]);
}
