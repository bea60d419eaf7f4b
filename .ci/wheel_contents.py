"""Check that wheel and sdist hold exactly what git tracks, and nothing that merely lay about in the checkout."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

MOVED = {"circuits/": "zkharvest/_circuits/", "vectors/selftest/": "zkharvest/_vectors/"}
SDIST_FOLDERS = ("benchmarks", "circuits", "docs", "examples", "tests", "vectors", "zkharvest")
SDIST_FILES = ("LICENSE", "Makefile", "README.md", "pyproject.toml")


def in_wheel(path: str) -> str | None:
    """Where a tracked file lies in the wheel, if it belongs there."""
    if path.startswith("zkharvest/"):
        return path
    for old, new in MOVED.items():
        if path.startswith(old) and (old != "circuits/" or path.endswith((".json", ".md"))):
            return new + path.removeprefix(old)
    return None


def complain(what: str, missing: set[str], extra: set[str]) -> int:
    for sign, names in (("missing from", missing), ("not expected in", extra)):
        for name in sorted(names):
            print(f"{sign} the {what}: {name}", file=sys.stderr)
    return len(missing) + len(extra)


def main(wheel: str, sdist: str) -> int:
    root = Path(__file__).resolve().parent.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    tracked = set(listed.split("\0")) - {""}

    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name and not name.endswith("/")}
    expected = {place for place in map(in_wheel, tracked) if place}
    faults = complain("wheel", expected - held, held - expected)

    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {path for path in tracked if path.startswith(tuple(f"{folder}/" for folder in SDIST_FOLDERS))}
    wanted -= {path for path in wanted if path.startswith("benchmarks/") and not path.endswith(".py")}
    wanted |= set(SDIST_FILES)
    faults += complain("sdist", wanted - names, set())

    print(f"wheel: {len(held)} files as tracked; sdist: {len(wanted)} files found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
