"""The table of reasons in the documents is the one in the program, and FORMAT.md names every reason."""

import re
from pathlib import Path

from zkharvest.verifier.rejections import Reason, table

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_reasons_is_the_program_s():
    text = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("|")] == list(table())


def test_the_order_of_checks_names_every_reason_that_a_package_can_give():
    """Section 9 writes a stage once a row, then faults alone."""
    section = (ROOT / "circuits" / "FORMAT.md").read_text(encoding="utf-8").partition("## 9. ")[2]
    words = set(re.findall(r"`([a-z0-9/-]+)`", section))
    never = {Reason.INTERNAL, Reason.CIRCUIT_FILE, Reason.CIRCUIT_BROKEN, Reason.PUBLIC_VALUE}
    never |= {Reason.POINT, Reason.DENOMINATOR, Reason.POLICY_SIGNATURES}
    for reason in set(Reason) - never:
        assert words & {reason.value, reason.value.partition("/")[2]}, reason
