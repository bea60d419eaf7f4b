"""From an opening to a package that says what the ledger says."""

import msgpack
import pytest

from tests.support.proofs import AUDIENCE, METHOD, NONCE, YEAR, small_opening, small_package
from zkharvest.errors import InputError, UsageError
from zkharvest.files.packages import open_package, package_bytes, source_roots
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier.package import Package, encode_package
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.statement import read_statement
from zkharvest.verifier.verify import verify
from zkharvest.workflow import proofs
from zkharvest.workflow import prove as proving


def test_a_package_states_what_the_ledger_computes():
    opening = small_opening()
    package = open_package(small_package(), "p")
    statement = read_statement(package.statement)
    totals = run_ledger(opening.trades, Election(Method(METHOD), Pooling.WALLET, "America/New_York", YEAR)).totals
    assert (statement.totals.proceeds, statement.totals.basis, statement.totals.gain) == (
        totals.proceeds,
        totals.basis,
        totals.net,
    )
    assert statement.totals.long_loss == totals.long_term_loss > 0
    assert {source.id: source.root for source in statement.sources} == opening.roots == source_roots(package)
    assert (statement.year, statement.method, statement.pooling) == (YEAR, METHOD, "wallet")
    assert (statement.audience, statement.nonce, statement.currency) == (AUDIENCE, NONCE, "USD")
    assert (package.attestations, package.signature, package.preset) == (None, None, "test")


def test_it_verifies_and_only_as_a_test():
    assert verify(small_package(), Policy(commitments=small_opening().roots, allow_test_preset=True)).accepted
    assert verify(small_package()).reason == "policy/test-preset"


def test_two_proofs_of_one_statement_differ_in_every_part_that_is_random():
    again = proving.prove(small_opening(), year=YEAR, method=METHOD, preset="test", nonce=NONCE, audience=AUDIENCE)
    first, second = open_package(small_package(), "a"), open_package(again, "b")
    assert first.statement == second.statement
    assert first.proof[:32] != second.proof[:32]


def test_steps_are_told():
    told = []
    proving.prove(small_opening(), year=2024, method="fifo", preset="test", progress=told.append)
    assert told[0] == "running the ledger"
    assert "folding" in told
    assert "" not in told


def test_the_self_check_catches_a_bad_proof():
    proving.self_check(small_package(), small_opening())
    package = open_package(small_package(), "p")
    proof = bytearray(package.proof)
    proof[len(proof) // 2] ^= 1
    bad = package_bytes(Package(package.statement, package.preset, package.log_rows, bytes(proof)))
    with pytest.raises(proving.SelfCheckError, match="does not verify"):
        proving.self_check(bad, small_opening())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "average"}, '"average" is not a lot method'),
        ({"pooling": "account"}, '"account" is not a pooling'),
        ({"timezone": "Mars/Base"}, "unknown time zone"),
        ({"year": 1900}, "tax year 1900"),
        ({"preset": "weak"}, '"weak" is not a proof size'),
        ({"nonce": bytes(33)}, "context"),
        ({"audience": "line\nbreak"}, "audience"),
    ],
)
def test_options_that_make_no_statement_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        proving.prove(small_opening(), **{"year": YEAR, "method": "fifo", "preset": "test", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"year": "2025"}, "year is a number such as 2025, not '2025'"),
        ({"year": True}, "year is a number"),
        ({"method": 5}, "method is text, not int"),
        ({"timezone": None}, "timezone is text, not NoneType"),
        ({"nonce": 5}, "nonce is bytes or hex text, not int"),
        ({"audience": b"x"}, "audience is text, not bytes"),
    ],
)
def test_values_of_the_wrong_type_are_type_errors(options, message):
    with pytest.raises(TypeError, match=message):
        proving.prove(small_opening(), **{"year": YEAR, "method": "fifo", "preset": "test", **options})
    with pytest.raises(TypeError, match=r"opening is what zkharvest\.commit returns, not str"):
        proving.prove("trades.csv", year=YEAR, method="fifo")


