"""examples/harvest-story: the loss that the plan realises is the loss that the proof declares."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_the_story_ends_well(tmp_path):
    story = ROOT / "examples" / "harvest-story" / "story.py"
    done = subprocess.run(
        [sys.executable, str(story), str(tmp_path)], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "the proof declares it exactly" in done.stdout
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["gaps"] == []
    assert {lot["lot"] for lot in record["lots"]} >= {"coinbase/s2", "coinbase/s3"}
    assert "Realised against estimated" in (tmp_path / "page.html").read_text()
