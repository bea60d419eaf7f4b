"""A folder with a small history: its trades, its pages, and a package of them."""

import pytest

from tests.support import proofs
from tests.support.proofs import (
    SMALL,
    small_chain,
    small_pages,
)
from zkharvest.workflow.own_folder import write_pages


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trades.csv").write_text(SMALL)
    (tmp_path / "p.zkh").write_bytes(small_chain().package)
    write_pages("own", small_pages(), passphrase=None)
    return tmp_path


@pytest.fixture
def test_preset(monkeypatch):
    proofs.allow_test_preset(monkeypatch)