@pytest.mark.parametrize("regime", ["canada", "uk", "average"])
def test_a_country_that_the_circuit_does_not_know_is_refused(regime, monkeypatch):
    monkeypatch.setattr("zkharvest.circuit.lot_machine.v1.witness.operations_of", None)  # nothing is run
    with pytest.raises(UsageError, match="cannot be proven: the circuit knows only the rules of us"):
        proving.prove(small_opening(), year=YEAR, method="fifo", regime=regime)
    with pytest.raises(TypeError, match="regime is text"):
        proving.prove(small_opening(), year=YEAR, method="fifo", regime=None)


def test_a_near_miss_of_a_method_is_named():
    with pytest.raises(UsageError, match="did you mean hifo"):
        proving.prove(small_opening(), year=YEAR, method="hifoo")


@pytest.mark.parametrize(
    ("year", "warning"),
    [
        (2023, "none of the committed trades is in the tax year 2023"),
        (2024, "all totals are zero: the proof counts no disposal in 2024"),
        (2090, "the tax year 2090 is not over"),
        (2025, None),
    ],
)
def test_a_year_that_is_hardly_meant_is_warned_of_before_the_proof(year, warning, monkeypatch):
    class Enough(Exception):
        pass

    def stop(*_, **__):
        raise Enough

    monkeypatch.setattr("zkharvest.prover.stark.prove_circuit", stop)
    told = []
    with pytest.raises(Enough):
        proving.prove(small_opening(), year=year, method="fifo", preset="test", warn=told.append)
    assert any(warning in text for text in told) if warning else told == []
    if warning:
        with pytest.raises(Enough), pytest.warns(UserWarning, match=warning):
            proving.prove(small_opening(), year=year, method="fifo", preset="test")


def test_tall_ledgers_take_the_preset_for_them():
    assert proofs.find_preset("balanced", 16).name == "balanced"
    assert proofs.find_preset("balanced", 17).name == "large"
    assert proofs.find_preset("test", 20).name == "test"


def test_a_ledger_that_does_not_run_is_not_proven():
    with pytest.raises(InputError):
        proving.prove(small_opening(), year=YEAR, method="specific", preset="test")


def test_two_codecs_agree_on_every_package():
    package = open_package(small_package(), "p")
    assert package_bytes(package) == encode_package(package) == small_package()


def test_parts_that_make_no_package_are_not_written():
    package = open_package(small_package(), "p")
    for bad in (
        Package({"x": 1.5}, "test", (13,), b""),
        Package({"x": (1, 2)}, "test", (13,), b""),
        Package(package.statement, "test", (True,), b""),
    ):
        with pytest.raises(ValueError, match="package"):
            package_bytes(bad)


def test_other_files_and_damaged_ones_are_told_apart():
    with pytest.raises(UsageError, match=r"x\.csv: "):
        open_package(b"time,source\n", "x.csv")
    with pytest.raises(UsageError, match="newer"):
        open_package(PACKAGE_MAGIC + b"\x02", "x.zkh")
    with pytest.raises(InputError, match=r"x\.zkh: damaged package"):
        open_package(small_package()[:-1], "x.zkh")
    with pytest.raises(InputError, match="damaged"):
        open_package(PACKAGE_MAGIC + b"\x01" + msgpack.packb({"statement": {}}), "x.zkh")


def test_the_first_run_is_told_from_later_ones(tmp_path, monkeypatch):
    (tmp_path / "workflow").mkdir()
    cache = tmp_path / "prover" / "__pycache__"
    cache.mkdir(parents=True)
    monkeypatch.setattr(proofs, "__file__", str(tmp_path / "workflow" / "proofs.py"))
    assert proofs.first_run()
    (cache / "kernel-1.py311.nbi").write_bytes(b"")
    assert not proofs.first_run()
