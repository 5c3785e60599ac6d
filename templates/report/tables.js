// Tables that are sorted by a column, and one filter for all that a page names.
"use strict";

const ROWS_AT_ONCE = 500;
/** A browser lays out so many rows without a stop. */

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const tables = [];

/** One table: all its rows in the order of the report, and what is wanted of them. */
function takeTable(element) {
  const body = element.tBodies[0];
  const rows = Array.from(body.rows);
  const table = { element, body, rows, wanted: rows, sorted: rows, room: ROWS_AT_ONCE, column: -1, way: 0 };
  table.isFiltered = element.hasAttribute("data-filtered");
  table.button = makeMoreButton(table);
  Array.from(element.tHead.rows[0].cells).forEach((cell, column) => offerSorting(table, cell, column));
  watchWidth(element);
  if (rows.length > ROWS_AT_ONCE) showRows(table);
  return table;
}

function makeMoreButton(table) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "more-rows controls";
  button.hidden = true;
  button.addEventListener("click", () => {
    table.room += ROWS_AT_ONCE;
    showRows(table);
  });
  (table.element.closest(".wide") ?? table.element).after(button);
  return button;
}

/** Put what is wanted into the table, as far as there is room. */
function showRows(table) {
  const kept = new Set(table.wanted);
  const rows = table.wanted === table.rows ? table.sorted : table.sorted.filter((row) => kept.has(row));
  table.body.replaceChildren(...rows.slice(0, table.room));
  const left = Math.max(0, rows.length - table.room);
  table.button.hidden = left === 0;
  table.button.textContent = `Show ${Math.min(left, ROWS_AT_ONCE)} more of ${left}`;
}

/** A table that is as wide as its place needs no scrolling of its own, and its head can stay in sight. */
function watchWidth(element) {
  const box = element.closest(".wide");
  if (!box) return;
  const measure = () => {
    if (!box.clientWidth) return;
    const fits = box.classList.toggle("fits", element.offsetWidth <= box.clientWidth + 1);
    // What scrolls by itself has to be in reach of the keys.
    for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", element.getAttribute("aria-label")]]) {
      if (fits) box.removeAttribute(name);
      else box.setAttribute(name, value);
    }
  };
  new ResizeObserver(measure).observe(box);
}

