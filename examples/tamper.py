"""Change one cent in a package, as a dishonest taxpayer would: `python examples/tamper.py IN.zkh OUT.zkh [TOTAL]`.

The copy is a well-formed package with the same proof; only one total of its statement is larger by 0.01
(1,000,000 units of 10^-8). Nobody can make a proof for it, and verifying must say so.
"""

import sys
from pathlib import Path

from zkharvest.files.packages import open_package, package_bytes

ONE_CENT = 10**6


def main(source: str, target: str, total: str = "short_loss") -> None:
    package = open_package(Path(source).read_bytes(), source)
    totals = package.statement["totals"]
    totals[total] = str(int(totals[total]) + ONE_CENT)
    Path(target).write_bytes(package_bytes(package))
    print(f"{target}: {total} is now 0.01 larger than in {source}")


if __name__ == "__main__":
    main(*sys.argv[1:])
