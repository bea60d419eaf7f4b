"""Every refusal of the trades' readers and importers says what, where and a way out, and each way is followed.

The refusals are read from the sources (`ways.sites`), the ways stand in tables (`ways.exports` and its neighbours). A
refusal that is new, or a hint of other words, fails here until a way in a table meets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ways import beside, by_hand, canonical, exports, forms, said
from tests.support.ways.sites import Site, sites
from tests.support.ways.way import Way

ROOT = Path(__file__).resolve().parents[3] / "zkharvest"
SOURCES = (*sorted((ROOT / "trades").rglob("*.py")), ROOT / "cli" / "trades.py", ROOT / "cli" / "trades_reconcile.py")
SITES = tuple(site for path in SOURCES for site in sites(path, ROOT))
ELSEWHERE = {"--manual", "--skip", "--json"}  # each row's; what --json lists: test_problems_of_one_kind_are_told_once
TABLES = (by_hand, exports, forms, said, beside, canonical)
WAYS: tuple[Way, ...] = tuple(way for table in TABLES for way in table.WAYS)
Met = tuple[Way, str, str]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.says)
def test_a_refusal_is_answered_as_its_hint_says(way: Way, tmp_path: Path) -> None:
    way.follow(tmp_path)


def test_every_refusal_has_a_way_that_is_followed(tmp_path: Path) -> None:
    """Message and hint of each refusal of the sources, in each of its wordings, are met by a way of the tables."""
    met = list(_met(tmp_path))
    assert [f"{site}: {text}" for site in SITES for text in _unmet(site, met)] == []
    for way, message, hint in met:
        assert hint, message
        file = re.match(r"(?P<file>[\w.()+ -]+\.(csv|toml))(:\d+)?(: row \d+|: \w+ \d+|:)", message)
        assert file or "--" in f"{message} {hint}" or not way.run.startswith(("import", "check", "reconcile")), message


def _met(folder: Path) -> Iterator[Met]:
    for n, way in enumerate(WAYS):
        here = folder / str(n)
        here.mkdir()
        yield from ((way, message, hint) for message, hint in way.refusals(here))


def _unmet(site: Site, met: list[Met]) -> list[str]:
    """The texts of a site that no way has met, and the options of its hints that none has used."""
    messages, hints = site.messages or (".*",), site.hints or (".*",)
    mine = [
        (way, message, hint)
        for way, message, hint in met
        if any(re.search(one, message) for one in messages) and any(re.search(one, hint) for one in hints)
    ]
    lacking = [f"message {one}" for one in messages if not any(re.search(one, message) for _, message, _ in mine)]
    for one in hints:
        ways = [way for way, _, hint in mine if re.search(one, hint)]
        if not ways:
            lacking.append(f"hint {one}")
        options = dict.fromkeys(re.findall(r"--[a-z-]+", one.replace("\\", "")))
        unused = [
            option for option in options if option not in ELSEWHERE and not any(_uses(way, option) for way in ways)
        ]
        lacking += [f"{option} in hint {one}" for option in unused]
    return lacking


def _uses(way: Way, option: str) -> bool:
    """Whether the option makes the difference between the two commands: given, left out, or given otherwise."""
    before, after = (re.findall(rf"{option}(?: (\S+))?", line) for line in (way.run, way.by or way.run))
    return before != after


def test_every_refusal_says_what_is_wrong_and_what_to_do() -> None:
    """Words of its own in every message and hint; a row that is refused can always be written by hand or left out."""
    assert [f"{site}: no hint" for site in SITES if site.silent] == []
    for site in SITES:
        for text in (*site.messages, *site.hints):
            words = re.findall(r"[A-Za-z]{2,}|--", re.sub(r"\.\*|\(\?:.*?\)", "", text.replace("\\", "")))
            lists = text.endswith(".*")  # "kinds are a, b, c"
            assert len(words) >= 2 or (lists and words), f"{site}: {text}"
        if site.of_a_row:
            helpless = [text for text in site.hints if "--" not in text.replace("\\", "") and str(site) not in WHOLE]
            assert helpless == [], f"{site}: {helpless}"


WHOLE = {  # refused for what another file or the whole of it lacks: no single row would help
    str(site)
    for site in SITES
    for words in (
        "the money columns are incomplete",
        "instruments of several logs",
        "the coin of the chain",
        "activities",
    )
    if any(words in message.replace("\\", "") for message in site.messages)
}
