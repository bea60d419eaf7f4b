"""Files are written whole or not at all, private where they must be, and never over another by accident."""

import os
import stat
import subprocess
import sys

import pytest

from zkharvest.errors import UsageError
from zkharvest.files import atomic as files


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_written_and_read_back(tmp_path):
    path = tmp_path / "a"
    files.write_file(path, b"one")
    assert files.read_file(path) == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_public_files_follow_the_umask_and_private_ones_do_not(tmp_path):
    old = os.umask(0o027)
    try:
        files.write_file(tmp_path / "public", b"")
        files.write_file(tmp_path / "private", b"", private=True)
    finally:
        os.umask(old)
    assert mode(tmp_path / "public") == 0o640
    assert mode(tmp_path / "private") == 0o600


def test_nothing_is_overwritten_without_force(tmp_path):
    path = tmp_path / "a"
    files.write_file(path, b"one")
    with pytest.raises(UsageError, match="exists already") as caught:
        files.write_file(path, b"two")
    assert "--force" in caught.value.hint
    assert path.read_bytes() == b"one"
    files.write_file(path, b"two", force=True)
    assert path.read_bytes() == b"two"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    path = tmp_path / "a"
    real = os.link

    def link(source, target):
        path.write_bytes(b"theirs")
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(UsageError, match="exists already"):
        files.write_file(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_system_without_links_is_served(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(95, "not supported")))
    files.write_file(tmp_path / "a", b"one")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(UsageError, match="No space left"):
        files.write_file(path, b"new", force=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        files.write_file(tmp_path / "a", b"new")
    assert os.listdir(tmp_path) == []


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        files.write_file(tmp_path / "none" / "a", b"")
    with pytest.raises(UsageError, match="no such directory"):
        files.ensure_writable(tmp_path / "none" / "a")


def test_devices_are_written_through_not_replaced(tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
    files.ensure_writable(fifo)
    files.write_file(fifo, b"through")
    assert reader.communicate()[0] == b"through"
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_dash_is_the_standard_stream():
    code = "from zkharvest.files import atomic; atomic.write_file('-', atomic.read_file('-') * 2)"
    done = subprocess.run([sys.executable, "-c", code], input=b"\x00x", capture_output=True, check=True)
    assert done.stdout == b"\x00x\x00x"


def test_of_a_large_file_only_so_much_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert files.read_file(tmp_path / "a", at_most=5) == b"12345"
    assert files.read_file(tmp_path / "a", at_most=4) == b"1234"


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_secrets_that_others_have_access_to_are_refused(tmp_path, bits):
    path = tmp_path / "secret"
    files.write_file(path, b"s", private=True)
    assert files.read_private_file(path) == b"s"
    path.chmod(bits)
    with pytest.raises(UsageError, match="other users") as caught:
        files.read_private_file(path)
    assert caught.value.hint == f"chmod 600 {path}"


def test_a_missing_file_is_a_usage_error(tmp_path):
    for read in (files.read_file, files.read_private_file):
        with pytest.raises(UsageError, match="cannot be read"):
            read(tmp_path / "none")


def test_a_folder_goes_again_if_nothing_came_into_it(tmp_path):
    new, kept = tmp_path / "a" / "b", tmp_path / "c" / "d"
    with pytest.raises(KeyError), files.folder_for(new, private=True):
        assert new.stat().st_mode & 0o777 == 0o700
        raise KeyError
    with pytest.raises(KeyError), files.folder_for(kept):
        (kept / "file").touch()
        raise KeyError
    with pytest.raises(KeyError), files.folder_for(tmp_path / "c"):  # it was there
        raise KeyError
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["c", "c/d", "c/d/file"]
    with pytest.raises(UsageError, match="cannot be made"), files.folder_for(kept / "file" / "below"):
        pass
    with pytest.raises(UsageError, match="cannot be made"), files.folder_for(kept / "file"):
        pass
