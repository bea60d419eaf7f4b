"""The fuzzer's targets without the fuzzer: its corpus again, some mutants more; and each target notices a defect."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import chains
from tests.fuzz.chain_bases import base_of
from tests.fuzz.targets import TARGETS
from tests.support.counts import count
from zkharvest.files import page_files, standings
from zkharvest.sign import chains as signing
from zkharvest.sign.taxpayer import parse_signature
from zkharvest.verifier import (
    calendar,
    chain_package,
    chain_policy,
    description_reader,
    figures,
    fri,
    messages,
    stark,
    values,
    verify_chain,
    wire,
)
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.standing import decode_standing
from zkharvest.verifier.statement_v2 import read_statement_v2

CORPUS = Path(__file__).with_name("corpus")
GUIDED = 20_000
MORE = {
    "container": 400, "links": 200, "signatures": 200, "policies": 300, "chain": 60, "description": 300,
    "standing": 150, "pages": 300, "arithmetic": 60,
}  # fmt: skip


def inputs(name):
    """The committed inputs of a target, and its seeds."""
    return [*(path.read_bytes() for path in sorted((CORPUS / name).iterdir())), *TARGETS[name].seeds()]


def mutants(name, seed, pool=None):
    """Inputs without end, each made from one of the pool."""
    rng, pool = Random(seed), pool or inputs(name)
    while True:
        yield TARGETS[name].mutate(rng, rng.choice(pool))


def test_the_corpus_is_small_and_has_every_target():
    sizes = {folder.name: sum(path.stat().st_size for path in folder.iterdir()) for folder in CORPUS.iterdir()}
    assert sizes.keys() == TARGETS.keys() == MORE.keys()
    assert all(sizes.values())
    assert sum(sizes.values()) < 300_000


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_keeps_every_promise(name):
    outcomes = Counter(map(TARGETS[name].run, inputs(name)))
    assert outcomes.keys() - {"package/encoding", "refused"}
    count("fuzz executions", outcomes.total())


@pytest.mark.parametrize("name", TARGETS)
def test_so_do_mutants_of_it(name):
    made = mutants(name, 20261122)
    for number in range(MORE[name]):
        data = next(made)
        try:
            TARGETS[name].run(data)
        except Exception as error:
            raise AssertionError(f"mutant {number}: {data!r}") from error
    count("fuzz executions", MORE[name])


@pytest.mark.audit
@pytest.mark.parametrize("name", TARGETS)
def test_the_fuzzer_finds_nothing(name):
    """Guided by coverage, from the corpus on: what it finds, it says and keeps."""
    pytest.importorskip(
        "atheris", reason="pip install 'zkharvest[fuzz]' (Linux) for fuzzing that is guided by coverage"
    )
    command = [sys.executable, "-m", "tests.fuzz", "--runs", str(GUIDED), name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CORPUS.parents[2])
    assert done.returncode == 0, done.stdout
    assert f"{GUIDED:,} executions" in done.stdout
    count("fuzz executions", GUIDED)


# ------------------------------------------------------------------ a target that never failed would show nothing


def noticed(name, most, pool=None):
    """Whether some input makes the target fail: seeds first, then mutants of them."""
    pool = pool or TARGETS[name].seeds()
    more = mutants(name, 5, pool)
    for number in range(len(pool) + most):
        try:
            TARGETS[name].run(pool[number] if number < len(pool) else next(more))
        except Exception:  # noqa: BLE001 - whatever a defect leads to
            return True
    return False


def long_forms(self, form):
    return int.from_bytes(self._take(form[0]), "big")


DEFECTS = [
    ("container", wire._Reader, "_number", long_forms),  # numbers in forms that are not the shortest
    ("container", wire._Reader, "_expect", lambda self, count: bytes(1 << 40)),
    ("links", values, "is_visible", lambda text, longest: True),
    ("links", figures, "quoted", str),
    ("links", chain_package, "_attestations", lambda value: ()),
    ("signatures", signing, "check_package_signature", lambda package, _: parse_signature(package.signature)[0]),
    ("signatures", chain_package, "_attestation", lambda value: chain_package.PageAttestation(**value)),
    ("signatures", signing, "is_signature", lambda key, signature, message: True),
    ("policies", verify_chain, "mismatches", lambda chain, policy: ()),
    ("policies", chain_policy, "given_in", lambda value, schema, known: value),
    ("description", description_reader, "_check_degrees", lambda table, where, bound: None),
    ("description", description_reader, "_check_groups", lambda table, where: None),
    ("standing", standings, "standing_of", lambda public, name: decode_standing(public["standing"])),
    ("pages", page_files, "_signature_of", lambda value, name: page_files.PageSignature(**value)),
    ("arithmetic", stark, "point_is_usable", lambda z, at, heights: True),
    ("arithmetic", fri, "_powers", lambda x, count: [1]),
]


@pytest.mark.parametrize(("name", "where", "what", "instead"), DEFECTS, ids=[f"{d[0]}-{d[2]}" for d in DEFECTS])
def test_a_defect_is_noticed(name, where, what, instead, monkeypatch):
    assert not noticed(name, 30)
    monkeypatch.setattr(where, what, instead)
    assert noticed(name, 3000)


def test_a_verifier_that_skips_a_check_is_noticed(monkeypatch):
    """Without the trees and FRI a word of an opened row can be any."""
    place = chains.bases()[2].places[0]["main/0/row"].start
    edited = chains.short(2, b"\0" + place.to_bytes(3, "little") + bytes([1, 0, 0, 0]))
    assert TARGETS["chain"].run(edited) == "merkle/main merkle/main"
    monkeypatch.setattr(stark, "_check_trees", lambda *_: None)
    monkeypatch.setattr(fri, "check_folds", lambda *_: None)
    with pytest.raises(AssertionError, match="accepted"):
        TARGETS["chain"].run(edited)


def test_a_verdict_on_chains_that_skips_the_proofs_is_noticed(monkeypatch):
    """Without them a word of a proof can be any, and so can a figure."""
    edited = chains.short(2, b"\0" + (400).to_bytes(3, "little") + b"\1\0\0\0")
    assert TARGETS["chain"].run(edited).split()[0].partition("/")[0] in ("constraints", "proof", "transcript")
    monkeypatch.setattr(verify_chain, "_check_proof", lambda *_: None)
    with pytest.raises(AssertionError, match="accepted"):
        TARGETS["chain"].run(edited)


def test_a_vanishing_denominator_has_a_reason():
    """Among the seeds and edits of `arithmetic` there are challenges for which something is divided by zero."""
    reasons = {TARGETS["arithmetic"].run(seed) for seed in TARGETS["arithmetic"].seeds()}
    assert "transcript/point" in reasons
    at = messages.sizes(13, messages.ParameterSet(2, 2, 1, 0, 0, 0, 0, 0, 2))
    assert messages.point_is_usable((0, 1, 0, 0, 0), at, (13, 13))


# ------------------------------------------------------------------ time zones: names that packages of Python have

NO_ZONES = (
    "America",
    "__init__",
    "__pycache__",
    "leapseconds",
    "tzdata",
    "-",
    "a/b/c",
    "Mars/Olympus",
    "UTC/x",
    "/etc",
    "__init__/x",
    "America/__init__/x",
)


@pytest.mark.parametrize("name", NO_ZONES)
def test_a_name_that_is_no_zone_is_undecided(name):
    made = read_statement_v2(base_of("fifo-from-genesis").parts["links"][0]["statement"]).calendar
    with pytest.raises(Reject, match="statement/unknown-zone"):
        calendar.check_zone(made, name)
