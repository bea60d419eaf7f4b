"""Whole packages under policies: every expectation, every standing of a circuit, and totality."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import verify_stub_machine as stub
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.verdicts import by_itself
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import circuits, wire
from zkharvest.verifier import verify as deciding
from zkharvest.verifier.circuits import PINNED, Pinned
from zkharvest.verifier.package import Package, decode_package, encode_package
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.rejections import Reason
from zkharvest.verifier.statement import read_statement
from zkharvest.verifier.verify import verify

TEST = Policy(allow_test_preset=True)
CONTEXT = {"audience": "Tax office", "nonce": b"\7" * 16}


@pytest.fixture(scope="session")
def packages():
    """Proven once: a plain package, one with context and lots carried in, one under the standard preset."""
    return {
        "plain": stub.prove(stub.statement()),
        "rich": stub.prove(stub.statement(context=CONTEXT, carried_in=stub.root(9), timezone="Europe/Berlin")),
        "balanced": stub.prove(stub.statement(), preset="balanced"),
    }


@pytest.fixture(autouse=True)
def registry(monkeypatch, tmp_path):
    """The stub circuit is known, and its description lies where descriptions are looked for."""
    monkeypatch.setattr(circuits, "PINNED", (stub.PINNED,))
    monkeypatch.setattr(circuits, "folder", lambda: tmp_path)
    (tmp_path / "stub" / "v1").mkdir(parents=True)
    (tmp_path / "stub" / "v1" / "circuit.json").write_bytes(stub.DATA)
    circuits.load.cache_clear()
    yield tmp_path
    circuits.load.cache_clear()


def outcome(package, expected=TEST):
    verdict = by_itself(encode_package(package) if isinstance(package, Package) else package, expected)
    assert verdict.reason != Reason.INTERNAL, verdict
    return verdict.verdict, verdict.reason


# ------------------------------------------------------------------ accepted


def test_an_accepted_package(packages):
    verdict = by_itself(encode_package(packages["balanced"]), Policy())
    assert verdict.accepted
    assert verdict
    assert verdict.security.minimum == 128
    assert verdict.statement.totals.proceeds == -5
    assert verdict.bound
    assert verdict.statement is not None
    assert verdict.statement.carried_in is None
    assert verdict.unchecked == ()
    shown = verdict.to_json()
    json.dumps(shown)
    assert shown["schema"] == "zkharvest/verdict/1"
    assert shown["verdict"] == "accepted"
    assert shown["reason"] is None
    assert shown["statement"]["totals"] == {
        "proceeds": "-0.00000005",
        "basis": "13579.56788757",
        "gain": "-13579.56788762",
        "short_term_gain": "0.00000250",
        "short_term_loss": "12345.00000000",
        "long_term_gain": "0.00000000",
        "long_term_loss": "1234.56789012",
        "net": "-13579.56788762",
    }
    assert shown["statement"]["sources"][1] == {"id": "kraken:main", "root": stub.root(4).hex()}
    assert shown["security"]["preset"] == "balanced"
    assert shown["security"]["bits"] == 128
    assert shown["security"]["terms"]["query"] < 129
    assert shown["findings"] == []


def test_not_shown_lines(packages):
    opening = replace(TEST, carried_in=carried_in(packages["rich"]))
    assert any("made for you" in line for line in by_itself(encode_package(packages["rich"]), opening).not_shown)
    everything = replace(
        TEST,
        commitments={"0xab:ethereum": stub.root(5), "kraken:main": stub.root(4)},
        carried_in=carried_in(packages["rich"]),
        audience=CONTEXT["audience"],
        nonce=CONTEXT["nonce"],
    )
    verdict = verify(encode_package(packages["rich"]), everything)
    assert verdict.bound
    assert len(verdict.not_shown) == 3  # what no proof can show stays
    assert any("January 1" in line for line in verdict.not_shown)


def test_lots_carried_in_need_the_package_that_carried_them_out(packages):
    """Nothing is shown about them here, so without an expectation there is no verdict; a forgery stays one."""
    assert outcome(packages["rich"]) == ("undecided", Reason.POLICY_NO_CARRIED_IN)
    assert outcome(packages["rich"], replace(TEST, carried_in=carried_in(packages["rich"]))) == ("accepted", "")
    assert outcome(packages["rich"], replace(TEST, carried_in=bytes(32))) == ("rejected", Reason.POLICY_CARRIED_IN)
    forged = replace(packages["rich"], statement={**packages["rich"].statement, "currency": "EUR"})
    assert outcome(forged)[0] == "rejected"


def carried_in(package):
    return read_statement(package.statement).carried_in


def test_what_the_taxpayer_chose_is_said():
    package = stub.prove(stub.statement(method="specific"))
    assert any("identified" in line for line in by_itself(encode_package(package)).not_shown)


def test_signatures_are_reported_as_not_looked_at(packages):
    package = replace(packages["plain"], attestations={"scheme": "x"}, signature={"scheme": "y"})
    assert by_itself(encode_package(package)).unchecked == ("attestations", "signature")


# ------------------------------------------------------------------ expectations

EXPECTED = [
    ({"commitments": {"kraken:main": stub.root(4), "0xab:ethereum": stub.root(5)}}, None),
    ({"commitments": {"kraken:main": stub.root(3)}}, Reason.POLICY_COMMITMENT),
    ({"commitments": {"kraken:other": stub.root(4)}}, Reason.POLICY_COMMITMENT),
    ({"circuits": ("stub/v1",)}, None),
    ({"circuits": ("lot-machine/v1",)}, Reason.POLICY_CIRCUIT),
    ({"carried_in": bytes(32)}, Reason.POLICY_CARRIED_IN),  # nothing was carried in
    ({"year": 2024}, None),
    ({"year": 2025}, Reason.POLICY_YEAR),
    ({"method": "hifo"}, None),
    ({"method": "fifo"}, Reason.POLICY_METHOD),
    ({"pooling": "wallet"}, None),
    ({"pooling": "universal"}, Reason.POLICY_POOLING),
    ({"audience": "Tax office"}, Reason.POLICY_CONTEXT),
    ({"nonce": b"\1"}, Reason.POLICY_CONTEXT),
]


@pytest.mark.parametrize(("expected", "reason"), EXPECTED, ids=str)
def test_every_expectation_holds_or_rejects(packages, expected, reason):
    found = outcome(packages["plain"], replace(TEST, **expected))
    assert found == (("rejected", reason) if reason else ("accepted", ""))


def test_bound_means_every_source(packages):
    data = encode_package(packages["plain"])
    one = replace(TEST, commitments={"kraken:main": stub.root(4)})
    assert not verify(data, one).bound
    both = replace(TEST, commitments={"kraken:main": stub.root(4), "0xab:ethereum": stub.root(5)})
    assert verify(data, both).bound


def test_the_test_preset_is_refused_unless_asked_for(packages):
    assert outcome(packages["plain"], Policy()) == ("rejected", Reason.POLICY_TEST_PRESET)
    assert outcome(packages["plain"], Policy(min_bits=0)) == ("rejected", Reason.POLICY_TEST_PRESET)


def test_bits(packages):
    assert outcome(packages["balanced"], Policy(min_bits=128.5)) == ("rejected", Reason.POLICY_BITS)
    assert outcome(packages["balanced"], Policy(min_bits=129)) == ("rejected", Reason.POLICY_BITS)
    assert outcome(packages["balanced"], Policy(min_bits=100)) == ("accepted", "")


def test_the_level_is_computed_from_the_verifier_s_own_parameters(packages, monkeypatch):
    """A package only names its preset: a table with fewer queries says fewer bits, and refuses before any proof."""
    data = encode_package(packages["balanced"])
    own = PRESETS["balanced"]
    weaker = {**PRESETS, "balanced": replace(own, params=replace(own.params, queries=own.params.queries - 1))}
    monkeypatch.setattr(deciding, "PRESETS", weaker)
    verdict = by_itself(data, Policy())
    assert (verdict.verdict, verdict.reason) == ("rejected", Reason.POLICY_BITS)
    assert "126." in verdict.detail
    # and where the wish is lower, it is the proof that does not fit those parameters
    assert outcome(packages["balanced"], Policy(min_bits=100))[0] == "rejected"
    monkeypatch.setattr(deciding, "PRESETS", PRESETS)
    assert by_itself(data, Policy()).accepted


@pytest.mark.parametrize("key", ["queries", "params", "bits", "security", "log_blowup", "grind_query"])
def test_no_parameter_comes_from_the_package(packages, key):
    """There is no field for one: a package that brings one is malformed."""
    data = encode_package(packages["balanced"])
    tree = wire.decode(data[9:])
    assert outcome(data[:9] + wire.encode(dict(sorted({**tree, key: 1000}.items()))))[0] == "rejected"
    assert set(tree) == {"attestations", "preset", "proof", "log_rows", "signature", "statement"}


# ------------------------------------------------------------------ the package against itself


def test_every_part_of_the_statement_is_bound_to_the_proof(packages):
    """Each change makes another well-formed statement; the proof is not of it."""
    package = packages["plain"]
    before = package.statement
    changes = [
        {"pooling": "universal"},
        {"method": "fifo"},
        {"currency": "EUR"},
        {"carried_out": stub.root(3)},
        {"carried_in": stub.root(3), "calendar": stub.calendar("America/New_York", "2024-01-01", 2024)},
        {"context": {"audience": "x", "nonce": b""}},
        {"context": {"audience": "", "nonce": b"\0"}},
        {"sources": before["sources"][:1]},
        {"sources": [{"id": "kraken:else", "root": source["root"]} for source in before["sources"][:1]]},
        {"timezone": "Europe/Rome"},
        {"calendar": stub.calendar("Europe/Rome")},
        {"calendar": stub.calendar("America/New_York", "2021-01-01", 2024)},
        *({"totals": {**before["totals"], name: "1"}} for name in before["totals"]),
        {"totals": {**before["totals"], "proceeds": "5"}},
    ]
    for change in changes:
        verdict, reason = outcome(replace(package, statement={**before, **change}))
        assert verdict == "rejected", change
        assert reason.partition("/")[0] in ("proof", "constraints", "merkle", "fri", "transcript"), (change, reason)
    for other in (replace(package, log_rows=(14,)), replace(package, preset="balanced"), replace(package, proof=b"")):
        assert outcome(other)[0] == "rejected"


def test_a_proof_of_another_package(packages):
    assert outcome(replace(packages["plain"], proof=packages["rich"].proof))[0] == "rejected"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"preset": "standart"}, Reason.PACKAGE_PRESET),
        ({"log_rows": (12,)}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": (21,)}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": (-1,)}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": (2**63,)}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": ()}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": (13, 13)}, Reason.PACKAGE_LOG_ROWS),
        ({"statement": {}}, Reason.STATEMENT_FIELDS),
        ({"statement": {"circuit": 5}}, Reason.STATEMENT_FIELDS),
    ],
)
def test_faults_of_the_package(packages, change, reason):
    assert outcome(replace(packages["plain"], **change)) == ("rejected", reason)


def test_a_preset_is_only_for_its_heights(packages):
    assert outcome(replace(packages["balanced"], log_rows=(19,))) == ("rejected", Reason.PACKAGE_LOG_ROWS)


def test_a_calendar_that_is_not_the_zone_s():
    """A proof of a shifted calendar holds as a proof; the verifier's own zone data decides."""
    runs = stub.calendar()["offsets"]
    for offsets in ([[0, -14400], *runs[1:]], [[0, runs[0][1] + 1], *runs[1:]]):
        if offsets[0][1] == offsets[1][1]:
            offsets = [offsets[0], *offsets[2:]]  # noqa: PLW2901
        shifted = {**stub.calendar(), "offsets": offsets}
        assert outcome(stub.prove(stub.statement(calendar=shifted))) == ("rejected", Reason.STATEMENT_CALENDAR)


