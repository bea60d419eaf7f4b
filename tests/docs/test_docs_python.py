"""The examples of docs/python.md run as they stand, one after the other, and every public name is in its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import zkharvest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, names = DOCUMENT.read_text(encoding="utf-8"), {}
    blocks = BLOCK.findall(text)
    assert len(blocks) == text.count("```python") >= 7
    for number, block in enumerate(blocks):
        exec(compile(block, f"docs/python.md, example {number + 1}", "exec"), names)


def test_every_public_name_is_listed():
    table = DOCUMENT.read_text(encoding="utf-8").rpartition("## The names")[2]
    listed = set(re.findall(r"[A-Za-z_]+", " ".join(re.findall(r"`([^`]+)`", table))))
    assert set(zkharvest.__all__) - {"__version__"} <= listed
