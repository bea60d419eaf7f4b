"""Packages with the lot machine's public interface and next to no circuit behind it: for tests of everything around.

The circuit has the same scalars, list and calendar table; its one constraint says that column `mix` is the sum of the
public calendar columns.
"""

import json
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np

from zkharvest.verifier.circuits import Pinned
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.package import Package, encode_package
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.statement import EMPTY_ROOT, METHODS, TOTALS, public_data, read_statement

CALENDAR = ("start0", "start1", "start2", "long0", "long1", "long2", "phase")
SOURCE_FIELDS = [*(f"root_{i}" for i in range(9)), *(f"code_{i}" for i in range(3))]
DOCUMENT = {
    "lang": 1,
    "name": "stub",
    "version": 1,
    "degree": 3,
    "log_rows": [13, 20],
    "publics": [
        *METHODS,
        "wallet",
        "proceeds_negative",
        "year",
        "currency",
        *(f"{total}_{i}" for total in TOTALS for i in range(12)),
        *(f"{kind}_root_{i}" for kind in ("opening", "closing") for i in range(9)),
    ],
    "lists": [{"name": "sources", "fields": SOURCE_FIELDS, "max": 4096}],
    "buses": [],
    "tallies": 0,
    "tables": [
        {
            "name": "calendar",
            "columns": ["mix"],
            "public_columns": list(CALENDAR),
            "nodes": [
                ["col", 0, 0],
                *(["pub", i, 0] for i in range(7)),
                ["lin", 0, [[1, 0], *([2**31 - 2**24, i + 1] for i in range(7))]],
            ],
            "constraints": [{"name": "mix", "where": "all", "node": 8}],
            "interactions": [],
            "tally": [],
            "groups": [],
        }
    ],
    "public_messages": [],
}
DATA = json.dumps(DOCUMENT).encode()
DIGEST = sha256(DATA).digest()
DESCRIPTION = read_description(DATA)
PINNED = Pinned("stub/v1", DIGEST.hex())


def root(seed):
    """36 bytes that can be a commitment."""
    return b"".join((seed * 1000 + i).to_bytes(4, "little") for i in range(9))


@lru_cache
def calendar(zone="America/New_York", first_day="2022-01-01", year=2024):
    """The statement's calendar, from the zone's offsets at midnight (no zone here springs over one)."""
    first = date.fromisoformat(first_day)
    days = (date(year + 1, 1, 1) - first).days
    runs = []
    for d in range(days + 368):
        day = first + timedelta(days=d)
        offset = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).utcoffset()
        seconds = int(offset.total_seconds())
        if not runs or runs[-1][1] != seconds:
            runs.append([d, seconds])
    return {"days": days, "first_day": first_day, "offsets": runs}


def statement(**changes):
    """A statement as the map that packages hold."""
    zone, year = changes.get("timezone", "America/New_York"), changes.get("year", 2024)
    first = (
        year - 2 if changes.get("carried_in", EMPTY_ROOT) == EMPTY_ROOT else year
    )  # lots are carried in on January 1
    return {
        "calendar": changes.get("calendar") or calendar(zone, f"{first}-01-01", year),
        "circuit": {"digest": DIGEST, "id": "stub/v1"},
        "carried_in": EMPTY_ROOT,
        "carried_out": root(2),
        "context": {"audience": "", "nonce": b""},
        "currency": "USD",
        "holding": "us-1222",
        "method": "hifo",
        "pooling": "wallet",
        "scales": [18, 8],
        "sources": [{"id": "0xab:ethereum", "root": root(5)}, {"id": "kraken:main", "root": root(4)}],
        "timezone": zone,
        "totals": {
            "long_gain": "0",
            "long_loss": "123456789012",
            "proceeds": "-5",
            "short_gain": "250",
            "short_loss": "1234500000000",
        },
        "v": 1,
        "wash_sale": False,
        "year": year,
        **changes,
    }


def prove(claimed, preset="test", log_rows=13):
    """A package for a statement, with a proof that the stub circuit accepts."""
    from zkharvest.prover.stark import prove_circuit

    package = Package(claimed, preset, (log_rows,), b"")
    public = public_data(read_statement(claimed), DESCRIPTION, package.statement_digest)
    mix = np.zeros((1 << log_rows, 1), np.uint32)
    for column in public.columns.values():
        mix[: len(column), 0] += np.array(column, np.uint32)
    proof = prove_circuit(DESCRIPTION, DIGEST, PRESETS[preset].params, public, [mix])
    return Package(claimed, preset, (log_rows,), proof)


def package_bytes(claimed, **more):
    """The file."""
    return encode_package(prove(claimed, **more))
