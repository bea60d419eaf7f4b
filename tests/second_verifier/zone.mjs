// A statement's calendar against the time zone as this machine knows it (FORMAT.md section 7, Calendar).

import { TAIL_DAYS, zoneOffsets } from './calendar.mjs';
import { Undecided, demand } from './faults.mjs';

/** Days 0..D must be the zone's; a later day may differ if its offset is one that the zone had on days 0..D. */
export function compareZone({ timezone, calendar }) {
  const { firstDay, days, dayOffsets } = calendar;
  const offsets = zoneOffsets(timezone, firstDay, days + TAIL_DAYS + 1);
  if (offsets === null) return { known: false, strange: false };
  for (let day = 0; day <= days; day += 1) demand(dayOffsets[day] === offsets[day], 'statement/calendar', `day ${day} of ${timezone}`);
  const had = new Set(offsets.slice(0, days + 1));
  const strange = dayOffsets.some((offset, day) => day > days && offset !== offsets[day] && !had.has(offset));
  return { known: true, strange };
}

export function checkZone(statement) {
  const { known, strange } = compareZone(statement);
  if (!known) throw new Undecided('statement/unknown-zone');
  if (strange) throw new Undecided('statement/unknown-zone', 'a later day has an offset that the zone never had');
}
