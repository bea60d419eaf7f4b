"""What the README quotes is what the program says: `make readme` rewrites the quotes."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def load():
    spec = importlib.util.spec_from_file_location("quote_help", ROOT / "docs" / "quote_help.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_quoted_help_is_current():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- help:") >= 1
    assert load().requote(text) == text, "run `make readme`"
