"""Coverage-guided fuzzing of the targets with atheris (libFuzzer): `pip install 'zkharvest[fuzz]'` in a checkout.

    python -m tests.fuzz [--runs N] [--seconds S] [TARGET...]     all targets if none is named; exit code 1 if one fails
    python -m tests.fuzz --merge DIR TARGET                      the least part of DIR that reaches as much, as corpus
    python -m tests.fuzz TARGET FILE...                          run these inputs, with a traceback

What a run finds beyond the committed corpus is kept in `.fuzz/TARGET`; an input that fails in `.fuzz/crash-*`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
SCRATCH = HERE.parents[1] / ".fuzz"
CHILD = "ZKHARVEST_FUZZ_TARGET"
NAMES = (*("container", "links", "signatures", "policies", "chain", "description", "standing", "pages", "arithmetic"),)
NOTED = 500
DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)")


def say(*lines: object) -> None:
    """A line of the report."""
    sys.stdout.write(" ".join(map(str, lines)) + "\n")
    sys.stdout.flush()


def child(name: str) -> None:
    """This process becomes the fuzzer of one target; its arguments are libFuzzer's."""
    import atheris

    import zkharvest.commitment.poseidon_kernel  # noqa: F401 - compiled, and what is compiled cannot be instrumented

    with atheris.instrument_imports(
        include=["zkharvest.verifier", "zkharvest.sign", "zkharvest.workflow", "zkharvest.files"]
    ):
        from tests.fuzz.targets import TARGETS

    target, outcomes = TARGETS[name], Counter()

    def once(data: bytes) -> None:
        outcomes[target.run(data)] += 1
        if outcomes.total() % NOTED == 0:  # libFuzzer ends the process itself: there is no later moment
            (SCRATCH / f"{name}.json").write_text(json.dumps(dict(outcomes.most_common())))

    def mutator(data: bytes, longest: int, seed: int) -> bytes:
        rng = Random(seed)
        if rng.random() < target.raw:
            return atheris.Mutate(data, longest)
        changed = target.mutate(rng, data)
        return changed if len(changed) <= longest else atheris.Mutate(data, longest)

    # To merge, libFuzzer starts itself again by its first argument.
    again = SCRATCH / "again"
    again.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.fuzz "$@"\n')
    again.chmod(0o755)
    atheris.Setup([str(again), *sys.argv[1:]], once, custom_mutator=mutator)
    atheris.Fuzz()


def libfuzzer(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the fuzzer of a target in a process of its own; its report goes to stderr, and is returned."""
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    environment = {**os.environ, CHILD: name}
    return subprocess.run(command, env=environment, text=True, stderr=subprocess.PIPE, cwd=HERE.parents[1])


def prepared(name: str) -> list[str]:
    """Arguments that every run of a target has: where inputs lie, the dictionary, the bounds."""
    from tests.fuzz.targets import TARGETS

    target, folder = TARGETS[name], SCRATCH / name
    folder.mkdir(parents=True, exist_ok=True)
    (SCRATCH / ".gitignore").write_text("*\n")
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
    words = [word.encode() if isinstance(word, str) else word for word in target.words]
    quoted = ["".join(f"\\x{byte:02x}" for byte in word) for word in words]
    dictionary = SCRATCH / f"{name}.dict"
    dictionary.write_text("".join(f'"{word}"\n' for word in quoted))
    return [
        str(folder),
        str(CORPUS / name),
        *([f"-dict={dictionary}"] if words else []),
        f"-max_len={target.longest}",
        f"-artifact_prefix={SCRATCH}/crash-{name}-",
        "-mutate_depth=1",  # one mutation is several edits already
        "-timeout=300",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
    ]


def fuzz(name: str, runs: int, seconds: int, seed: int) -> bool:
    """Fuzz one target and say how it went."""
    limits = [f"-runs={runs}", f"-seed={seed}"] + ([f"-max_total_time={seconds}"] if seconds else [])
    start, notes = time.perf_counter(), SCRATCH / f"{name}.json"
    notes.unlink(missing_ok=True)
    done = libfuzzer(name, *prepared(name), *limits)
    took, found = time.perf_counter() - start, DONE.search(done.stderr)
    if done.returncode or not found:
        say(f"{done.stderr[-6000:]}\n{name}: FAILED")
        return False
    executions, coverage, features, inputs, size = found.groups()
    rate = f"{int(executions):>9,} executions {int(executions) / took:>6.0f}/s"
    say(f"{name:13} {rate}  cov {coverage} ft {features} corpus {inputs}/{size}")
    if notes.exists():
        reached = json.loads(notes.read_text())
        say(" " * 13, f"{len(reached)} outcomes:", ", ".join(f"{what} {n:,}" for what, n in reached.items()))
    return True


def merge(name: str, source: Path) -> bool:
    """Replace a target's corpus by the least part of `source` and itself that reaches as much."""
    fresh = SCRATCH / f"merged-{name}"
    fresh.mkdir(parents=True, exist_ok=True)
    for old in fresh.iterdir():
        old.unlink()
    _, kept, *rest = prepared(name)
    done = libfuzzer(name, "-set_cover_merge=1", str(fresh), kept, str(source), *rest)
    if done.returncode:
        say(done.stderr[-4000:])
        return False
    Path(kept).mkdir(parents=True, exist_ok=True)
    for old in Path(kept).iterdir():
        old.unlink()
    for new in fresh.iterdir():
        new.rename(Path(kept) / new.name[:16])
    say(
        f"{name}: {len(list(Path(kept).iterdir()))} inputs, {sum(f.stat().st_size for f in Path(kept).iterdir())} bytes"
    )
    return True


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=20_000, help="executions of each target")
    parser.add_argument("--seconds", type=int, default=0, help="at most so long for each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--merge", type=Path, metavar="DIR")
    given = parser.parse_args()
    names = [name for name in given.targets if name in NAMES]
    files = [Path(name) for name in given.targets if name not in NAMES]
    if files:
        from tests.fuzz.targets import TARGETS

        for file in files:
            say(file, *(TARGETS[name].run(file.read_bytes()) for name in names))
        return 0
    for name in names or NAMES:
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    if given.merge:
        held = [merge(name, given.merge) for name in names]
    else:
        held = [fuzz(name, given.runs, given.seconds, given.seed) for name in names or NAMES]
    return 0 if all(held) else 1


if __name__ == "__main__":
    if os.environ.get(CHILD):
        child(os.environ[CHILD])
    else:
        sys.exit(main())