function offerSorting(table, cell, column) {
  const name = cell.textContent.trim();
  if (!name || cell.hasAttribute("data-unsorted")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sort";
  button.append(...cell.childNodes);
  cell.append(button);
  button.addEventListener("click", () => sortBy(table, column));
}

/** Sort by a column; the other way at the second time; at the third time as the report has it. */
function sortBy(table, column) {
  const heads = table.element.tHead.rows[0].cells;
  const first = heads[column].classList.contains("number") ? -1 : 1;
  const isSame = table.column === column && table.way !== 0;
  table.way = !isSame ? first : table.way === first ? -first : 0;
  table.column = column;
  for (const head of heads) head.removeAttribute("aria-sort");
  if (table.way) heads[column].setAttribute("aria-sort", table.way > 0 ? "ascending" : "descending");
  table.sorted = table.way ? sortRows(table.rows, column, table.way) : table.rows;
  showRows(table);
}

function sortRows(rows, column, way) {
  const keyed = rows.map((row) => [valueOf(row.cells[column]), row]);
  return keyed.sort(([one], [other]) => compareValues(one, other, way)).map(([, row]) => row);
}

/** The number of a cell where it has one, else its text; null where there is nothing. */
function valueOf(cell) {
  if (!cell) return null;
  const given = cell.dataset.value;
  const number = given === undefined || given === "" ? NaN : Number(given);
  return Number.isNaN(number) ? (given === undefined ? cell.textContent.trim() : null) : number;
}

/** Numbers before texts; nothing stands last whichever the way. */
function compareValues(one, other, way) {
  const isEmpty = (value) => value === null || value === "";
  if (isEmpty(one) || isEmpty(other)) return Number(isEmpty(one)) - Number(isEmpty(other));
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return way * (typeof one === "number" ? one - other || 0 : collator.compare(one, other));
}

/** What of a row the filter looks at: its name, and what happened. */
function textOf(row) {
  if (row.searched === undefined) {
    row.searched = Array.from(row.querySelectorAll("th, .status"), (cell) => cell.textContent).join(" ").toLowerCase();
  }
  return row.searched;
}

const filter = { text: "", trend: "" };
const openedParts = new Set();

function matchesRow(row) {
  const isTrend = !filter.trend || !row.dataset.trend || row.dataset.trend === filter.trend;
  return isTrend && textOf(row).includes(filter.text);
}

/** Show what matches, and open the parts that it lies in; without a filter all is as before. */
function applyFilter() {
  const asked = tables.filter(isAsked);
  for (const table of tables.filter(({ isFiltered }) => isFiltered)) {
    const isOn = asked.includes(table);
    table.wanted = isOn ? table.rows.filter(matchesRow) : table.rows;
    table.room = ROWS_AT_ONCE;
    showRows(table);
    foldPart(table, isOn);
  }
  const figures = Array.from(document.querySelectorAll("[data-name]"));
  for (const figure of figures) figure.hidden = !figure.dataset.name.toLowerCase().includes(filter.text);
  const kept = new Set(tables.filter((table) => !asked.includes(table) || table.wanted.length).map(({ element }) => element));
  document.querySelectorAll("main section, main details.part").forEach((part) => hideEmpty(part, kept));
  hideLinks();
  countShown(asked, filter.text ? figures : []);
}

const emptyParts = new Set();

/** Hide a part of which the filter leaves nothing but its heading. */
function hideEmpty(part, kept) {
  const held = [...part.querySelectorAll("[data-name], table[data-filtered]")];
  const isEmpty = held.length > 0 && !held.some((one) => (one.matches("table") ? kept.has(one) : !one.hidden));
  if (isEmpty && !part.hidden) {
    emptyParts.add(part);
    part.hidden = true;
  } else if (!isEmpty && emptyParts.delete(part)) {
    part.hidden = false;
  }
}

/** A link to what is hidden would lead nowhere. */
function hideLinks() {
  for (const link of document.querySelectorAll(".bar nav a")) {
    const target = document.getElementById(link.hash.slice(1));
    link.parentElement.hidden = emptyParts.has(target?.closest("section, details.part"));
  }
}

/** Whether the filter says anything of a table: a trend is a matter of metrics alone. */
function isAsked(table) {
  return table.isFiltered && Boolean(filter.text || (filter.trend && table.rows.some((row) => row.dataset.trend)));
}

function foldPart(table, isOn) {
  const part = table.element.closest("details.part");
  if (!part) return;
  const isFound = table.wanted.length > 0;
  if (isOn && isFound && !part.open) {
    openedParts.add(part);
    part.open = true;
  } else if (openedParts.has(part) && !(isOn && isFound)) {
    openedParts.delete(part);
    part.open = false;
  }
}

/** Say how much is left, and in place of an empty page that nothing is. */
function countShown(asked, figures) {
  const count = (lists) => lists.reduce((sum, list) => sum + list.length, 0);
  const shown = figures.filter(({ hidden }) => !hidden).length;
  const found = count(asked.map(({ wanted }) => wanted));
  const isNothing = (asked.length > 0 || figures.length > 0) && found + shown === 0;
  document.getElementById("nothing").textContent = isNothing ? `Nothing here matches “${filter.text || filter.trend}”.` : "";
  const place = document.getElementById("found");
  if (!place) return;
  const rows = asked.length ? `${found} of ${count(asked.map(({ rows }) => rows))} rows` : "";
  place.textContent = [rows, figures.length ? `${shown} of ${figures.length} curves and pictures` : ""].filter(Boolean).join(", ");
}

/** What the first line of the report counts, and apart from that what it does not. */
function tellCounts({ told, more }) {
  return [told, more].filter(Boolean).join(" + ");
}

/** A button for each trend that there is, in the order of the report. */
function offerTrends(place) {
  const found = new Map();
  for (const table of tables) {
    for (const row of table.rows) {
      const trend = row.dataset.trend;
      if (!trend) continue;
      const counts = found.get(trend) ?? { told: 0, more: 0 };
      counts[row.hasAttribute("data-more") ? "more" : "told"] += 1;
      found.set(trend, counts);
    }
  }
  place.hidden = false;
  if (found.size < 2) return;
  const buttons = Array.from(found, ([trend, counts]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${trend} ${tellCounts(counts)}`;
    if (counts.told && counts.more) button.title = `${counts.told} of the first line, ${counts.more} more below`;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      filter.trend = filter.trend === trend ? "" : trend;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button && filter.trend !== ""));
      applyFilter();
    });
    return button;
  });
  place.prepend(...buttons);
}

function offerFilter(field) {
  let waits = 0;
  field.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(() => {
      filter.text = field.value.trim().toLowerCase();
      applyFilter();
    }, 80);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !field.value) field.blur();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });
  field.closest("search").hidden = false;
}

tables.push(...Array.from(document.querySelectorAll("table[data-sorted]"), takeTable));
document.querySelectorAll("#filter").forEach(offerFilter);
document.querySelectorAll(".chips").forEach(offerTrends);
function makeRoom(room) {
  for (const table of tables) {
    table.room = room;
    showRows(table);
  }
}

addEventListener("beforeprint", () => makeRoom(Infinity));
addEventListener("afterprint", () => makeRoom(ROWS_AT_ONCE));
