"""Two verifiers that share nothing say the same: on every vector, and on mutants of packages.

The other one (`main.mjs`, JavaScript) was written from the documents. A mutant on which verdicts differ is a fault of
one of the two, or of a document that can be read in two ways: the documents say which of several faults is named.
"""

import json
import re
import shutil
import subprocess
import threading
from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from tests.fuzz.chain_bases import ROOT, load
from tests.fuzz.chain_mutants import MUTATORS
from tests.support.counts import count
from zkharvest.conformance.kinds.packages import judge, written
from zkharvest.verifier import circuits
from zkharvest.verifier.chain_package import decode_chain_package

MAIN = ROOT.parent / "web" / "main.mjs"
NODE = shutil.which("node")
SEED = 20261122
HANGS = 120

pytestmark = pytest.mark.skipif(NODE is None, reason="the second verifier needs node, which is not installed")


class Second:
    """The other verifier, in one process for many packages."""

    def __init__(self):
        self._process = subprocess.Popen([NODE, str(MAIN), "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, data, policy):
        """Hand a package over, or several of links; they are judged while the caller does other things."""
        packages = [data] if isinstance(data, bytes) else data
        parts = [*packages, json.dumps(policy).encode()]
        numbers = (len(packages), *map(len, parts))
        self._process.stdin.write(b"".join([n.to_bytes(4, "little") for n in numbers] + parts))
        self._process.stdin.flush()

    def answer(self):
        """(verdict, reason) of the package that was handed over; a process that hangs or ends is a failure."""
        watch = threading.Timer(HANGS, self._process.kill)
        watch.start()
        line = self._process.stdout.readline().decode()
        watch.cancel()
        assert line.endswith("\n"), f"it ended, or was killed after {HANGS} s"
        verdict, _, reason = line.strip().partition(" ")
        return verdict, reason

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(HANGS) == 0
        self._process.stdout.close()


@pytest.fixture(scope="module")
def second():
    process = Second()
    yield process
    process.close()


def both(second, data, policy):
    """((verdict, reason) of ours, of theirs), found at the same time."""
    second.ask(data, policy)
    ours = judge(data, policy)
    return (ours.verdict, ours.reason), second.answer()


# ------------------------------------------------------------------ vectors


@cache
def vectors():
    return {name: (data, header) for name, data, header in written(ROOT)}


def test_it_says_of_every_vector_what_the_header_says(second):
    """And so does ours: `make vectors`."""
    wrong = []
    for name, (data, header) in vectors().items():
        second.ask(data, header["policy"])
        verdict, reason = second.answer()
        if verdict != header["verdict"] or reason not in (header["reasons"] or [""]):
            wrong.append(f"{name}: {verdict} {reason}, not {header['verdict']} {header['reasons']}")
    assert not wrong, "\n".join(wrong)
    assert len(vectors()) > 450
    count("vectors on which both verifiers agree", len(vectors()))


def test_one_package_from_a_file(tmp_path):
    """The form that `vectors/drive.py` uses."""
    [data], header = vectors()["accept/lot-machine-v2/2024"]
    package, policy = tmp_path / "x.zkh", tmp_path / "x.json"
    package.write_bytes(data)
    for changes, answer, code in (({}, "accepted", 0), ({"year": 1999}, "rejected policy/year", 1)):
        policy.write_text(json.dumps({**header["policy"], **changes}))
        done = subprocess.run([NODE, str(MAIN), str(package), str(policy)], capture_output=True, text=True)
        assert (done.stdout.strip(), done.returncode) == (answer, code), done.stderr


def test_several_packages_from_files(tmp_path):
    """A chain of two packages: the order counts."""
    data, header = vectors()["accept/lot-machine-v2/2025"]
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(header["policy"]))
    files = [tmp_path / f"{number}.zkh" for number in range(len(data))]
    for file, one in zip(files, data, strict=True):
        file.write_bytes(one)
    for order, answer in ((files, "accepted"), (files[::-1], "rejected chain/standing")):
        done = subprocess.run([NODE, str(MAIN), *map(str, order), str(policy)], capture_output=True, text=True)
        assert done.stdout.strip() == answer, done.stderr


def test_a_later_day_at_another_offset_that_no_link_lists_decides_nothing(second):
    """The first package says that New York's clocks change behind the days of the second."""
    data, header = vectors()["accept/lot-machine-v2/2025"]
    [later], _ = vectors()["accept/lot-machine-v2/later-days"]
    assert both(second, [later, data[1]], header["policy"]) == (("accepted", ""),) * 2


def test_it_pins_the_same_circuits():
    text = (MAIN.parent / "description.mjs").read_text()
    pinned = dict(re.findall(r"\['(lot-machine/v\d+)', '([0-9a-f]{64})'\]", text))
    assert pinned == {one.id: one.digest for one in circuits.PINNED}


# ------------------------------------------------------------------ mutants

bases = cache(load)
SCHEMA = {"schema": "zkharvest/chain-policy/1"}
OTHERS = ({**SCHEMA, "first": True, "min_bits": 0, "allow_test_preset": True}, SCHEMA)
"""Policies that expect nothing, and the real default."""


def mutant(mutator, number):
    """The packages of a mutant and a policy, mostly its base's; the same ones whenever they are asked for."""
    rng = Random(f"{SEED} chains {mutator.__name__} {number}")
    packages, policy = mutator(rng, bases())
    return packages, policy if rng.random() < 0.8 else rng.choice(OTHERS)


def compared(second, total):
    """`total` mutants, from every mutator as many as it has a share."""
    whole = sum(share for _, share in MUTATORS)
    verdicts, wrong = Counter(), []
    for mutator, share in MUTATORS:
        for number in range(-(-total * share // whole)):
            ours, theirs = both(second, *mutant(mutator, number))
            verdicts[ours[0]] += 1
            if ours != theirs:
                wrong.append(f"{mutator.__name__}, {number}: ours {' '.join(ours)}, theirs {' '.join(theirs)}")
    assert not wrong, f"{len(wrong)} of {verdicts.total()}:\n" + "\n".join(wrong[:40])
    assert verdicts.total() >= total
    assert verdicts["rejected"] > 0.8 * total
    count("mutants on which both verifiers agree", verdicts.total())


def test_both_agree_on_three_hundred_mutants(second):
    compared(second, 300)


@pytest.mark.audit
def test_both_agree_on_fourteen_thousand_mutants(second):
    compared(second, 14_000)


def test_both_bound_the_links_of_all_packages_together(second):
    """Before a statement is read: each may have a calendar of 89 years."""
    (data,), header = vectors()["accept/lot-machine-v2/fifo-from-genesis"]
    package = decode_chain_package(data)
    many = replace(package, parts=package.parts * 128, signature=None).encode()
    expected = {"chain/links": [many, many, data], "chain/standing": [data, data]}
    for reason, packages in expected.items():
        assert both(second, packages, header["policy"]) == (("rejected", reason),) * 2
    assert "257 links" in judge([many, many, data], header["policy"]).findings[0].detail


class Fixed(Second):
    """One that always says the same."""

    def __init__(self, verdict, reason):
        self._said = verdict, reason

    def ask(self, data, policy):
        pass

    def answer(self):
        return self._said


@pytest.mark.parametrize("said", [("accepted", ""), ("rejected", "package/encoding"), ("undecided", "")])
def test_a_verifier_that_says_another_thing_is_noticed(said):
    with pytest.raises(AssertionError, match="theirs"):
        compared(Fixed(*said), 24)