def test_an_unknown_zone_is_undecided_only_if_the_proof_holds():
    package = stub.prove(stub.statement(timezone="Mars/Olympus", calendar=stub.calendar()))
    assert outcome(package) == ("undecided", Reason.STATEMENT_ZONE)
    totals = {**package.statement["totals"], "short_loss": "1"}
    forged = replace(package, statement={**package.statement, "totals": totals})
    assert outcome(forged)[0] == "rejected"


# ------------------------------------------------------------------ circuits


def test_standing_of_circuits(packages, monkeypatch):
    package = packages["plain"]
    for pinned, expected in (
        ((), ("undecided", Reason.CIRCUIT_UNKNOWN)),
        ((Pinned("else/v1", stub.DIGEST.hex()),), ("undecided", Reason.CIRCUIT_UNKNOWN)),
        ((Pinned("stub/v1", bytes(32).hex()),), ("rejected", Reason.CIRCUIT_DIGEST)),
        ((Pinned("stub/v1", stub.DIGEST.hex(), circuits.BROKEN, "why"),), ("rejected", Reason.CIRCUIT_BROKEN)),
        ((Pinned("stub/v1", stub.DIGEST.hex(), circuits.DEPRECATED, "use v2"),), ("accepted", "")),
    ):
        monkeypatch.setattr(circuits, "PINNED", pinned)
        assert outcome(package) == expected


