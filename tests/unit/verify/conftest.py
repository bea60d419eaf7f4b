"""Makes the helpers beside the tests importable: test folders are not packages."""

import importlib.util
import sys
from pathlib import Path

for _name in ("tiny_circuit", "reference_prover"):
    _module_name = f"verify_{_name}"
    if _module_name not in sys.modules:
        _spec = importlib.util.spec_from_file_location(_module_name, Path(__file__).with_name(f"{_name}.py"))
        _module = importlib.util.module_from_spec(_spec)
        sys.modules[_module_name] = _module
        _spec.loader.exec_module(_module)
