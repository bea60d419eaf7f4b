"""The local exchange of examples/harvest-story, for the tests: real ccxt, real HTTP, on loopback."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "examples" / "harvest-story" / "venue.py"
_spec = importlib.util.spec_from_file_location("harvest_story_venue", _FILE)
venue = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = venue
_spec.loader.exec_module(venue)

Exchange, Binance, Deribit, serving = venue.Exchange, venue.Binance, venue.Deribit, venue.serving
KEY, SECRET = venue.KEY, venue.SECRET


def keys(monkeypatch, *labels):
    """The server's key as the environment holds it."""
    for label in labels:
        monkeypatch.setenv(f"ZKHARVEST_{label.upper()}_KEY", KEY)
        monkeypatch.setenv(f"ZKHARVEST_{label.upper()}_SECRET", SECRET)