def test_a_description_is_used_only_with_its_digest(packages, registry):
    path = registry / "stub" / "v1" / "circuit.json"
    path.write_bytes(stub.DATA + b"\n")
    assert outcome(packages["plain"]) == ("rejected", Reason.CIRCUIT_FILE)
    path.unlink()
    assert outcome(packages["plain"]) == ("rejected", Reason.CIRCUIT_FILE)


def test_the_pinned_circuits_are_in_the_checkout(monkeypatch):
    monkeypatch.undo()
    assert PINNED
    for pinned in PINNED:
        description = circuits.load(pinned)
        assert f"{description.name}/v{description.version}" == pinned.id
        if pinned.id != "lot-machine/v1":
            continue  # what a link has is looked up by name: test_verifier_link_public.py
        # the statement's mapping and the circuit agree on every public value
        assert list(description.publics) == stub.DOCUMENT["publics"]
        assert [(entry.name, list(entry.fields), entry.max) for entry in description.lists] == [
            ("sources", stub.SOURCE_FIELDS, 4096)
        ]
        tables = {table.name: table for table in description.tables}
        assert tables["calendar"].public_columns == stub.CALENDAR
        assert sum(len(table.public_columns) for table in description.tables) == len(stub.CALENDAR)


# ------------------------------------------------------------------ totality


