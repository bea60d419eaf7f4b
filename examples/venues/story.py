"""Three venues that know nothing of each other commit to a customer's records, sign them, and add a month.

    python examples/venues/story.py [DIR]        writes into DIR, by default a temporary folder

Every step is a command of the program; the line that is printed is what one would type.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path

from zkharvest.cli import main

HERE = Path(__file__).resolve().parent
VENUES = {"kraken": ("K-7f3a", "ed25519"), "coinbase": ("cb-user-1182", "ed25519"), "ledger-nano": ("nano-s", "bls")}
EXPORTS = {"kraken": "kraken.csv", "coinbase": "coinbase.csv", "ledger-nano": "wallet.csv"}
MONTHS = (("2025-01-01", "2025-02-01"), ("2025-02-01", "2025-03-01"))


def run(line: str, expected: int = 0) -> str:
    """A command, shown and run; what it prints."""
    print(f"$ zkharvest {line}")
    out = StringIO()
    with redirect_stdout(out):
        code = main(["--quiet", *line.split()])
    if code != expected:
        raise SystemExit(f"exit code {code}, not {expected}")
    print("".join(f"  {text}\n" for text in out.getvalue().splitlines()[:8]), end="")
    return out.getvalue()


def page_of(source: str, number: int, end: str) -> str:
    """The file of a page."""
    return f"{source}/{source}-{VENUES[source][0]}-{number:04d}.{end}"


def story() -> None:
    """The whole story, in the current folder."""
    for source, export in EXPORTS.items():
        Path(source).mkdir()
        shutil.copy(HERE / export, source)
    print("# each venue, by itself: a seed and a key")
    for source, (_, scheme) in VENUES.items():
        run(f"page seed -o {source}/seed --no-passphrase")
        key = f"keygen --scheme {scheme} -o {source}/key --public {source}/pub --no-passphrase"
        run(f"{key} --valid-from 2025-01-01 --valid-until 2025-12-31")
    for number, (begin, end) in enumerate(MONTHS):
        print(f"\n# {begin[:7]}: a page each, signed by its venue")
        for source, (account, _) in VENUES.items():
            before = f" --prev {page_of(source, number - 1, 'zkp')}" if number else ""
            make = f"page make {source}/{EXPORTS[source]} --source {source} --account {account} --seed {source}/seed"
            run(f"{make} --from {begin} --to {end}{before} -o {source}")
            run(f"attest {page_of(source, number, 'zkp')} --key {source}/key")
    files = [page_of(source, number, end) for source in VENUES for number in (0, 1) for end in ("zkp", "zko")]
    keys = " ".join(f"--source-key {source}={source}/pub" for source in VENUES)
    print("\n# the customer, or anybody who is shown the openings")
    run(f"page check {' '.join(files)} {keys}")
    same = [_refs(page_of("kraken", 1, "zko")), _refs(page_of("ledger-nano", 1, "zko"))]
    print(f"# a move is one reference at both ends: {sorted(same[0] & same[1])}")
    print("\n# a price of January is changed afterwards: kraken's page of February names the page as it was")
    later = [page_of("kraken", 1, end) for end in ("zkp", "zko")]
    export = Path("kraken/kraken.csv").read_text(encoding="utf-8")
    Path("kraken/edited.csv").write_text(export.replace("77600", "87600"), encoding="utf-8")
    edited = "page make kraken/edited.csv --source kraken --account K-7f3a --seed kraken/seed"
    run(f"{edited} --from 2025-01-01 --to 2025-02-01 -o edited")
    forged = "edited/kraken-K-7f3a-0000.zkp edited/kraken-K-7f3a-0000.zko"
    run(f"page check {forged} {' '.join(later)} --source-key kraken=kraken/pub", expected=1)


def _refs(name: str) -> set[int]:
    """The codes of the references of an opening's moves."""
    from zkharvest.commitment.page_record import Flag, ref_code
    from zkharvest.files.page_files import read_page_opening

    records = read_page_opening(name).records
    return {ref_code(record.ref) for record in records if Flag.MOVES in record.flags}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary, chdir(sys.argv[1] if len(sys.argv) > 1 else temporary):
        story()
