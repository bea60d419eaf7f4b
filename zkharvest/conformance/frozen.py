"""Whether the frozen circuits have their pinned digests, and every definition still gives the files it gave."""

from __future__ import annotations

from zkharvest.verifier import circuits
from zkharvest.verifier.rejections import Reject


def check_circuits() -> dict[str, str]:
    """Circuit id -> what is wrong with it, empty if nothing: file and pinned digest, definition and file."""
    faults = {pinned.id: _check_file(pinned) for pinned in circuits.PINNED}
    from zkharvest.circuit.definitions import DEFINITIONS
    from zkharvest.circuit.publish import documents  # builds a circuit anew from its definition

    for definition in DEFINITIONS:
        if not faults.setdefault(definition.id, "is defined but not pinned"):
            place = circuits.folder() / definition.id
            for name, content in documents(definition).items():
                if (place / name).read_bytes() != content:
                    faults[definition.id] = f"{name} is not what the definition gives"
                    break
    return faults


def _check_file(pinned: circuits.Pinned) -> str:
    try:
        circuits.load(pinned)
    except Reject as reject:
        return reject.detail
    return ""
