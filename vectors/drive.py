"""Drives another verifier over packages that `zkharvest vectors --write DIR` wrote. Standard library only.

    python vectors/drive.py DIR COMMAND [ARGUMENT...]

COMMAND is run as `COMMAND ARGUMENT... PACKAGE... POLICY`, all files; several packages are of links, to be one chain. It
prints one line, `accepted`, `rejected REASON` or `undecided REASON`, and ends with 0, 1 or 3. POLICY is a JSON object,
the `policy` of the header; what else a header says is not shown to the command.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

EXIT_CODES = {"accepted": 0, "rejected": 1, "undecided": 3}


def judge(command: list[str], files: list[Path]) -> tuple[str, str, int]:
    """Verdict, reason and exit code of a command."""
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    verdict, _, reason = done.stdout.partition("\n")[0].partition(" ")
    return verdict, reason.strip(), done.returncode


def fault(header: dict[str, object], verdict: str, reason: str, code: int) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if verdict != header["verdict"]:
        return f"expected {header['verdict']}, got {verdict or 'nothing'} {reason}"
    if code != EXIT_CODES[verdict]:
        return f"{verdict}, but the exit code is {code}"
    if header["reasons"] and reason not in header["reasons"]:  # type: ignore[operator]
        return f"expected {' or '.join(header['reasons'])}, got {reason}"  # type: ignore[arg-type]
    return ""


def main(arguments: list[str]) -> int:
    """Run all; 0 if every answer is the expected one, else 1."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, command = Path(arguments[0]), arguments[1:]
    headers, faults = sorted(folder.rglob("*.json")), 0
    with tempfile.TemporaryDirectory() as scratch:
        policy = Path(scratch) / "policy.json"
        for path in headers:
            header = json.loads(path.read_text(encoding="utf-8"))
            policy.write_text(json.dumps(header["policy"]), encoding="utf-8")
            packages = [path.parent / name for name in header["packages"]]
            wrong = fault(header, *judge(command, [*packages, policy]))
            if wrong:
                faults += 1
                print(f"FAIL  {path.relative_to(folder).with_suffix('')}: {wrong}")
    print(f"{len(headers) - faults} passed, {faults} failed")
    return 1 if faults or not headers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
