"""Makes the helpers beside the tests importable (test folders are not packages); proves once what many tests read."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

for _name in ("tiny_circuit", "reference_prover"):
    _module_name = f"verify_{_name}"
    if _module_name not in sys.modules:
        _spec = importlib.util.spec_from_file_location(_module_name, Path(__file__).with_name(f"{_name}.py"))
        _module = importlib.util.module_from_spec(_spec)
        sys.modules[_module_name] = _module
        _spec.loader.exec_module(_module)


@dataclass(frozen=True)
class Proven:
    """An honest proof of the tiny circuit under the test preset, its public data, and where its parts lie."""

    proof: bytes
    public: object
    indices: tuple
    parts: dict


@pytest.fixture(scope="session")
def proven():
    import verify_reference_prover
    import verify_tiny_circuit as tiny

    from tests.support.proof_layout import layout
    from zkharvest.verifier.params import PRESETS

    params = PRESETS["test"].params
    traces, public = tiny.honest()
    seen = {}
    proof = verify_reference_prover.prove(
        tiny.DESCRIPTION, tiny.DIGEST, params, tiny.LOG_ROWS, public, traces, notes=seen
    )
    parts = layout(tiny.DESCRIPTION, params, tiny.HEIGHTS, seen["indices"])
    return Proven(proof, public, seen["indices"], parts)
