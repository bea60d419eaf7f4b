"""Runs the published vectors against this implementation; their formats are in `vectors/README.md`.

A vector is a file below the folder of its kind. Each kind has a check: a function that takes the root of the vectors
and the file, returns if the vector holds, and raises `Mismatch` if it does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

from zkharvest.conformance.kinds.expect import Mismatch, expect
from zkharvest.conformance.kinds.kat import check_kat
from zkharvest.conformance.kinds.ledger import check_ledger
from zkharvest.conformance.kinds.packages import check_accept, check_reject, written
from zkharvest.errors import UsageError
from zkharvest.extras import missing


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one vector; `name` is its path below the root, `detail` is empty if it holds.

    `left_out`: it was not run, as a library of an extra is not installed here; `detail` names the extra.
    """

    name: str
    kind: str
    ok: bool
    detail: str = ""
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A folder of vectors, the pattern of their file names, and their check."""

    pattern: str
    check: Callable[[Path, Path], None]


def find_vectors() -> Path:
    """The vectors at hand: all of them in a checkout, the self-test subset in an installed wheel."""
    package = Path(str(files("zkharvest")))
    for place in (package / "_vectors", package.parent / "vectors"):
        if place.is_dir():
            return place
    raise UsageError("no vectors are installed", "name their folder: zkharvest vectors DIR")


def run_vectors(root: Path, only: str | None = None, progress: Callable[[str], None] = lambda _: None) -> list[Result]:
    """Run every vector below `root` whose path contains `only` (or matches it as a pattern), in order of their paths.

    Raises UsageError if there is none: a run of no vectors proves nothing.
    """
    if not root.is_dir():
        raise UsageError(f"{root}: no such directory", "name a folder of vectors")
    results = []
    for name, path in _select(root, only):
        progress(name)
        results.append(_run(root, KINDS[name.partition("/")[0]], name, path))
    if not results:
        raise UsageError(f"{root}: no vectors{f' that match {only}' if only else ''}", f"kinds are {', '.join(KINDS)}")
    return results


def write_packages(root: Path, directory: Path) -> int:
    """Write every package to accept and to reject as `NAME.zkh` with `NAME.json` beside it, for other implementations.

    Of several packages that are judged together, in the order that the JSON has, those before the last are NAME.1.zkh
    and so on. Recipes are followed: who reads the folder needs none of this program. Returns how many there are.

    Raises UsageError for a folder that is not empty, and for vectors that cannot be made.
    """
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory}: not empty", "name a new folder")
    count = 0
    try:
        for name, data, header in written(root):
            path = directory / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            names = [*(f"{path.stem}.{place}.zkh" for place in range(1, len(data))), f"{path.stem}.zkh"]
            for file, one in zip(names, data, strict=True):
                (path.parent / file).write_bytes(one)
            path.write_text(json.dumps({"packages": names, **header}, indent=1) + "\n", encoding="utf-8")
            count += 1
    except Mismatch as mismatch:
        raise UsageError(f"{root}: {mismatch}", "zkharvest vectors says which vectors do not hold") from None
    return count


def _select(root: Path, only: str | None) -> Iterator[tuple[str, Path]]:
    for folder, kind in KINDS.items():
        for path in sorted((root / folder).rglob(kind.pattern)):
            name = path.relative_to(root).as_posix()
            if only is None or only in name or fnmatch(name, only):
                yield name, path


def _run(root: Path, kind: Kind, name: str, path: Path) -> Result:
    folder = name.partition("/")[0]
    try:
        kind.check(root, path)
    except Mismatch as mismatch:
        return Result(name, folder, ok=False, detail=str(mismatch))
    except ModuleNotFoundError as error:
        problem = missing(error)
        detail = f"cannot be run: {problem.args[0].partition(chr(10))[0] if problem else error}"
        return Result(name, folder, ok=False, detail=detail, left_out=problem is not None)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the other vectors are run
        return Result(name, folder, ok=False, detail=f"cannot be run: {type(error).__name__}: {error}")
    return Result(name, folder, ok=True)


KINDS: dict[str, Kind] = {
    "kat": Kind("*.json", check_kat),
    "ledger": Kind("*.expected.json", check_ledger),
    "accept": Kind("*.json", check_accept),
    "reject": Kind("*.txt", check_reject),
}

__all__ = ["KINDS", "Kind", "Mismatch", "Result", "expect", "find_vectors", "run_vectors", "write_packages"]
