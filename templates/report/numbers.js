// Numbers as the report writes them, and the numbers of curves as they lie in the page.
"use strict";

const MINUS = "\u2212", THIN = "\u202f", MISSING = "–";
const LARGEST = 1e150;
/** As in `charts.py`. */

/** A number alone: four significant digits, or all of a whole number; as `format_number` in `filters.py`. */
function formatNumber(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return value === undefined ? MISSING : "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const held = tidy(value);
  return writeTo(held, Math.max(stepOf(held, 4), ownPlace(held)), isPlain(held));
}

/** Both sides with as many places as show two digits of their difference, and the difference; as `format_pair`. */
function formatPair(base, head) {
  const [low, high] = [tidy(base), tidy(head)];
  const change = Number((high - low).toPrecision(12));
  if (!Number.isFinite(change) || change === 0) {
    return { base: formatNumber(base), head: formatNumber(head), change: tellLeap(low, high) };
  }
  const place = commonPlace(low, high, change);
  const plain = isPlain(Math.max(Math.abs(low), Math.abs(high)));
  const sign = change > 0 ? "+" : "";
  return {
    base: writeSide(low, place, plain), head: writeSide(high, place, plain), change: sign + writeTo(change, place, isPlain(change)),
  };
}

/** The change where there is none to calculate. */
function tellLeap(low, high) {
  if (Number.isNaN(low) || Number.isNaN(high) || low === high) return Number.isFinite(low) && low === high ? "0" : MISSING;
  return high > low ? "+∞" : `${MINUS}∞`;
}

/** A number without the noise of how it was held: seven digits of a float of four bytes, fifteen of one of eight. */
function tidy(value) {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value;
  return Number(value.toPrecision(Math.fround(value) === value ? 7 : 15));
}

/** The power of ten of the last digit that a number has; zero has none to lose. */
function ownPlace(value) {
  if (!value) return Infinity;
  const [digits, exponent] = value.toExponential().split("e");
  return Number(exponent) - (digits.split(".")[1] ?? "").length;
}

/** The power of ten of the last of so many significant digits, counted after rounding to them. */
function stepOf(value, digits) {
  return magnitude(Number(value.toExponential(digits - 1))) - digits + 1;
}

/** The power of ten of the last digit that both sides of a pair show: two of the change, and of sides not far from it. */
function commonPlace(low, high, change) {
  const isOne = [change, Number(change.toExponential(1))].some((one) => /^-?1/.test(one.toExponential()));
  const place = magnitude(change) - (isOne ? 2 : 1);
  const sides = [low, high].filter((side) => side && magnitude(side) >= place - 2).map((side) => magnitude(side) - 1);
  return Math.max(Math.min(place, ...sides), Math.min(ownPlace(low), ownPlace(high)));
}

/** One side of a pair: on its own scale where it would round to zero. */
function writeSide(value, place, plain) {
  const isZero = Math.abs(value) < 10 ** (plain ? Math.min(place, 0) : place) / 2;
  return isZero && (value || !plain) ? formatNumber(value) : writeTo(value, place, plain);
}

/** A number down to a power of ten; a plain one keeps all before the point. */
function writeTo(value, place, plain) {
  if (!value) return writePlain(0, plain ? Math.min(Math.max(-place, 0), 20) : 0);
  if (plain) return writePlain(value, Math.min(Math.max(-place, 0), 20));
  const rounded = Number(value.toExponential(Math.min(Math.max(magnitude(value) - place, 0), 15)));
  return writeScaled(value, Math.min(Math.max(magnitude(rounded) - place, 0), 15));
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

/** What no axis can hold becomes null: a gap. */
function leaveGaps(numbers) {
  return numbers.map((value) => (Math.abs(value) < LARGEST ? value : null));
}

function unpackGaps(packed) {
  return leaveGaps(unpackNumbers(packed));
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

/** A line at the step nearest to x, and which one that is where it is another. */
function readLine(line, x) {
  const at = findNearest(line.raw.x, x);
  return { value: line.raw.y[at], where: line.raw.x[at] === x ? "" : ` (at ${formatNumber(line.raw.x[at])})` };
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
