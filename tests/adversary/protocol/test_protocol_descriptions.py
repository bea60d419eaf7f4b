"""Circuit files made by hand and at random: both verifiers read them, or both refuse them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.fuzz import circuit_files
from tests.support import keyed_sums as sums
from zkharvest.verifier.description_reader import DescriptionError, read_description

ROOT = Path(__file__).parents[3]
PLAIN = json.dumps(sums.description())
SCRIPT = """
import { readFileSync } from 'node:fs';
import { readDescription } from './description.mjs';
const said = JSON.parse(readFileSync(0, 'utf8')).map((file) => {
  try {
    readDescription(Buffer.from(file, 'base64'));
    return 'read';
  } catch (error) {
    return /^circuit description/.test(error.message) ? 'refused' : error.stack;
  }
});
console.log(JSON.stringify(said));
"""


def text(old: str, new: str) -> bytes:
    assert old in PLAIN
    return PLAIN.replace(old, new, 1).encode()


def changed(**keys: Any) -> bytes:
    return json.dumps({**json.loads(PLAIN), **keys}, separators=(",", ":")).encode()


def act(**keys: Any) -> bytes:
    """The first interaction changed."""
    document = json.loads(PLAIN)
    document["tables"][0]["interactions"][0].update(keys)
    return json.dumps(document, separators=(",", ":")).encode()


def more_acts(count: int) -> bytes:
    document = json.loads(PLAIN)
    table = document["tables"][0]
    for _ in range(count):
        table["groups"].append([len(table["interactions"])])
        table["interactions"].append(table["interactions"][0])
    return json.dumps(document).encode()


def more_terms(count: int) -> bytes:
    document = json.loads(PLAIN)
    table = document["tables"][0]
    table["nodes"].append(["lin", 0, [[1, 0]] * count])
    table["constraints"].append({"name": "long", "where": "all", "node": len(table["nodes"]) - 1})
    return json.dumps(document, separators=(",", ":")).encode()


def named(names: list[Any]) -> bytes:
    document = json.loads(PLAIN)
    table = document["tables"][0]
    table["constraints"] = [{**table["constraints"][0], "name": name} for name in names]
    return json.dumps(document).encode()


WEIGHTS = sums.description()["tables"][0]["interactions"][0]["weights"]
READ = {
    "as it is": PLAIN.encode(),
    "minus zero": text('"weights": [[0,', '"weights": [[-0,'),
    "999 slots": changed(tallies=999),
    "a name of 200 characters": changed(name="\U0001f600" * 200),
    "colons, digits and quotes in a name": changed(name='a": 1.5, \\'),
    "two weights of one slot": act(weights=[*WEIGHTS, WEIGHTS[0]]),
    "very many weights": act(weights=[*WEIGHTS, *[[0, 0]] * 130_000]),
    "very many terms": more_terms(130_000),
}
REFUSED = {
    "a key twice": text('"lang": 2', '"lang": 1, "lang": 2'),
    "weights twice": text('"weights": [[', '"weights": [], "weights": [['),
    "weights twice, once in other letters": text('"weights": [[', '"weights": [], "\\u0077eights": [['),
    "a fraction that is whole": text('"lang": 2', '"lang": 2.0'),
    "an exponent": text('"lang": 2', '"lang": 2e0'),
    "a fraction that a double does not hold": text('"lang": 2', '"lang": 2.00000000000000000001'),
    "not a number": text('"lang": 2', '"lang": NaN'),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "bytes that are no text": text("keyed-sums", "keyed\x7fsums").replace(b"\x7f", b"\xc0\x80"),
    "something behind it": PLAIN.encode() + b"\0",
    "4 MiB": PLAIN.encode() + b" " * (1 << 22),
    "lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "weights in the first language": changed(lang=1),
    "weights that are null": act(weights=None),
    "a slot that is not declared": act(weights=[[3, 0]]),
    "a slot that is a truth": act(weights=[[True, 0]]),
    "1,000 slots": changed(tallies=1000),
    "a name of 201 characters": changed(name="a" * 201),
    "no name": changed(name=""),
    "no table": changed(tables=[]),
    "constraints of one name": named(["a", "a"]),
    "a constraint's name that is a number": named([1]),
    "a bus of 1,000 elements": changed(buses=[*sums.description()["buses"], {"name": "wide", "width": 1000}]),
    "a list of 2^20 records": changed(lists=[{"name": "long", "fields": ["a"], "max": 1 << 20}]),
    "p interactions": more_acts(2100),
}


def own(data: bytes) -> str:
    try:
        read_description(data)
    except DescriptionError:
        return "refused"
    return "read"


def other(files: list[bytes]) -> list[str]:
    command = [shutil.which("node") or "node", "--input-type=module", "-e", SCRIPT]
    given = json.dumps([base64.b64encode(file).decode() for file in files])
    done = subprocess.run(command, input=given, capture_output=True, text=True, cwd=ROOT / "web", check=True)
    return list(json.loads(done.stdout))


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="the second verifier needs node")


@pytest.mark.parametrize(("cases", "verdict"), [(READ, "read"), (REFUSED, "refused")], ids=["read", "refused"])
def test_files_made_by_hand(cases, verdict):
    assert {name: own(data) for name, data in cases.items()} == dict.fromkeys(cases, verdict)


@needs_node
def test_the_second_verifier_says_the_same_of_them():
    cases = {**READ, **REFUSED}
    assert dict(zip(cases, other(list(cases.values())), strict=True)) == {n: own(d) for n, d in cases.items()}


@needs_node
def test_it_says_the_same_of_files_changed_at_random():
    rng = Random(3)
    files = [circuit_files.mutate(rng, rng.choice(circuit_files.seeds())) for _ in range(300)]
    said = [own(file) for file in files]
    assert {"read", "refused"} <= set(said)
    assert [(file, a) for file, a, b in zip(files, said, other(files), strict=True) if a != b] == []
