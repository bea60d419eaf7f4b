"""`commit_pages` and `prove_chain`: what a caller in Python gets wrong, and what is said before a proof is made."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests.support.make import trade
from zkharvest.errors import InputError, UsageError
from zkharvest.files.standings import write_standing
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.prover import stark
from zkharvest.trades.text import instant
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.figures import Key, key_elements
from zkharvest.workflow import links, proofs
from zkharvest.workflow.own_folder import commit_pages, read_pages, write_pages
from zkharvest.workflow.prove_chain import doubts, prove_chain, read_standing

TRADES = [
    replace(trade("2024-01-05", "cold/a", "buy", 1, 100), currency="USD"),
    replace(trade("2024-03-05", "cold/b", "sell", 1, 90), currency="USD"),
]
YEAR = {"year": 2024, "method": "fifo", "preset": "test", "timezone": "UTC"}


@pytest.fixture(scope="module")
def own():
    return commit_pages(TRADES, timezone="UTC", seed=bytes(32))


def test_pages_begin_a_multiple_of_four_years_before_they_end(own):
    """How long a history is shows in steps of four years only, as it did under v1."""
    for first, last, begin in ((2024, 2024, 2021), (2021, 2024, 2021), (2020, 2024, 2017), (2023, 2025, 2022)):
        rows = [replace(TRADES[0], time=instant(first, 6, 1)), replace(TRADES[1], time=instant(last, 6, 1))]
        (opening,) = commit_pages(rows, timezone="UTC").openings
        assert (opening.header.start, opening.header.end) == (instant(begin, 1, 1), instant(last + 1, 1, 1))
    (ahead,) = commit_pages(TRADES, timezone="Asia/Tokyo").openings  # its year begins nine hours before UTC's
    assert ahead.header.start == instant(2021, 1, 1) - 9 * 3_600_000


def test_the_seed_decides_the_pages(own, tmp_path):
    assert commit_pages(TRADES, timezone="UTC", seed=bytes(32)).pages == own.pages
    assert commit_pages(TRADES, timezone="UTC").pages != own.pages
    write_pages(tmp_path / "mine", own, passphrase=None)
    again = read_pages(tmp_path / "mine")
    assert (again.openings, again.book, again.seed) == (own.openings, own.book, own.seed)
    assert "100" not in repr(own)
    assert {record.asset for record in own.openings[0].records} == {"slip44:0"}  # as the command names it
    assert commit_pages(TRADES, timezone="UTC", assets={"BTC": "slip44:1"}).openings[0].records[0].asset == "slip44:1"
    with pytest.raises(UsageError, match="go on from their seed"):
        commit_pages(TRADES, before=[own.openings[0].header])
    with pytest.raises(InputError, match="holds other records"):
        commit_pages(
            TRADES[:1], timezone="UTC", seed=bytes(32), before=[own.openings[0].header], end=instant(2026, 1, 1)
        )
    with pytest.raises(InputError, match="nothing to add before that"):
        commit_pages(TRADES, timezone="UTC", seed=bytes(32), before=[own.openings[0].header])
    with pytest.raises(InputError, match="no trades"):
        commit_pages([])
    with pytest.raises(InputError, match="holds 0"):
        commit_pages(TRADES[1:])
    with pytest.raises(TypeError):
        commit_pages([replace(TRADES[0], amount=1.5)])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seed": b"short"}, ValueError, "a seed has 32 bytes, not 5"),
        ({"seed": "ab" * 32}, TypeError, "a seed is bytes, not str"),
        ({"assets": {"BTC": "x" * 500}}, ValueError, "is not an asset id"),
        ({"assets": {"BTC": "bitcoin"}}, ValueError, "is not an asset id"),
        ({"end": 1 << 44}, UsageError, "cannot end behind"),
        ({"end": 1 << 50}, UsageError, "cannot end behind"),
    ],
)
def test_no_pages_are_made_that_could_not_be_read_again(options, error, message):
    """A seed of another length is a damaged file when it is read, and so is an opening with such a name."""
    with pytest.raises(error, match=message):
        commit_pages(TRADES, timezone="UTC", **options)


def test_a_book_is_read_as_files_of_text_are(own, tmp_path):
    """A spreadsheet may have written it: with a byte order mark, or as something else than UTF-8."""
    folder = tmp_path / "mine"
    write_pages(folder, own, passphrase=None)
    book = folder / "book.csv"
    text = book.read_bytes()
    book.write_bytes(b"\xef\xbb\xbf" + text)
    assert read_pages(folder).decided() == own.decided()
    book.write_bytes(text + b"caf\xe9\n")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_pages(folder)


def test_a_link_goes_on_from_something_or_is_the_first(own, tmp_path):
    with pytest.raises(UsageError, match="what do these pages go on from"):
        prove_chain(own, **YEAR)
    made = prove_chain(own, first=True, methods={2023: "lifo"}, **YEAR)
    assert made.carried_out.standing.accounts
    with pytest.raises(UsageError, match="what do these pages go on from"):
        prove_chain(own, first=True, carry_in=made.carried_out, **YEAR)
    with pytest.raises(UsageError, match=r"x\.zks"):
        read_standing(tmp_path / "x.zks")


def test_a_year_before_all_pages_is_refused(own):
    """They begin in 2021: of 2019 there is nothing to say, and of a chain from there neither."""
    for options in ({"year": 2019}, {"methods": {2019: "lifo"}}):
        with pytest.raises(UsageError, match="no page reaches into 2019: the first begins at 2021-01-01") as error:
            prove_chain(own, first=True, **{**YEAR, **options})
        assert "can prove is 2021" in str(error.value)
    with pytest.raises(UsageError, match="there are no pages"):
        prove_chain([], first=True, **YEAR)


def test_a_standing_edited_by_hand_is_told_from_a_bug(tmp_path):
    """What no root covers is compared with the standing: else it comes up later, as a fault of the program."""
    held = commit_pages(TRADES[:1], timezone="UTC", seed=bytes(32))
    made = prove_chain(held, first=True, **YEAR).carried_out
    write_standing(tmp_path / "good.zks", made, passphrase=None)
    assert read_standing(tmp_path / "good.zks").standing == made.standing
    edits = {
        "zone": "Asia/Tokyo", "year": 2023, "pooling": "universal", "instant": made.standing.instant + 1,
        "accounts": [], "seq": 0,
    }  # fmt: skip
    for name, value in edits.items():
        path = tmp_path / f"{name}.zks"
        write_standing(path, replace(made, state={**made.state, name: value}), passphrase=None)
        with pytest.raises(InputError, match="its state and its standing differ"):
            read_standing(path)


WRONG = [
    ({"year": "2024"}, TypeError, "year is a number"),
    ({"method": None}, TypeError, "method is text"),
    ({"method": "hifoo"}, UsageError, "did you mean hifo"),
    ({"methods": {2023: "hifoo"}}, UsageError, "did you mean hifo"),
    ({"methods": {2024: "hifo"}}, UsageError, "not before 2024"),
    ({"methods": {"2023": "hifo"}}, TypeError, "is a number"),
    ({"pooling": "all"}, UsageError, "is not a pooling"),
    ({"regime": "uk"}, UsageError, "uk"),
    ({"nonce": 5}, TypeError, "nonce is bytes"),
    ({"nonce": "xy"}, UsageError, "not hexadecimal"),
    ({"nonce": bytes(33)}, UsageError, "a nonce of 33 bytes"),
    ({"audience": 5}, TypeError, "audience is text"),
    ({"audience": "a\tb"}, UsageError, "the audience"),
    ({"audience": "x" * 201}, UsageError, "the audience"),
    ({"covered": "2026-01-01"}, TypeError, "covered is a date, not str"),
    ({"covered": datetime(2026, 1, 1)}, TypeError, "covered is a date, not datetime"),
    ({"book": "book.csv"}, TypeError, "book is a Book, not str"),
    ({"first": False, "carry_in": b"2025.zks"}, TypeError, "carry_in is a StandingFile, not bytes"),
    ({"preset": "tiny"}, UsageError, "is not a proof size"),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG)
def test_wrong_options_are_said(own, options, error, message):
    """Before any work is done: with a million records it takes minutes until a statement is made."""
    begun = []
    with pytest.raises(error, match=message):
        prove_chain(own, progress=begun.append, **{"first": True, **YEAR, **options})
    assert begun == []


def test_what_is_no_page_is_said():
    with pytest.raises(TypeError, match="pages are what commit_pages returns"):
        prove_chain(TRADES, first=True, **YEAR)


def test_what_is_probably_not_meant_is_said_before_a_proof_is_made(own):
    def of(year, now, pooling=Pooling.WALLET):
        return doubts(own.openings, [Election(Method.FIFO, pooling, "UTC", year)], now=now / 1000)

    assert of(2024, instant(2026, 1, 1), Pooling.UNIVERSAL) == []
    empty, pool = of(2025, instant(2026, 1, 1), Pooling.UNIVERSAL)
    assert "one pool in 2025: for sales from 2025 on, Reg. 1.1012-1(j)" in pool
    assert of(2025, instant(2026, 1, 1)) == [empty]

    assert of(2024, instant(2025, 1, 1)) == []
    assert of(2024, instant(2024, 12, 31)) == [
        "the tax year 2024 is not over until 2025-01-01T00:00:00Z: later records are not in it"
    ]
    assert of(2023, instant(2025, 1, 1)) == ["none of the committed records is in the tax year 2023"]
    told = []
    with pytest.raises(UsageError):
        prove_chain(own, first=True, **{**YEAR, "year": 2022, "preset": "tiny"}, warn=told.append)
    assert told == ["none of the committed records is in the tax year 2022"]


UNPOSTED = [
    Key("HOLD", asset="BTC", source=0, side="0"),
    Key("HOLD", asset="\u0455lip44:0", source=0, side="0"),  # a Cyrillic letter: it prints as slip44:0
    Key("HOLD", asset="bip122:000000000019d6689c085ae165831e93/slip44:0", source=0, side="0"),  # not the canonical id
    Key("L1", asset="slip44:0", source=0, kind=1, origin="venue"),  # a purchase is of a side
]


@pytest.mark.parametrize("lie", UNPOSTED, ids=lambda key: f"{key.level}-{key.asset}")
def test_no_holding_of_0_under_another_name_is_stated(monkeypatch, lie):
    """The coin of January is held, and cost 100. The circuit has zeros under these keys, which a liar shows."""
    made = commit_pages(TRADES[:1], timezone="UTC", seed=bytes(32))
    header = made.openings[0].header
    elements = key_elements(lie, [(header.source, header.account)])
    fields, key = links._fields, links._key
    monkeypatch.setattr(links, "SHOWN", (*links.SHOWN, (lie, ("units" if lie.level == "HOLD" else "basis",))))
    monkeypatch.setattr(links, "_fields", lambda one: elements if one == lie else fields(one))
    monkeypatch.setattr(links, "_key", lambda one: lie if tuple(one) == tuple(elements) else key(one))
    monkeypatch.setattr(links, "same_standing", lambda *_: True)  # he does not compare his own
    with pytest.raises(UsageError, match=f"a figure of {lie.level} says nothing but 0"):
        prove_chain(made, first=True, **YEAR)


def test_steps_are_told(own):
    told = []
    prove_chain(own, first=True, **YEAR, progress=told.append)
    assert told[0] == "running the ledger"
    assert {"filling the tables", "folding", "verifying"} <= set(told)
    assert "" not in told


def test_two_proofs_of_one_statement_differ_in_every_part_that_is_random(own):
    first, second = (decode_chain_package(prove_chain(own, first=True, **YEAR).package).parts[0] for _ in range(2))
    same = {name: value for name, value in first.statement.items() if name != "carried_out"}
    assert {name: value for name, value in second.statement.items() if name != "carried_out"} == same
    assert first.statement["carried_out"] != second.statement["carried_out"]  # under a key of its own
    assert first.proof[:32] != second.proof[:32]


def test_a_proof_that_does_not_verify_is_not_handed_out(own, monkeypatch):
    honest = stark.prove_circuit

    def broken(*arguments, **named):
        proof = bytearray(honest(*arguments, **named))
        proof[len(proof) // 2] ^= 1
        return bytes(proof)

    monkeypatch.setattr(stark, "prove_circuit", broken)
    with pytest.raises(proofs.SelfCheckError, match="does not verify"):
        prove_chain(own, first=True, **YEAR)


def test_tall_ledgers_take_the_preset_for_them():
    assert proofs.find_preset("balanced", 16).name == "balanced"
    assert proofs.find_preset("balanced", 17).name == "large"
    assert proofs.find_preset("test", 20).name == "test"


def test_the_first_run_is_told_from_later_ones(tmp_path, monkeypatch):
    (tmp_path / "workflow").mkdir()
    cache = tmp_path / "prover" / "__pycache__"
    cache.mkdir(parents=True)
    monkeypatch.setattr(proofs, "__file__", str(tmp_path / "workflow" / "proofs.py"))
    assert proofs.first_run()
    (cache / "kernel-1.py311.nbi").write_bytes(b"")
    assert not proofs.first_run()
