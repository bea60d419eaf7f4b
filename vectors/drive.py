"""Drives another verifier over packages that `zkharvest vectors --write DIR` wrote. Standard library only.

    python vectors/drive.py DIR COMMAND [ARGUMENT...]

COMMAND is run as `COMMAND ARGUMENT... PACKAGE POLICY`, both files. It prints one line, `accepted`, `rejected REASON` or
`undecided REASON`, and ends with 0, 1 or 3. POLICY is a JSON object, the `policy` of the header; what
else a header says is not shown to the command.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

EXIT_CODES = {"accepted": 0, "rejected": 1, "undecided": 3}


def judge(command: list[str], package: Path, policy: Path) -> tuple[str, str, int]:
    """Verdict, reason and exit code of a command."""
    done = subprocess.run([*command, str(package), str(policy)], capture_output=True, text=True, check=False)
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
    packages, faults = sorted(folder.rglob("*.zkh")), 0
    with tempfile.TemporaryDirectory() as scratch:
        policy = Path(scratch) / "policy.json"
        for package in packages:
            header = json.loads(package.with_suffix(".json").read_text(encoding="utf-8"))
            policy.write_text(json.dumps(header["policy"]), encoding="utf-8")
            wrong = fault(header, *judge(command, package, policy))
            if wrong:
                faults += 1
                print(f"FAIL  {package.relative_to(folder).with_suffix('')}: {wrong}")
    print(f"{len(packages) - faults} passed, {faults} failed")
    return 1 if faults or not packages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
