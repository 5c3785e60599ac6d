// All runs of main: values or differences to one of them, and the CSV. Last of the scripts, so it begins.
"use strict";

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
