"""py_ecc's own pairings are not imported to check a signature, and are there for whoever calls them."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from zkharvest.sign.bls import Signed, check_signed
from zkharvest.sign.keys import Scheme, generate_key

name = "py_ecc.optimized_bls12_381.optimized_pairing"
key = generate_key(Scheme.BLS)
public, signature = key.public(), key.sign(b"m")
check_signed([Signed(public.key, public.pop, b"m")], signature)
assert "exptable" not in vars(sys.modules[name])
assert not hasattr(sys.modules[name], "__path__")

from py_ecc.bls import G2ProofOfPossession
assert G2ProofOfPossession.AggregateVerify([public.key], [b"m"], signature)
assert not G2ProofOfPossession.AggregateVerify([public.key], [b"n"], signature)
assert len(sys.modules[name].exptable) == 12
"""
ANOTHER = """
import sys
from zkharvest.sign.bls_loading import load

load()
name = "py_ecc.optimized_bls12_381.optimized_pairing"
later = sys.modules[name]
assert len(later.exptable) == 12
assert later is not sys.modules[name]
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_pairings_are_imported_where_they_are_called():
    run(CODE)


def test_whatever_else_is_asked_of_their_module_is_there():
    run(ANOTHER)
