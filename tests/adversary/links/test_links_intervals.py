"""A page's first and last interval, of random statements: its period to the millisecond, to both verifiers.

Calendars of any offsets that a calendar may have, days that begin at one instant with them; windows that cut days and
pages; pages of a millisecond, at 0, at the end of time; pages that go on from one link into the next.
"""

import json
import shutil
import subprocess
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.support.links import root
from zkharvest.spec import TIME_LIMIT
from zkharvest.verifier import circuits, wire
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import calendar_rows, public_data
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.rejections import Reject

DESCRIPTION = circuits.load(next(one for one in circuits.PINNED if one.id == "lot-machine/v2"))
WEB, DAY = Path(__file__).resolve().parents[3] / "web", 86_400
SCRIPT = """
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
const [jobs, web] = process.argv.slice(-2);
const { decode } = await import(`${web}/msgpack.mjs`);
const { readLink } = await import(`${web}/link.mjs`);
const { linkInputs } = await import(`${web}/link_public.mjs`);
const { loadCircuit } = await import(`${web}/description.mjs`);
const { circuitFile } = await import(`${web}/node.mjs`);
const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
console.log(JSON.stringify(JSON.parse(readFileSync(jobs, 'utf8')).map((one) => {
  try {
    const { value } = decode(new Uint8Array(Buffer.from(one, 'hex')));
    const { publics, lists, columns } = linkInputs(readLink(value), circuit, null);
    return createHash('sha256').update(JSON.stringify([publics, lists, columns])).digest('hex');
  } catch (error) {
    return error.reason ?? String(error);
  }
})));
"""


def calendar(rng):
    """A year's calendar with a few offsets, and when each of its days begins (ms), the day behind the last too."""
    year = rng.choice((2000, 2011, 2024, 2088))
    first = date(year, 1, 1) - timedelta(rng.choice((0, 1, 40)) * (year > 2000))
    days = (date(year + 1, 1, 1) - first).days
    runs = [[0, rng.choice((0, -36_000, 50_400, -DAY, 1 - DAY))]]
    for place in sorted(rng.sample(range(1, days), rng.randrange(5))):
        before = runs[-1][1]  # a day more, and two days begin at once
        later = rng.choice((before + DAY, before + 3_600, before - 3_600, rng.randrange(-DAY, DAY)))
        if abs(later) <= DAY and later <= before + DAY and later != before:
            runs.append([place, later])
    offsets = [next(offset for place, offset in reversed(runs) if place <= day) for day in range(days + 1)]
    begins = [((first - date(1970, 1, 1)).days + day) * DAY * 1000 - 1000 * one for day, one in enumerate(offsets)]
    return year, {"first_day": first.isoformat(), "days": days, "offsets": runs}, begins


def headers(rng, name, edges):
    """Pages of an account between these edges; the last one may close it."""
    made, final = [], rng.random() < 0.3
    for number, (start, end) in enumerate(pairwise(edges)):
        last, prev = final and number == len(edges) - 2, made[-1].page_id if made else None
        made.append(PageHeader("kraken", name, number, start, end, "USD", root(name, number), last, None, prev))
    return made


