// Local days: the statement's calendar (FORMAT.md section 7), and what the time zone data of
// this machine say about it (through Intl, which has the IANA data of its ICU).

import { demand } from './faults.mjs';
import { ZONE_NAMES } from './zones.mjs';

const DAY_SECONDS = 86400;
const TAIL_DAYS = 367;
const LIMB_BITS = 15;
export const END_OF_TIME = 2 ** 45 - 1;

/** Days since 1970-01-01 of a date, months from 1. */
export function dayNumber(year, month, day) {
  return Date.UTC(year, month - 1, day) / 86400000;
}

/** `YYYY-MM-DD` to days since 1970-01-01; null if it is no date. */
export function parseDate(text) {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (parts === null || parts[1] === '0000') return null;
  const date = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text) return null;
  return date.getTime() / 86400000;
}

/** Offsets of days 0..count-1 from runs [[day, seconds], ...] that begin with day 0 and increase. */
function expandRuns(runs, count) {
  const offsets = new Array(count);
  let run = 0;
  for (let day = 0; day < count; day += 1) {
    if (run + 1 < runs.length && runs[run + 1][0] <= day) run += 1;
    offsets[day] = runs[run][1];
  }
  return offsets;
}

/**
 * Checks a calendar that has the right types: {firstDay (days since 1970), days, offsets}, integers below 2^53.
 * Returns it with `starts` (Unix seconds of days 0..D+367) and `dayOffsets`.
 */
export function checkCalendar({ firstDay, days, offsets }, year) {
  const fault = 'statement/calendar';
  const january = dayNumber(year, 1, 1);
  demand(firstDay > 0 && firstDay <= january, fault, 'first_day');
  demand(days === dayNumber(year + 1, 1, 1) - firstDay, fault, 'days');
  demand(offsets.length > 0 && offsets[0][0] === 0, fault, 'runs begin with day 0');
  offsets.forEach(([day, seconds], i) => {
    demand(day <= days + TAIL_DAYS, fault, 'a run beyond the end');
    demand(Math.abs(seconds) <= DAY_SECONDS, fault, 'an offset of more than a day');
    if (i > 0) demand(day > offsets[i - 1][0] && seconds !== offsets[i - 1][1], fault, 'runs');
  });
  const dayOffsets = expandRuns(offsets, days + TAIL_DAYS + 1);
  const starts = dayOffsets.map((offset, day) => (firstDay + day) * DAY_SECONDS - offset);
  starts.forEach((start, day) => demand(start >= (day === 0 ? 0 : starts[day - 1]), fault, 'days that go backwards'));
  demand(starts.at(-1) * 1000 < END_OF_TIME, fault, 'days behind the end of time');
  return { firstDay, days, january, starts, dayOffsets };
}

/** Index of the day on which a lot acquired on day d becomes long term. */
export function longDay(firstDay, day) {
  const follow = new Date((firstDay + day + 1) * 86400000);
  const [year, month, date] = [follow.getUTCFullYear() + 1, follow.getUTCMonth() + 1, follow.getUTCDate()];
  const leap = month === 2 && date === 29;
  return (leap ? dayNumber(year, 3, 1) : dayNumber(year, month, date)) - firstDay;
}

/** An instant's limbs of 15 bits, lowest first. */
export function limbs(milliseconds) {
  return [0, 1, 2].map((i) => Math.floor(milliseconds / 2 ** (LIMB_BITS * i)) % 2 ** LIMB_BITS);
}

// --- the zone as this machine knows it --------------------------------------------------------------------------

const formats = new Map();
const known = new Map();

/** A zone's formatter; null if there is none of exactly this name. */
function format(zone) {
  if (!formats.has(zone)) {
    let one = null;
    if (ZONE_NAMES.has(zone)) try {
      one = new Intl.DateTimeFormat('en-US', {
        timeZone: zone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23',
        year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
      });
    } catch {
      one = null; // a RangeError: this engine does not have the zone
    }
    formats.set(zone, one);
  }
  return formats.get(zone);
}

/** Local time less Unix time, in seconds, at a Unix time in seconds. */
function zoneOffset(one, instant) {
  const parts = {};
  for (const { type, value } of one.formatToParts(instant * 1000)) parts[type] = Number(value);
  const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) / 1000;
  return local - instant;
}

const STEP = DAY_SECONDS / 2;

/** Pieces [from, offset] of constant offset from the first instant to the last. */
function pieces(one, first, last) {
  let offset = zoneOffset(one, first);
  const all = [[first, offset]];
  for (let at = first; at < last; at += STEP) {
    const after = zoneOffset(one, at + STEP);
    if (after === offset) continue;
    let [low, high] = [at, at + STEP];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (zoneOffset(one, middle) === offset) low = middle;
      else high = middle;
    }
    all.push([high, after]);
    offset = after;
  }
  return all;
}

/**
 * Offsets of `count` days from firstDay on in a zone, null if it is unknown here. A day begins at the first instant
 * whose local time is at or past its midnight; its offset is midnight less that instant.
 */
export function zoneOffsets(zone, firstDay, count) {
  const name = `${zone} ${firstDay} ${count}`;
  if (!known.has(name)) {
    if (known.size > 64) known.clear();
    const one = format(zone);
    known.set(name, one === null ? null : computeOffsets(one, firstDay, count));
  }
  return known.get(name);
}

function computeOffsets(one, firstDay, count) {
  const all = pieces(one, (firstDay - 3) * DAY_SECONDS, (firstDay + count + 3) * DAY_SECONDS);
  const out = new Array(count);
  let from = 0;
  for (let day = 0; day < count; day += 1) {
    const midnight = (firstDay + day) * DAY_SECONDS;
    // Pieces that end two days before this midnight cannot hold its start, nor that of a later one.
    while (from + 1 < all.length && all[from + 1][0] < midnight - 2 * DAY_SECONDS) from += 1;
    for (let i = from; i < all.length; i += 1) {
      const end = i + 1 < all.length ? all[i + 1][0] : Infinity;
      const start = Math.max(all[i][0], midnight - all[i][1]);
      if (start < end) {
        out[day] = midnight - start;
        break;
      }
    }
  }
  return out;
}

/**
 * The calendar against the zone, once the proof holds: days 0..D must be the zone's. Returns whether the zone is known, and
 * whether it is strange: a later day differs, and its offset is none that the zone had on days 0..D, or the day is one up to
 * `until` (days since 1970), which a later link of the chain lists.
 */
export function checkZone({ timezone, calendar }, until) {
  const { firstDay, days, dayOffsets } = calendar;
  const offsets = zoneOffsets(timezone, firstDay, days + TAIL_DAYS + 1);
  if (offsets === null) return { known: false, strange: false };
  for (let day = 0; day <= days; day += 1) demand(dayOffsets[day] === offsets[day], 'statement/calendar', `day ${day} of ${timezone}`);
  const had = new Set(offsets.slice(0, days + 1));
  const strange = dayOffsets.some((offset, day) => day > days && offset !== offsets[day] && (!had.has(offset) || firstDay + day <= until));
  return { known: true, strange };
}

/** Whether a later day differs at all: a reform that came after the package, or a lie. What is long term may rest on it. */
export function hasOtherDays({ timezone, calendar: { firstDay, days, dayOffsets } }) {
  const offsets = zoneOffsets(timezone, firstDay, days + TAIL_DAYS + 1);
  return offsets !== null && dayOffsets.some((offset, day) => day > days && offset !== offsets[day]);
}
