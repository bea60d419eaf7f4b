// A link as its circuit's public data (FORMAT.md section 12): scalars, lists and the calendar's columns, each under a
// name, and put where the description has that name.

import { END_OF_TIME, limbs, longDay } from './calendar.mjs';
import { demand } from './faults.mjs';
import { fromHex } from './bytes.mjs';
import { figureRecords } from './figures.mjs';
import { DAY_ZERO, LAST_COVERED } from './link.mjs';
import { METHODS, rootWords } from './values.mjs';

/** The root over nothing. */
const EMPTY = fromHex('b8e3531849650b73fff7d42a22213628d24ef56ef7760159d7f1ed2a63f31a5a0d5bcc65');
const PHASES = { history: 0, year: 1, before: 2, behind: 3 };

/** `name` and a number from 0 on, each with its value. */
const numbered = (name, values) => values.map((value, i) => [`${name}${i}`, value]);

function scalars(link) {
  const carried = link.carriedIn ?? { lots: EMPTY, sums: EMPTY };
  return new Map([
    ...METHODS.map((method) => [method, method === link.method ? 1 : 0]),
    ['wallet', link.pooling === 'wallet' ? 1 : 0],
    ['same_year', link.sameYear ? 1 : 0],
    ['covered', link.covered ?? LAST_COVERED + 1],
    ...numbered('end', limbs(Number(link.to))),
    ...numbered('lots_in', rootWords(carried.lots)),
    ...numbered('sums_in', rootWords(carried.sums)),
    ...numbered('lots_out', rootWords(link.lots)),
    ...numbered('sums_out', rootWords(link.sums)),
  ]);
}

/** A record a page; the last two are the first and the last of the calendar's rows in its period. */
function pageRecords({ accounts, pages, early, late }, rows) {
  const bit = (places, i) => (places.includes(i) ? 1 : 0);
  const rowAt = new Map(rows.map(([start], row) => [start, row]).reverse()); // of rows that start at once the first
  return pages.map(({ account, header }, i) => {
    const [first, behind] = [header.from, header.to].map((edge) => rowAt.get(Number(edge)));
    return [...rootWords(header.root), ...accounts[account].code, bit(early, i), bit(late, i), first, behind - 1];
  });
}

/**
 * Rows [start, long from, phase, day] of the calendar, in milliseconds; cut where the window or the period of a page has
 * an edge.
 */
function calendarRows(link) {
  const { firstDay, days, january, starts } = link.calendar;
  const [from, to] = [Number(link.from), Number(link.to)];
  const start = (day) => starts[day] * 1000;
  const begins = link.year === null ? Infinity : start(january - firstDay);
  const phase = (at) => {
    if (at < from) return PHASES.before;
    if (at >= to) return PHASES.behind;
    return at >= begins ? PHASES.year : PHASES.history;
  };
  const whole = start(0) === 0 ? [] : [[0, 0, 0]];
  for (let day = 0; day < days; day += 1) whole.push([start(day), start(longDay(firstDay, day)), firstDay + day - DAY_ZERO]);
  whole.push([start(days), 0, 0], [END_OF_TIME, 0, 0]);
  const periods = link.pages.flatMap(({ header }) => [Number(header.from), Number(header.to)]);
  const edges = [...new Set([from, to, ...periods])].sort((a, b) => a - b);
  const rows = [];
  let next = 0;
  for (const [i, [begins, long, day]] of whole.slice(0, -1).entries()) {
    rows.push([begins, long, phase(begins), day]);
    for (; edges[next] < whole[i + 1][0]; next += 1) {
      if (edges[next] > begins) rows.push([edges[next], long, phase(edges[next]), day]);
    }
  }
  rows.push([END_OF_TIME, 0, 0, 0]);
  return rows;
}

function calendarColumns(calendar) {
  const rows = calendar.map(([start, long, phase, day], i) => [...limbs(start), ...limbs(long), phase, day, i]);
  const names = ['start0', 'start1', 'start2', 'long0', 'long1', 'long2', 'phase', 'day', 'interval'];
  return new Map(names.map((name, i) => [name, rows.map((row) => row[i])]));
}

/** What `verifyProof` takes of a link. A circuit that asks for another name is not one of its statements. */
export function linkInputs(link, circuit, context) {
  const rows = calendarRows(link);
  const lists = new Map([['pages', pageRecords(link, rows)], ['figures', figureRecords(link.figures, link.accounts)]]);
  const [values, calendar] = [scalars(link), calendarColumns(rows)];
  const named = (found, name) => {
    demand(found.has(name), 'public/shape', name);
    return found.get(name);
  };
  return {
    publics: circuit.publics.map((name) => named(values, name)),
    lists: circuit.lists.map(({ name }) => named(lists, name)),
    columns: circuit.tables.map((table) => table.public_columns.map((name) => named(calendar, name))),
    context,
  };
}
