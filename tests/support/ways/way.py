"""A refusal and its way out: files and a command that is refused, then what its hint says, and what comes of it."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from zkharvest.cli import main

_PLACES = re.compile(r'into a --manual file, with "(?P<places>[^"]+)" in its origin column')
_SKIP = re.compile(r"leave (?:it|them) out with (?P<skips>--skip .*?=REASON)(?=$|[;,] )")
_TIME = re.compile(r"is not the time of \S+, which is (?P<time>\S+)")
_KIND = re.compile(r"\b(buy|sell|income|spend|withdraw|deposit|transfer|convert)\b(?= row| of)|\blegs\b")
_HEAD = "time,source,id,kind,asset,quantity,amount,currency,to,into,into_quantity,origin\n"
_ROWS = {  # a canonical row of each kind that a hint may name, without time and origin
    "buy": "by-hand,{id},buy,HANDMADE,3,30,{currency},,,",
    "sell": "by-hand,{id},sell,HANDMADE,3,30,{currency},,,",
    "income": "by-hand,{id},income,HANDMADE,3,30,{currency},,,",
    "spend": "by-hand,{id},spend,HANDMADE,3,30,{currency},,,",
    "deposit": "by-hand,{id},deposit,HANDMADE,3,,{currency},,,",
    "withdraw": "by-hand,{id},withdraw,HANDMADE,3,,{currency},,,",
    "transfer": "by-hand,{id},transfer,HANDMADE,3,,{currency},cold,,",
    "convert": "by-hand,{id},convert,HANDMADE,3,,{currency},,HANDMADE2,3",
}


Files = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Way:
    """A refusal, what its hint says to do, and what must come of it.

    says   words of the message
    files  the files before, by name
    run    the command that is refused, without `zkharvest trades`
    hint   words of the hint that are followed
    then   files that are written, or written anew, as the hint says; None takes one away
    by     the command then, if it is another
    rows   lines of the output that must be there: of an import the trades, else what is printed
    """

    says: str
    files: Mapping[str, str]
    run: str
    hint: str
    then: Files = field(default_factory=dict)
    by: str = ""
    rows: tuple[str, ...] = ()

    def refusals(self, folder: Path) -> list[tuple[str, str]]:
        """Message and hint of what the command is refused for, where it says what this way is of."""
        write(folder, self.files)
        code, said = command(folder, self.run)
        assert code in (1, 2), said
        assert not (folder / "out.csv").exists(), "something was written"
        found = [(message, hint) for message, hint in told(said) if self.says in message]
        assert found, said
        return found

    def follow(self, folder: Path) -> None:
        """Does what the hint says, and looks at what comes of it."""
        found = self.refusals(folder)
        assert any(self.hint in hint for _, hint in found), found
        if _PLACES.search(found[0][1]):
            by_skip(folder, self.run)
            by_manual(folder, self.run)
        if self.rows:
            write(folder, self.then)
            code, said = command(folder, self.by or self.run)
            assert code == 0, said
            lines = _made(folder) if (folder / "out.csv").exists() else said.splitlines()
            for row in self.rows:
                assert row in lines, (row, lines)


def imported(
    says: str,
    hint: str,
    files: Mapping[str, str],
    *made: str,
    run: str = "",
    by: str | None = None,
    then: Files | None = None,
) -> Way:
    """An import of the files that a venue wrote, with `run` of options; then `by`, with `then` written anew."""
    later_files = then or {}
    exports = [name for name in files if name.startswith(("a.", "b."))]
    later = [
        name
        for name in (*files, *later_files)
        if name.startswith(("a.", "b.")) and later_files.get(name, "") is not None
    ]
    head = "import {} -o out.csv {}"
    return Way(
        says,
        files,
        head.format(" ".join(exports), run).rstrip(),
        hint,
        later_files,
        head.format(" ".join(dict.fromkeys(later)), run if by is None else by).rstrip(),
        made,
    )


def write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))


def command(folder: Path, line: str) -> tuple[int, str]:
    """Exit code of `zkharvest trades LINE` in a folder, and all that it prints."""
    (folder / "out.csv").unlink(missing_ok=True)
    said = io.StringIO()
    with chdir(folder), redirect_stderr(said), redirect_stdout(said):
        code = main(["trades", *shlex.split(line)])
    return code, said.getvalue()


def told(said: str) -> Iterator[tuple[str, str]]:
    """Message, with its place, and hint of each error that was printed."""
    lines = [line.removeprefix("zkharvest: ") for line in said.splitlines()]
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("error: "):
            yield line.removeprefix("error: "), after.removeprefix("hint: ") if after.startswith("hint: ") else ""


def _made(folder: Path) -> list[str]:
    """The trades of an import: kind, asset, quantity and amount, and what else is not empty."""
    more = ("fee", "to", "into", "into_quantity", "lots", "category")
    with (folder / "out.csv").open(newline="") as file:
        return [
            " ".join(
                filter(
                    None, [*(row[c] for c in ("kind", "asset", "quantity", "amount")), *(row.get(c, "") for c in more)]
                )
            )
            for row in csv.DictReader(file)
        ]


def by_skip(folder: Path, run: str) -> None:
    """Leaves every row out that a hint names, until the import succeeds; the notes give the reason."""
    skipped: list[str] = []
    while True:
        code, said = command(folder, f"{run} {' '.join(skipped)}")
        if code == 0:
            assert "left out by --skip: followed" in said
            return
        named = [skip for _, hint in told(said) for skip in _skips(hint)]
        assert named, said
        assert not set(named) & set(skipped), f"a row is refused although it was left out as its hint says: {said}"
        skipped += dict.fromkeys(named)


def _skips(hint: str) -> Iterable[str]:
    match = _SKIP.search(hint)
    return re.findall(r"--skip [^=]+=followed", match["skips"].replace("REASON", "followed")) if match else ()


def by_manual(folder: Path, run: str) -> None:
    """Writes a row into a manual file for all rows that a hint names, until the import succeeds with these rows."""
    currency = match[1] if (match := re.search(r"--currency (\w+)", run)) else "USD"
    rows: dict[str, tuple[str, str]] = {}  # by the places of the export: time and the other cells
    while True:
        text = _HEAD + "".join(f"{time},{cells},{places}\n" for places, (time, cells) in rows.items())
        (folder / "by-hand.csv").write_text(text)
        code, said = command(folder, f"{run} --manual by-hand.csv" if rows else run)
        if code == 0:
            break
        before = dict(rows)
        for message, hint in told(said):
            wrong = _TIME.search(message)
            if wrong and (number := re.search(r"by-hand\.csv:(\d+)", message)):
                places = list(rows)[int(number[1]) - 2]
                rows[places] = (wrong["time"], rows[places][1])
            elif match := _PLACES.search(hint):
                kind = next((one[1] for one in _KIND.finditer(hint) if one[1]), "income")
                cells = _ROWS[kind].format(id=f"m{len(rows)}", currency=currency)
                rows.setdefault(match["places"], ("2000-01-01T00:00:00Z", cells))
        assert rows != before, said
    with (folder / "out.csv").open(newline="") as file:
        made = [row for row in csv.DictReader(file) if row["source"] == "by-hand"]
    assert len(made) == len(rows), made
    for places in rows:
        assert any(row["origin"].startswith(f"{places};by-hand.csv:") for row in made), (places, made)
