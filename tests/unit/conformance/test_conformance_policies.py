"""Both verifiers on edited texts of policies, and on chains under expectations drawn at random: the same verdicts."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from zkharvest.conformance.kinds.kat import IMPLEMENTATIONS
from zkharvest.verifier import wire
from zkharvest.verifier.link import read_link

ROOT = Path(__file__).resolve().parents[3]
KAT = ROOT / "vectors" / "kat" / "chain"
TEXTS, CHAINS = 1000, 1000
KEYS = ("11" * 32, "22" * 32, "33" * 48)
DAYS = ("2024-07-01", "2024-12-31", "2025-01-01", "2025-12-31", "2026-12-31")
PIECES = (
    b'"', b"\\", b",", b":", b"{", b"}", b"[", b"]", b"0", b"-", b".", b"e1", b"null", b" ", b"\n", b"\xc2\xa0",
    b"\xef\xbb\xbf", b"\\ud800", b"\\u0000", b"1", b"NaN", b"\xff", b'"year": 2025,', b"/**/", b"\t",
    b"\x0b", b'"__proto__": {},',
)  # fmt: skip
DRIVER = """
import { readFileSync } from 'node:fs';
import { checkChain, mismatches, openQuestions, unsigned } from 'WEB/chain.mjs';
import { readLink } from 'WEB/link.mjs';
import { decode } from 'WEB/msgpack.mjs';
import { parsePolicy, readPolicy } from 'WEB/policy.mjs';
import { fromHex } from 'WEB/bytes.mjs';
const policy = ({ bytes }) => {
  try {
    readPolicy(parsePolicy(Buffer.from(bytes, 'hex').toString('utf8')));
    return 'taken';
  } catch {
    return 'policy/form';
  }
};
const judge = ({ statements, policy: given, signed }) => {
  const links = checkChain(statements.map((text) => readLink(decode(fromHex(text)).value)));
  const [wanted, signers] = [readPolicy(given), new Map(Object.entries(signed))];
  const wrong = [...mismatches(links, wanted)];
  if (wrong.length === 0) wrong.push(...unsigned(links, wanted, signers));
  const left = wrong.length === 0 ? openQuestions(links, wanted, signers) : [];
  const verdict = wrong.length > 0 ? 'rejected' : left.length > 0 ? 'undecided' : 'accepted';
  return { verdict, reasons: [...wrong, ...left] };
};
const ops = { policy, judge };
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map((one) => ops[one.op](one))));
"""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="the second verifier needs node")


def cases(name, op):
    return [one for one in json.loads((KAT / f"{name}.json").read_text())["cases"] if one["op"] == op]


def compared(given):
    """What both say of the cases; a failure if it is not the same."""
    code = DRIVER.replace("WEB", (ROOT / "web").as_uri())
    command = ["node", "--input-type=module", "-e", code]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    (implementation,) = IMPLEMENTATIONS[f"chain/{given[0]['op']}"].values()
    mine, theirs = list(implementation(given)), json.loads(done.stdout)
    differ = [(case, one, other) for case, one, other in zip(given, mine, theirs, strict=True) if one != other]
    assert differ == []
    return mine


def edited(rng, text, others):
    """A text with something put in, cut out, or taken from another."""
    made = bytearray(text)
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = rng.randrange(len(made) + 1)
        match rng.randrange(3):
            case 0:
                made[place:place] = rng.choice(PIECES)
            case 1:
                del made[place : place + rng.randrange(1, 6)]
            case _:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                made[place:place] = other[start : start + rng.randrange(30)]
    return bytes(made)


def test_edited_texts_of_policies():
    rng = Random(20261130)
    taken = [case["text"].encode() for case in cases("policies", "policy") if case["out"] == "taken" and "text" in case]
    wrong = [
        case["text"].encode() for case in cases("policies", "policy") if len(case.get("text", "")) in range(1, 999)
    ]
    given = [{"op": "policy", "bytes": edited(rng, rng.choice(taken), wrong).hex()} for _ in range(TEXTS)]
    assert Counter(compared(given))["taken"] > TEXTS // 50


def pages_of(statements):
    """Each account's pages in a chain, as an auditor may have them: the standing's last, then those that are listed."""
    found = {}
    for link in (read_link(wire.decode(bytes.fromhex(one))) for one in statements):
        for state in link.opening.accounts if link.opening else ():
            found.setdefault(state.name, []).append(state.page.hex())
        for page in link.statement.pages:
            header = page.header
            found.setdefault((header.source, header.account), []).append(header.page_id.hex())
    return {name: list(dict.fromkeys(pages)) for name, pages in found.items()}


def expectations(rng, pages):
    """A policy that may be met: pages and keys of the chain's accounts, most of them."""
    policy = {"schema": "zkharvest/chain-policy/1", "first": rng.random() < 0.8, "need_refs": rng.random() < 0.2}
    policy["allow_other_sources"] = rng.random() < 0.3
    listed = {"pages": {}, "source_keys": {}, "accounts": {}}
    for (source, account), own in pages.items():
        if rng.random() < 0.6:
            listed["pages"].setdefault(source, []).append(rng.choice(own[-2:]))
        if rng.random() < 0.4:
            days = {side: rng.choice(DAYS) for side in ("first", "last") if rng.random() < 0.2}
            key = {"key": rng.choice(KEYS), **days}
            if days.get("first", "") <= days.get("last", "9") and key not in listed["source_keys"].get(source, []):
                listed["source_keys"].setdefault(source, []).append(key)
        if rng.random() < 0.8:
            listed["accounts"].setdefault(source, []).append(account)
    policy |= {name: found for name, found in listed.items() if found and rng.random() < 0.8}
    policy |= {
        f"max_{name}": rng.choice([0, 3, 1000]) for name in ("declared", "gone", "in_transit") if rng.random() < 0.1
    }
    return policy | ({"method": rng.choice(["fifo", "hifo"])} if rng.random() < 0.1 else {})


def test_chains_under_expectations_drawn_at_random():
    rng = Random(20261130)
    chains = [case["statements"] for name in ("chain", "judged") for case in cases(name, "judge")]
    known = {tuple(chain): pages_of(chain) for chain in chains}
    given = []
    for chain in rng.choices(chains, k=CHAINS):
        pages = known[tuple(chain)]
        policy = expectations(rng, pages)
        twice = [ids for ids in policy.get("pages", {}).values() if len(set(ids)) < len(ids)]
        signed = {
            page: rng.sample(KEYS, rng.randrange(1, 3)) for own in pages.values() for page in own if rng.random() < 0.5
        }
        if not twice:
            given.append({"op": "judge", "statements": chain, "policy": policy, "signed": signed})
    verdicts = Counter(one["verdict"] for one in compared(given))
    assert min(verdicts[word] for word in ("accepted", "undecided", "rejected")) > CHAINS // 20