def statements(rng):
    """The links of a year that is cut: pages that are open where the first ends stand in the second again."""
    year, days, begins = calendar(rng)
    january = begins[(date(year, 1, 1) - date.fromisoformat(days["first_day"])).days]
    near = [begins[place] + off for place, _ in days["offsets"] for off in (-1, 0, 1)]
    near += [january, *(rng.randrange(begins[0], begins[-1]) for _ in range(6)), begins[-1] - 1, begins[-1] + 1]
    start = rng.choice([one for one in near if begins[0] <= one < begins[-1] - 2])
    cuts = sorted({one for one in rng.sample(near, 2) if max(start, january) < one < begins[-1]})
    pages = []
    for name in [f"K-{n}" for n in range(rng.randrange(1, 5))]:
        opens, stop = rng.choice((start, start + 1)), rng.choice((begins[-1], begins[-1] + 1, TIME_LIMIT - 1))
        edges = {one + off for one in rng.sample(near, rng.randrange(6)) for off in (0, rng.choice((0, 1)))}
        pages += headers(rng, name, sorted({opens, stop, *(one for one in edges if opens < one < stop)}))
    carried = None
    for begin, end in pairwise([start, *cuts, begins[-1]]):
        listed = [one for one in pages if one.start < end and one.end > begin]
        known = [one["account"] for one in carried["accounts"]] if carried else []
        names = sorted({*known, *(one.account for one in listed)})
        statement = {
            "v": 2, "circuit": {"id": "lot-machine/v2", "digest": bytes(32)}, "holding": "us-1222", "year": year,
            "window": {"from": begin, "to": end}, "timezone": "UTC", "currency": "USD", "method": "fifo",
            "pooling": "wallet", "covered": None, "calendar": days,
            "accounts": [{"source": "kraken", "account": one} for one in names],
            "pages": [{"account": names.index(one.account), "header": one.encode()} for one in listed],
            "carried_in": carried, "carried_out": {"lots": root("lots"), "sums": root("sums")}, "figures": [],
            "context": {"audience": "", "nonce": b"", "link": 0, "links": 1},
        }  # fmt: skip
        yield statement, begins
        try:
            carried = read_link(statement).closing.to_map()
        except Reject:
            return


def shown(statement):
    """The link and what its circuit is shown, and a digest of that; the reason instead if it is not taken."""
    try:
        link = read_link(statement)
    except Reject as reject:
        return None, reject.reason.value
    data = public_data(link, DESCRIPTION, b"")
    columns = [
        [data.columns[t, i] for i in range(len(table.public_columns))] for t, table in enumerate(DESCRIPTION.tables)
    ]
    text = json.dumps([data.publics, data.lists, columns], separators=(",", ":"))
    return (link, data.lists[0]), sha256(text.encode()).hexdigest()


def check_periods(link, listed, begins, rng):
    """At every edge, right before it and right behind: an instant is in a page if its interval is, and in one row."""
    statement = link.statement
    rows = list(calendar_rows(statement))
    edges = [edge for page in statement.pages for edge in (page.header.start, page.header.end)]
    edges += [statement.start, statement.end, *rng.sample(begins, 5)]
    first = (statement.calendar.first_day - date(1999, 12, 31)).days
    for instant in sorted({0, TIME_LIMIT - 1, *(edge + off for edge in edges for off in (-1, 0, 1))}):
        held = [n for n, (one, two) in enumerate(pairwise(rows)) if one[0] <= instant < two[0]]
        if not 0 <= instant < TIME_LIMIT:
            continue
        (interval,) = held
        for page, record in zip(statement.pages, listed, strict=True):
            assert (page.header.start <= instant < page.header.end) == (record[-2] <= interval <= record[-1])
        days = [first + n for n, (one, two) in enumerate(pairwise(begins)) if one <= instant < two]
        assert [rows[interval][3]] == (days or [0])
        worked = statement.start <= instant < statement.end
        assert (rows[interval][2] < 2) == worked


def test_an_instant_is_in_a_page_if_its_interval_is(tmp_path):
    rng, told, jobs = Random(11), [], []
    while len(jobs) < 150:
        for statement, begins in statements(rng):
            found, word = shown(statement)
            if found is not None:
                check_periods(*found, begins, rng)
            told.append((found is not None, word))
            jobs.append(wire.encode(statement).hex())
    taken = sum(one for one, _ in told)
    assert taken > 100, [word for one, word in told if not one]
    if not shutil.which("node"):
        return
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    command = ["node", "--input-type=module", "-e", SCRIPT, "--", tmp_path / "jobs.json", WEB]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [word for _, word in told]
