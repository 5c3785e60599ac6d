// Numbers as the report writes them, and the numbers of curves as they lie in the page.
"use strict";

const MINUS = "\u2212", THIN = "\u202f", MISSING = "–";

/** A number alone: four significant digits, or all of a whole number. */
function formatNumber(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return value === undefined ? MISSING : "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (!isPlain(value)) return writeScaled(value, 3);
  if (Number.isInteger(value)) return writePlain(value, 0);
  return writePlain(value, Math.max(0, 3 - magnitude(value))).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** Both sides with as many places as show two digits of their difference, and the difference. */
function formatPair(base, head) {
  const change = head - base;
  if (!Number.isFinite(change) || change === 0) {
    return { base: formatNumber(base), head: formatNumber(head), change: change === 0 ? "0" : MISSING };
  }
  const largest = Math.max(Math.abs(base), Math.abs(head));
  // Seven digits are what the page holds of a number.
  const places = Math.min(1 - magnitude(change), 6 - magnitude(largest));
  const write = (value) => isPlain(largest)
    ? writePlain(value, Math.min(Math.max(places, 0), 20))
    : writeScaled(value, Math.min(Math.max(places + magnitude(value), 1), 7));
  const sign = change > 0 ? "+" : "";
  return { base: write(base), head: write(head), change: sign + (isPlain(change) ? write(change) : writeScaled(change, 1)) };
}

/** The numbers of an axis, with the places that tell neighbours apart. */
function formatTicks(values, step) {
  const largest = Math.max(...values.map((value) => Math.abs(value ?? 0)), 0);
  if (largest && (largest < 1e-4 || largest >= 1e9)) {
    return values.map((value) => (value === null ? "" : value === 0 ? "0" : writeScaled(value, countDigits(value))));
  }
  const places = step ? Math.min(Math.max(0, -magnitude(step) + (isRound(step) ? 0 : 1)), 20) : 0;
  return values.map((value) => (value === null ? "" : writePlain(value, places)));
}

/** A number of a logarithmic axis: as short as it can be. */
function formatDecade(value) {
  return isPlain(value) && value < 1e9 ? formatNumber(value) : writeScaled(value, 0);
}

/** Digits behind the point of a number of an axis that is written with an exponent. */
function countDigits(value) {
  return (value.toExponential().split("e")[0].split(".")[1] ?? "").length;
}

function isRound(step) {
  const first = step / 10 ** magnitude(step);
  return Math.abs(first - Math.round(first)) < 1e-6;
}

function magnitude(value) {
  return value ? Math.floor(Math.log10(Math.abs(value)) + 1e-12) : 0;
}

function isPlain(value) {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-4 && size < 1e15);
}

function writePlain(value, places) {
  const [whole, part] = Math.abs(value).toFixed(places).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
  const text = part ? `${grouped}.${part}` : grouped;
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

function writeScaled(value, places) {
  const [digits, exponent] = Math.abs(value).toExponential(places).split("e");
  const power = exponent.slice(1).padStart(2, "0");
  return `${value < 0 ? MINUS : ""}${digits}e${exponent[0]}${power}`;
}

/** Numbers out of what the page holds: steps of one distance, or bytes of floats. */
function unpackNumbers(packed) {
  if (Array.isArray(packed)) return packed;
  if ("count" in packed) return Array.from({ length: packed.count }, (_, at) => packed.start + at * packed.step);
  const bytes = Uint8Array.from(atob(packed.f32 ?? packed.f64), (letter) => letter.charCodeAt(0));
  const numbers = packed.f32 === undefined ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
  return Array.from(numbers);
}

/** What is no number becomes null: a gap. */
function unpackGaps(packed) {
  return unpackNumbers(packed).map((value) => (Number.isFinite(value) ? value : null));
}

/** The place of the number nearest to another one, of numbers that rise. */
function findNearest(numbers, value) {
  let low = 0;
  let high = numbers.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < value) low = middle;
    else high = middle;
  }
  return Math.abs(numbers[high] - value) < Math.abs(value - numbers[low]) ? high : low;
}

/** One number for each block of so many neighbours; what is left over at the end would be noise. Gaps are left out. */
function takeBlocks(numbers, size, count, middleOf) {
  return Array.from({ length: count }, (_, at) =>
    middleOf(numbers.slice(at * size, (at + 1) * size).filter((value) => value !== null)));
}

function meanOf(values) {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

function medianOf(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length ? (sorted[middle] + sorted[sorted.length - 1 - middle]) / 2 : null;
}