def test_not_one_of_our_files():
    for data in (b"", b"hello", b"\x89PNG\r\n\x1a\n", bytes(1000)):
        assert outcome(data) == ("rejected", Reason.PACKAGE_MAGIC)


def test_a_newer_format_is_undecided():
    assert outcome(PACKAGE_MAGIC + b"\2whatever") == ("undecided", Reason.PACKAGE_VERSION)


def test_a_defect_of_ours_is_never_an_acceptance(packages, monkeypatch):
    def broken(*_):
        raise RuntimeError("oops")

    monkeypatch.setattr(deciding, "verify_proof", broken)
    verdict = by_itself(encode_package(packages["plain"]))
    assert (verdict.verdict, verdict.reason) == ("rejected", Reason.INTERNAL)
    assert "oops" in verdict.detail
    assert verdict.to_json()["statement"] is None


ATOMS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=6) | st.binary(max_size=40)


@st.composite
def mutants(draw, data):
    """Bytes near those of a package: cut, flipped, spliced, or one value of the tree replaced."""
    kind = draw(st.sampled_from(["flip", "cut", "insert", "head", "value"]))
    head = len(data) - len(decode_package(data).proof)
    place = draw(st.integers(0, head + 300 if kind == "head" else len(data) - 1))
    if kind in ("flip", "head"):
        return data[:place] + bytes([data[place] ^ draw(st.integers(1, 255))]) + data[place + 1 :]
    if kind == "cut":
        return data[:place]
    if kind == "insert":
        return data[:place] + draw(st.binary(min_size=1, max_size=9)) + data[place:]
    tree = wire.decode(data[9:])
    node = tree
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw(st.sampled_from(keys))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            break
        node = inner
    node[key] = draw(ATOMS)
    return data[:9] + wire.encode(tree)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_mutants_are_rejected_and_nothing_is_raised(packages, data):
    base = encode_package(packages["plain"])
    mutant = data.draw(mutants(base))
    verdict = by_itself(mutant)
    assert verdict.reason != Reason.INTERNAL, verdict.detail
    assert verdict.accepted == (mutant == base) or mutant_is_signature_only(mutant)
    assert verdict.accepted or "/" in verdict.reason


def mutant_is_signature_only(mutant):
    """Attestations and signature are not looked at here: a map in their place changes nothing."""
    package = decode_package(mutant)
    return package.attestations is not None or package.signature is not None


def test_importing_the_verifier_imports_nothing_from_elsewhere():
    """After a whole verification only the standard library and `zkharvest` are loaded."""
    code = (
        "import sys; from zkharvest.verifier.verify import verify; print(verify(b'x').verdict)\n"
        "tops = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(top for top in tops if not top.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "rejected"
    assert done.stdout.split("\n")[1] == "['zkharvest']"
