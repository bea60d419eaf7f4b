"""Two verifiers that share nothing say the same: on every vector, and on mutants of packages.

The other one (`main.mjs`, JavaScript) was written from the documents. A mutant on which verdicts differ is a fault of
one of the two, or of a document that can be read in two ways. Where a mutant has several faults and the documents do
not say which is looked for first, the two may name different ones: `OPEN` lists where, and they are counted.
"""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from functools import cache
from random import Random

import pytest

from tests.fuzz import chain_mutants
from tests.fuzz.edits import signatures
from tests.fuzz.mutants import MUTATORS, NAMES, VECTORS, load
from tests.support.counts import count
from zkharvest.conformance.kinds.packages import judge, read_header, written
from zkharvest.verifier import circuits

MAIN = VECTORS.parents[2] / "web" / "main.mjs"
NODE = shutil.which("node")
ROOT = VECTORS.parents[1]
SEED = 20261122
HANGS = 120
SHARES = {**dict(MUTATORS), signatures: 400}
NAMED = {mutator.__name__: mutator for mutator in SHARES}

# Pairs (ours, theirs) of reasons that the documents allow for one package.
OPEN: set[tuple[str, str]] = set()

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
    assert len(vectors()) > 250
    count("vectors on which both verifiers agree", len(vectors()))


def test_one_package_from_a_file(tmp_path):
    """The form that `vectors/drive.py` uses."""
    [data], header = vectors()["accept/lot-machine-v1/fifo-wallet"]
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


def test_it_pins_the_same_circuits():
    text = (MAIN.parent / "description.mjs").read_text()
    pinned = dict(re.findall(r"\['(lot-machine/v\d+)', '([0-9a-f]{64})'\]", text))
    assert pinned == {one.id: one.digest for one in circuits.PINNED}


# ------------------------------------------------------------------ mutants

bases = cache(load)
ANY = {"min_bits": 0, "allow_test_preset": True}


@cache
def policies():
    """What a mutant may be verified under: nothing expected of it, what its base's header expects, the real default."""
    headers = [read_header(ROOT, VECTORS / f"{name}.zkh")["policy"] for name in NAMES]
    return [ANY] * 12 + headers + [{}]


def signed_policy():
    return read_header(ROOT, VECTORS / "signed.zkh")["policy"]


def mutant(name, number):
    """A mutant and its policy, the same ones whenever they are asked for."""
    rng = Random(f"{SEED} two verifiers {name} {number}")
    data = NAMED[name](rng, bases())
    if name == "signatures":
        return data, rng.choice((signed_policy(), ANY))
    return data, rng.choice(policies())


def compared(second, total):
    """`total` mutants, from every mutator as many as it has a share; the reasons that differ, counted."""
    whole = sum(SHARES.values())
    verdicts, other_reasons, wrong = Counter(), Counter(), []
    for mutator, share in SHARES.items():
        name = mutator.__name__
        for number in range(-(-total * share // whole)):
            ours, theirs = both(second, *mutant(name, number))
            at = f"mutant({name!r}, {number}): ours {' '.join(ours)}, theirs {' '.join(theirs)}"
            if ours[0] != theirs[0]:
                wrong.append(at)
            elif ours[1] != theirs[1]:
                other_reasons[ours[1], theirs[1]] += 1
                if (ours[1], theirs[1]) not in OPEN:
                    wrong.append(at)
            verdicts[ours[0]] += 1
    assert not wrong, f"{len(wrong)} of {verdicts.total()}:\n" + "\n".join(wrong[:40])
    assert verdicts.total() >= total
    assert verdicts["rejected"] > 0.9 * total
    count("mutants on which both verifiers agree", verdicts.total())
    count("mutants refused by both, for other reasons", other_reasons.total())
    for pair, times in other_reasons.most_common():
        sys.stderr.write(f"\n{times} times: ours {pair[0]}, theirs {pair[1]}")


def test_both_agree_on_three_hundred_mutants(second):
    compared(second, 300)


@pytest.mark.audit
def test_both_agree_on_ten_thousand_mutants(second):
    compared(second, 10_000)


# ------------------------------------------------------------------ mutants of chains


def chains_compared(second, total, bases):
    """As `compared`, of packages of links and of policies of chains."""
    whole = sum(share for _, share in chain_mutants.MUTATORS)
    verdicts, wrong = Counter(), []
    for mutator, share in chain_mutants.MUTATORS:
        name = mutator.__name__
        for number in range(-(-total * share // whole)):
            rng = Random(f"{SEED} chains {name} {number}")
            ours, theirs = both(second, *mutator(rng, bases))
            verdicts[ours[0]] += 1
            if ours != theirs:
                wrong.append(f"{name}, {number}: ours {' '.join(ours)}, theirs {' '.join(theirs)}")
    assert not wrong, f"{len(wrong)} of {verdicts.total()}:\n" + "\n".join(wrong[:40])
    assert verdicts["rejected"] > 0.7 * total
    count("mutants of chains on which both verifiers agree", verdicts.total())


def test_both_agree_on_sixty_mutants_of_chains(second):
    chains_compared(second, 60, chain_mutants.load())


@pytest.mark.audit
def test_both_agree_on_four_thousand_mutants_of_chains(second):
    chains_compared(second, 4000, chain_mutants.load())


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


@pytest.mark.parametrize("said", [("accepted", ""), ("rejected", "package/encoding"), ("undecided", "")])
def test_another_thing_said_of_chains_is_noticed(said):
    with pytest.raises(AssertionError, match="theirs"):
        chains_compared(Fixed(*said), 12, chain_mutants.load())
