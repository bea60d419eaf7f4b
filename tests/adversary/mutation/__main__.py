"""`python -m tests.adversary.mutation [--definition] [--terms] [TEXT]`: mutate every frozen circuit.

The exit code is 1 if a mutant survives.

With TEXT only the mutants whose name contains it; with --definition those of the definition as it stands; with --terms
those whose sums lack a term (ten minutes).
"""

from __future__ import annotations

import sys

from tests.adversary.mutation.term_verdicts import SURVIVES, term_results, term_table
from tests.adversary.mutation.verdicts import frozen, results, table
from tests.support import statement


def main(arguments: list[str]) -> int:
    """Print the table of each circuit."""
    circuits = {"definition": statement.description()} if "--definition" in arguments else frozen()
    only = next((a for a in arguments if not a.startswith("--")), "")
    survivors = 0
    for name, description in circuits.items():
        if "--terms" in arguments:
            dropped = term_results(description)
            survivors += sum(r.verdict == SURVIVES for r in dropped)
            sys.stdout.write("\n".join([name, *term_table(description, dropped), ""]))
            continue
        found = results(description, only=only)
        survivors += sum(not r.killed for r in found)
        sys.stdout.write("\n".join([name, *table(found), ""]))
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
