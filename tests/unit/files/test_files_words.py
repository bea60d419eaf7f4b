"""Backups on paper: words that notice their faults, sheets that are read back."""

import re
from hashlib import sha256

import pytest

from zkharvest.errors import UsageError
from zkharvest.files import sheets
from zkharvest.files.sheets import Entry, html_sheet, payload, read_words, text_sheet
from zkharvest.files.words import COUNT, Backup, Secret, fingerprint, from_words, to_words

BACKUP = Backup(Secret.SEED, sha256(b"seed").digest(), fingerprint(b"a", b"b"))
OTHER = Backup(Secret.BLS, bytes(31) + b"\1", bytes(4))
PUBLIC = [("records", "5, in USD"), ("kraken<b>", "00" * 36)]


def entries(*backups):
    return [Entry("secret.zko", "opening", backup, PUBLIC) for backup in backups]


@pytest.mark.parametrize("backup", [BACKUP, OTHER, Backup(Secret.ED25519, b"\xff" * 32, b"\xff" * 4)])
def test_words_read_back(backup):
    words = to_words(backup)
    assert len(words) == COUNT == 28
    assert from_words(words) == backup
    assert from_words(word.upper()[:4] for word in words) == backup
    assert backup.secret.hex() not in repr(backup)


def test_known_words():
    """What is printed once must be readable for ever: this changes only with the format's version."""
    words = " ".join(to_words(Backup(Secret.SEED, bytes(32), bytes(4))))
    assert words == "divorce " + "abandon " * 25 + "addict route"


def test_faults_are_noticed():
    words = to_words(BACKUP)
    swapped = [*words[:4], words[5], words[4], *words[6:]]
    assert words[4] != words[5]
    for broken, why in (
        (swapped, "checksum"),
        ([*words[:9], "zoo" if words[9] != "zoo" else "zone", *words[10:]], "checksum"),
        ([*words[:9], "nonsense", *words[10:]], "word 10 is not on the list"),
        (words[:-1], "27 words, a backup has 28"),
        ([*words, "zoo"], "29 words"),
        ([], "0 words"),
    ):
        with pytest.raises(UsageError, match=why):
            from_words(broken)


def test_an_unknown_kind_is_named():
    number = (9 << 288) << 16
    from zkharvest.files.words import _checksum, _word_list

    number |= _checksum(9 << 288)
    words = [_word_list()[number >> 11 * (COUNT - 1 - i) & 0x7FF] for i in range(COUNT)]
    with pytest.raises(UsageError, match="kind 9"):
        from_words(words)


def test_a_fingerprint_has_no_two_readings():
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")


@pytest.mark.parametrize("make", [text_sheet, html_sheet])
def test_a_sheet_is_read_back(make):
    assert read_words(make(entries(BACKUP), "2026-01-31").decode()) == BACKUP
    with pytest.raises(UsageError, match="more than one backup"):
        read_words(make(entries(BACKUP, OTHER), "2026-01-31").decode())


def test_what_a_person_types_is_read():
    words = to_words(BACKUP)
    assert read_words(" ".join(words)) == BACKUP
    assert read_words("\n".join(f"{i + 1}. {word}" for i, word in enumerate(words))) == BACKUP
    assert read_words(f"  {payload(BACKUP)}\n") == BACKUP


def test_a_sheet_says_what_it_is_of_and_runs_nothing():
    page = html_sheet(entries(BACKUP), "2026-01-31").decode()
    assert page.startswith("<!doctype html>\n<!-- zkharvest backup sheet 1 -->")
    assert "kraken&lt;b&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    text = text_sheet(entries(BACKUP), "2026-01-31").decode()
    assert text.startswith("zkharvest backup sheet 1\n")
    assert "00" * 36 in text


def test_a_qr_code_stands_on_it_where_the_library_is_there(monkeypatch):
    pytest.importorskip("segno")
    assert sheets.has_qr()
    page = html_sheet(entries(BACKUP), "").decode()
    assert re.search(r'<svg [^>]*viewBox="0 0 (\d+) \1"', page), "without it the style's size would cut the code off"
    assert "\u2588" in text_sheet(entries(BACKUP), "").decode()
    monkeypatch.setattr(sheets, "_segno", lambda: None)
    assert "<svg" not in html_sheet(entries(BACKUP), "").decode()
    assert read_words(text_sheet(entries(BACKUP), "").decode()) == BACKUP
