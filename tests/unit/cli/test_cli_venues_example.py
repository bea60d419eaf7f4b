"""The story of three venues runs as it is printed."""

import runpy
from pathlib import Path

import pytest

STORY = Path(__file__).resolve().parents[3] / "examples" / "venues" / "story.py"


@pytest.mark.slow
def test_the_story_of_three_venues(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(STORY))["story"]()
    shown = capsys.readouterr()
    assert shown.out.count("$ zkharvest page make") == 7
    assert shown.out.count("vouched for by page 1") == 3
    assert "one reference at both ends: [" in shown.out
    assert "does not name page 0 as the one before" in shown.err
