"""The opening file: private, checked when read, with room for an envelope."""

import gc
import stat

import msgpack
import pytest

from tests.support.proofs import small_opening
from zkharvest.errors import InputError, UsageError
from zkharvest.files import openings as opening_file
from zkharvest.files.openings import MAGIC, describe_opening, read_opening, write_opening


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "secret.zko"
    write_opening(path, small_opening())
    return path


def rewrite(path, change):
    data = path.read_bytes()
    whole = msgpack.unpackb(data[len(MAGIC) + 1 :])
    change(whole)
    path.write_bytes(data[: len(MAGIC) + 1] + msgpack.packb(whole))


def test_it_reads_back_what_was_written(path):
    read = read_opening(path)
    assert read.trades == small_opening().trades
    assert read.roots == small_opening().roots
    assert read.seed == small_opening().seed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_not_overwritten(path):
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        write_opening(path, small_opening())
    assert path.read_bytes() == before


def test_it_is_refused_when_others_can_read_it(path):
    path.chmod(0o644)
    for read in (read_opening, describe_opening):
        with pytest.raises(UsageError, match="other users"):
            read(path)


def change_trade(whole):
    whole["payload"]["trades"][0][5] = "1"


def change_seed(whole):
    whole["payload"]["seed"] = bytes(32)


def change_root(whole):
    name = next(iter(whole["payload"]["roots"]))
    whole["payload"]["roots"][name] = bytes(36)


def drop_seed(whole):
    del whole["payload"]["seed"]


def no_map(whole):
    whole["payload"] = 1


def one_more(whole):
    whole["more"] = 1


def odd_trade(whole):
    whole["payload"]["trades"][0] = []


@pytest.mark.parametrize("change", [change_trade, change_seed, change_root, drop_seed, no_map, one_more, odd_trade])
def test_damage_is_noticed_before_anything_is_proven(path, change):
    rewrite(path, change)
    with pytest.raises(InputError, match="damaged opening file"):
        read_opening(path)


def test_truncations_are_damage_or_no_opening(path):
    data = path.read_bytes()
    for length in (0, 5, len(MAGIC), len(MAGIC) + 1, len(MAGIC) + 2, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises((InputError, UsageError)):
            read_opening(path)


def test_other_files_and_newer_ones_are_no_openings(path):
    data = path.read_bytes()
    path.write_bytes(b"time,source\n")
    with pytest.raises(UsageError, match="not an opening file"):
        read_opening(path)
    path.write_bytes(data[: len(MAGIC)] + b"\x02" + data[len(MAGIC) + 1 :])
    with pytest.raises(UsageError, match="version 2") as caught:
        read_opening(path)
    assert caught.value.hint == "update zkharvest"


def test_an_unknown_envelope_is_named(path):
    def seal(whole):
        whole["envelope"] = "scrypt-chacha20poly1305"
        whole["payload"] = b"sealed"

    rewrite(path, seal)
    with pytest.raises(UsageError, match="unknown envelope 'scrypt-chacha20poly1305'"):
        read_opening(path)
    assert describe_opening(path)["envelope"] == "scrypt-chacha20poly1305"


def test_describing_shows_nothing_of_the_trades(path):
    assert describe_opening(path) == {"version": 1, "envelope": "plain", "bytes": path.stat().st_size}
    assert opening_file.VERSION == 1


def test_the_collector_of_cycles_comes_back(path):
    read_opening(path)
    assert gc.isenabled()
    gc.disable()
    try:
        read_opening(path)
        assert not gc.isenabled()
    finally:
        gc.enable()
