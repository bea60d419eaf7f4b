"""examples/harvest-story: the loss that the plans realise is the loss that the proof declares."""

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
    first, second = (json.loads((tmp_path / f"record-{n}.json").read_text()) for n in (1, 2))
    assert (first["gaps"], second["gaps"]) == ([], [])
    assert [lot["lot"] for lot in (*first["lots"], *second["lots"])] == ["coinbase/s2", "coinbase/s3"]
    assert "BTC/USDC:USDC" in first["elsewhere"][0]
    page = (tmp_path / "page.html").read_text()
    for part in ("Realised against estimated", "Greeks of BTC", "Threshold", "Forecast"):
        assert part in page
