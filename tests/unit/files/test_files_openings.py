"""The opening file: private, sealed or plain, its header read first, checked when read."""

import gc
import stat
from hashlib import sha256

import msgpack
import pytest

from tests.support.proofs import small_opening
from zkharvest.errors import InputError, UsageError
from zkharvest.files.container import CHECKSUM_BYTES, pack, unpack
from zkharvest.files.openings import FORM, VERSION, describe_opening, is_sealed, read_opening, write_opening
from zkharvest.spec import OPENING_MAGIC
from zkharvest.verifier import wire

PASS = "correct horse battery staple"
ROOTS = [{"id": source, "root": root.hex()} for source, root in small_opening().roots.items()]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "secret.zko"
    write_opening(path, small_opening(), passphrase=None)
    return path


def first_version():
    """As the first program wrote it: no file, no lines."""
    payload = small_opening().to_map()
    payload = {key: payload[key] for key in ("currency", "roots", "seed", "trades")}
    payload["trades"] = [fields[:10] for fields in payload["trades"]]
    whole = {"envelope": "plain", "payload": payload}
    return OPENING_MAGIC + b"\x01" + msgpack.packb(whole, use_bin_type=True)


def rewrite(path, change):
    """Change payload or header and make the checksum right: on purpose, not by accident."""
    header, payload = unpack(FORM, path.read_bytes(), None, path)
    whole = {"header": header, "payload": msgpack.unpackb(payload)}
    change(whole)
    header = {key: value for key, value in whole["header"].items() if key != "envelope"}
    path.write_bytes(pack(FORM, header, msgpack.packb(whole["payload"]), None))


def test_it_reads_back_what_was_written(path):
    read = read_opening(path)
    assert read.trades == small_opening().trades
    assert read.roots == small_opening().roots
    assert read.seed == small_opening().seed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sealed_it_shows_nothing_but_its_header(tmp_path, cheap_scrypt):
    path = tmp_path / "secret.zko"
    write_opening(path, small_opening(), passphrase=PASS)
    data = path.read_bytes()
    assert is_sealed(data, path)
    for text in (b"BTC", b"transfer", small_opening().seed, b"2024"):
        assert text not in data
    assert read_opening(path, PASS).roots == small_opening().roots
    assert read_opening(path, lambda: PASS).roots == small_opening().roots
    assert describe_opening(path)["sources"] == ROOTS
    for wrong in (None, "another"):
        with pytest.raises(UsageError, match="passphrase"):
            read_opening(path, wrong)


def test_the_first_version_is_read(path):
    path.write_bytes(first_version())
    assert read_opening(path).roots == small_opening().roots
    assert not is_sealed(path.read_bytes(), path)
    shown = describe_opening(path)
    assert (shown["version"], shown["records"], shown["sources"]) == (1, None, ROOTS)


def test_a_large_one_of_the_first_version_is_described_from_its_beginning(path):
    """The trades may be gigabytes of nonsense: nobody looks at them."""
    data = first_version()
    at = data.index(b"\xa4seed")
    path.write_bytes(data[:at] + b"\xc1" * (1 << 21))
    assert describe_opening(path)["sources"] == ROOTS
    with pytest.raises(InputError, match="damaged opening file"):
        read_opening(path)


def test_it_is_not_overwritten(path):
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        write_opening(path, small_opening(), passphrase=None)
    assert path.read_bytes() == before
    write_opening(path, small_opening(), passphrase=None, force=True)


def test_it_is_refused_when_others_can_read_it(path):
    path.chmod(0o644)
    for read in (read_opening, describe_opening):
        with pytest.raises(UsageError, match="other users"):
            read(path)


def test_another_kind_of_file_is_named_before_its_rights(tmp_path):
    path = tmp_path / "x"
    for data, told in (
        (b"time,source,id,kind\n", "it is a trades CSV"),
        (b"\x89ZKH\r\n\x1a\n\x01", "it is an audit package (.zkh)"),
        (b"-----BEGIN PRIVATE KEY-----\n", "it is a private key"),
        (b"zkharvest public key 1\n", "it is a public key"),
        (b"%PDF-1.7", "zkharvest commit writes one (.zko)"),
    ):
        path.write_bytes(data)
        path.chmod(0o644)
        with pytest.raises(UsageError, match="not an opening file") as caught:
            read_opening(path)
        assert caught.value.hint == told


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


def another_header_root(whole):
    whole["header"]["sources"][0]["root"] = bytes(36)


def another_header_count(whole):
    whole["header"]["records"] += 1


def no_header_sources(whole):
    del whole["header"]["sources"]


def odd_trade(whole):
    whole["payload"]["trades"][0] = []


CHANGES = [
    *(change_trade, change_seed, change_root, drop_seed, no_map, odd_trade),
    *(another_header_root, another_header_count, no_header_sources),
]


@pytest.mark.parametrize("change", CHANGES)
def test_damage_is_noticed_before_anything_is_proven(path, change):
    rewrite(path, change)
    with pytest.raises(InputError, match="damaged opening file"):
        read_opening(path)


def test_truncations_are_damage_or_no_opening(path):
    data = path.read_bytes()
    for length in (
        0,
        5,
        len(OPENING_MAGIC),
        len(OPENING_MAGIC) + 1,
        len(OPENING_MAGIC) + 2,
        len(data) // 2,
        len(data) - 1,
    ):
        path.write_bytes(data[:length])
        with pytest.raises((InputError, UsageError)):
            read_opening(path)


def test_other_files_and_newer_ones_are_no_openings(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(OPENING_MAGIC)] + bytes([VERSION + 1]) + data[len(OPENING_MAGIC) + 1 :])
    with pytest.raises(UsageError, match="version 3") as caught:
        read_opening(path)
    assert caught.value.hint == "update zkharvest"


def test_an_unknown_envelope_is_named(path):
    data = OPENING_MAGIC + b"\x01" + msgpack.packb({"envelope": "age", "payload": b"sealed"})
    header = wire.encode({"envelope": "age"})
    newer = OPENING_MAGIC + b"\x02" + len(header).to_bytes(4, "big") + header
    for odd in (data, newer + sha256(newer).digest()):
        path.write_bytes(odd)
        for reader in (read_opening, describe_opening):
            with pytest.raises(UsageError, match="unknown envelope 'age'"):
                reader(path)


def test_describing_shows_the_commitments_and_nothing_of_the_trades(path):
    assert describe_opening(path) == {
        "version": 2, "envelope": "plain", "sealed": False, "checked": False, "bytes": path.stat().st_size,
        "currency": "USD", "records": 5, "sources": ROOTS,
    }  # fmt: skip


def test_a_file_that_is_too_large_is_no_opening(path):
    data = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(FORM.max_bytes + 1)  # sparse
    for reader in (read_opening, describe_opening):
        with pytest.raises(InputError, match="more than 268435456 bytes"):
            reader(path)
    path.write_bytes(data[:-CHECKSUM_BYTES] + bytes(CHECKSUM_BYTES))
    with pytest.raises(InputError, match="its checksum is wrong"):
        read_opening(path)


def test_the_collector_of_cycles_comes_back(path):
    read_opening(path)
    assert gc.isenabled()
    gc.disable()
    try:
        read_opening(path)
        assert not gc.isenabled()
    finally:
        gc.enable()
