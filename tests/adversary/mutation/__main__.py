"""`python -m tests.adversary.mutation [--definition] [TEXT]`: mutate every frozen circuit.

The exit code is 1 if a mutant survives.

With TEXT only the mutants whose name contains it; with --definition those of the definition as it stands.
"""

from __future__ import annotations

import sys

from tests.adversary.mutation.mutants import frozen
from tests.adversary.mutation.verdicts import results, table
from tests.support import statement


def main(arguments: list[str]) -> int:
    """Print the table of each circuit."""
    circuits = {"definition": statement.description()} if "--definition" in arguments else frozen()
    only = next((a for a in arguments if not a.startswith("--")), "")
    survivors = 0
    for name, description in circuits.items():
        found = results(description, only=only)
        survivors += sum(not r.killed for r in found)
        sys.stdout.write("\n".join([name, *table(found), ""]))
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
