"""Are the frozen circuits what they are pinned to be, and does the definition still give the newest of them?"""

from __future__ import annotations

from zkharvest.verifier import circuits
from zkharvest.verifier.rejections import Reject


def check_circuits() -> dict[str, str]:
    """Circuit id -> what is wrong with it, empty if nothing: file and pinned digest, definition and file."""
    faults = {pinned.id: _check_file(pinned) for pinned in circuits.PINNED}
    from zkharvest.circuit.lot_machine.v1.definition import NAME, VERSION
    from zkharvest.circuit.publish import documents  # builds the circuit anew from its definition

    newest = f"{NAME}/v{VERSION}"
    if not faults.setdefault(newest, "is defined but not pinned"):
        place = circuits.folder() / newest
        for name, content in documents().items():
            if (place / name).read_bytes() != content:
                faults[newest] = f"{name} is not what the definition gives"
                break
    return faults


def _check_file(pinned: circuits.Pinned) -> str:
    try:
        circuits.load(pinned)
    except Reject as reject:
        return reject.detail
    return ""
