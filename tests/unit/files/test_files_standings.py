"""Files of standings: written whole, read back with their roots, sealed, and every damage named."""

import json
from dataclasses import replace
from hashlib import sha256

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.errors import InputError, UsageError
from zkharvest.files import container
from zkharvest.files import standings as module
from zkharvest.files.kinds import Kind, kind_of
from zkharvest.files.standings import (
    FORM,
    StandingFile,
    is_sealed,
    parse_standing,
    read_standing_file,
    standing_bytes,
    write_standing,
)
from zkharvest.spec import STANDING_MAGIC
from zkharvest.verifier.standing import AccountState, Standing
from zkharvest.workflow.inspect import describe

KEY = bytes(range(32))
STATE = {"lots": [["slip44:0", 5]], "seq": 7, "tokens": []}


def roots(state, key):
    """Stand for the trees: something that both parts and the key go into."""
    if set(state) != set(STATE):
        raise ValueError("no state")

    def root(part):
        return sha256(key + msgpack.packb(part)).digest() + bytes(4)

    return root([state["lots"], state["tokens"]]), root(state["seq"])


LOTS, SUMS = roots(STATE, KEY)
STANDING = Standing(
    1_000, "USD", "wallet", "UTC", 2024, LOTS, SUMS,
    (AccountState("kraken", "K-1", 0, bytes(32), 2_000, open=True, final=False),),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _below_p(monkeypatch):
    """The stand-in roots are no field elements: the verifier's reader would refuse them."""
    monkeypatch.setattr("zkharvest.verifier.standing.root_of", lambda value, where: value)


GOOD = StandingFile(STANDING, KEY, STATE)


def test_a_standing_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "2024.zks"
    write_standing(path, GOOD, passphrase=None)
    assert path.stat().st_mode & 0o077 == 0
    assert kind_of(path.read_bytes()) is Kind.STANDING
    assert read_standing_file(path, roots) == GOOD
    with pytest.raises(UsageError):
        write_standing(path, GOOD, passphrase=None)
    write_standing(path, GOOD, passphrase=None, force=True)
    shown = describe(path)
    assert shown["standing"] == STANDING.name.hex()
    assert shown["sealed"] is False
    json.dumps(shown)


def test_a_sealed_one_needs_its_passphrase(monkeypatch):
    monkeypatch.setattr(module.container.sealing, "STANDARD", replace(module.container.sealing.STANDARD, log_n=14))
    data = standing_bytes(GOOD, "correct horse")
    assert is_sealed(data, "x")
    assert not is_sealed(standing_bytes(GOOD, None), "x")
    assert parse_standing(data, "x", roots, "correct horse") == GOOD
    with pytest.raises(UsageError, match="passphrase"):
        parse_standing(data, "x", roots)
    with pytest.raises(UsageError, match="wrong passphrase"):
        parse_standing(data, "x", roots, "battery")
    assert b"slip44" not in data


def test_what_does_not_give_the_roots_is_damaged():
    for changed in (
        replace(GOOD, key=bytes(32)),
        replace(GOOD, state={**STATE, "seq": 8}),
        replace(GOOD, state={**STATE, "lots": []}),
        replace(GOOD, standing=replace(STANDING, lots=SUMS)),
        replace(GOOD, state={"seq": 7}),
    ):
        with pytest.raises(InputError, match="damaged standing"):
            parse_standing(standing_bytes(changed, None), "x", roots)


@pytest.mark.parametrize(
    ("public", "payload", "what"),
    [
        ({}, {"key": KEY, "state": STATE}, "has no standing"),
        ({"standing": b"x"}, {"key": KEY, "state": STATE}, "damaged standing"),
        ({"standing": STANDING.encode()}, {"key": KEY}, "its parts"),
        ({"standing": STANDING.encode()}, {"key": b"", "state": STATE}, "is missing"),
        ({"standing": STANDING.encode()}, {"key": KEY, "state": []}, "is missing"),
        ({"standing": STANDING.encode()}, 7, "its parts"),
    ],
)
def test_parts_that_are_not_of_it(public, payload, what):
    with pytest.raises(InputError, match=what):
        parse_standing(container.pack(FORM, public, msgpack.packb(payload), None), "x", roots)


def test_other_files_and_newer_ones_are_told_apart():
    with pytest.raises(UsageError, match="not a standing"):
        parse_standing(b"ZKHARVEST-PAGE\n\x01", "x", roots)
    newer = STANDING_MAGIC + b"\x02" + standing_bytes(GOOD, None)[len(STANDING_MAGIC) + 1 :]
    with pytest.raises(UsageError, match="version 2"):
        parse_standing(newer, "x", roots)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_standing_or_one_of_our_errors(data):
    good = standing_bytes(GOOD, None)
    place = data.draw(st.integers(0, len(good) - 1))
    changed = good[:place] + data.draw(st.binary(max_size=3)) + good[place + data.draw(st.integers(0, 3)) :]
    try:
        assert parse_standing(changed, "x", roots) == GOOD
        assert changed == good
    except (InputError, UsageError):
        assert changed != good


def test_a_standing_is_a_secret_that_can_be_sealed_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zkharvest.ledger.history.standing_map.standing_of", lambda state: state)
    monkeypatch.setattr("zkharvest.workflow.standing_lanes.roots_of", roots)
    monkeypatch.setattr(module.container.sealing, "STANDARD", replace(module.container.sealing.STANDARD, log_n=14))
    path, words = tmp_path / "2024.zks", tmp_path / "words"
    write_standing(path, GOOD, passphrase=None)
    words.write_text("correct horse battery\n")
    words.chmod(0o600)
    assert main(["secret", "show", str(path)]) == ExitCode.DONE
    assert STANDING.name.hex() in capsys.readouterr().out
    assert main(["secret", "passwd", str(path), "--new-passphrase-file", str(words)]) == ExitCode.DONE
    assert is_sealed(path.read_bytes(), path)
    assert parse_standing(path.read_bytes(), path, roots, "correct horse battery") == GOOD
    sheet = ["secret", "backup", str(path), "-o", str(tmp_path / "sheet.txt"), "--passphrase-file", str(words)]
    assert main(sheet) == ExitCode.USAGE
    assert "cannot be made again" in capsys.readouterr().err
