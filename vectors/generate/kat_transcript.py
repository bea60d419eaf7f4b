"""Known answers for the transcript (circuits/FORMAT.md section 4). Standard library only."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from plain_field import P, Stream, write

SCRIPT = "vectors/generate/kat_transcript.py"


def label_bytes(label: str) -> bytes:
    """u8 length, then ASCII."""
    return bytes([len(label)]) + label.encode("ascii")


class Paper:
    """The transcript as FORMAT.md writes it down, and the steps taken so far."""

    def __init__(self) -> None:
        self.state = sha256(b"zkharvest/transcript/v1").digest()
        self.steps: list[dict[str, Any]] = []

    def note(self, **step: Any) -> None:
        """Remember a step with the state after it."""
        self.steps.append({**step, "state": self.state.hex()})

    def absorb_raw(self, label: str, data: bytes) -> None:
        """state = H(state || 0x00 || label || u64le len || data)."""
        self.state = sha256(self.state + b"\x00" + label_bytes(label) + len(data).to_bytes(8, "little") + data).digest()

    def absorb(self, label: str, data: bytes) -> None:
        """An absorb step."""
        self.absorb_raw(label, data)
        self.note(do="absorb", label=label, data=data.hex())

    def blocks(self, label: str, count: int) -> bytes:
        """Challenge blocks; then the state moves on."""
        out = b"".join(
            sha256(self.state + b"\x01" + label_bytes(label) + c.to_bytes(4, "little")).digest() for c in range(count)
        )
        self.state = sha256(self.state + b"\x02" + label_bytes(label)).digest()
        return out

    def extension(self, label: str) -> None:
        """Five u64le, each modulo p."""
        data = self.blocks(label, 2)
        value = [int.from_bytes(data[i : i + 8], "little") % P for i in range(0, 40, 8)]
        self.note(do="extension", label=label, out=value)

    def indices(self, label: str, count: int, size: int) -> None:
        """u64le each, modulo a power of two."""
        data = self.blocks(label, (8 * count + 31) // 32)
        out = [int.from_bytes(data[8 * i : 8 * i + 8], "little") % size for i in range(count)]
        self.note(do="indices", label=label, count=count, size=size, out=out)

    def grind(self, bits: int) -> None:
        """The least nonce that holds; with no bits the nonce is 0 and nothing is absorbed."""
        nonce, before = 0, self.state
        while bits:
            self.state = before
            self.absorb_raw("grind", nonce.to_bytes(8, "little"))
            block = self.blocks("pow", 1)
            if f"{int.from_bytes(block, 'big'):0256b}".startswith("0" * bits):
                break
            nonce += 1
        self.note(do="grind", bits=bits, nonce=nonce)


def cases() -> list[dict[str, Any]]:
    """Single steps, label and length boundaries, and a run in the order of a proof's rounds."""
    stream = Stream("transcript")
    out: list[dict[str, Any]] = []
    fresh = Paper()
    fresh.extension("alpha")
    out.append({"op": "run", "about": "a challenge from the initial state", "steps": fresh.steps})
    for about, parts in (
        ("lengths bind: 05 07 is not 05 07 00 00", [("x", b"\5\7")]),
        ("the same with two zero bytes more", [("x", b"\5\7\0\0")]),
        ("labels bind: ab + c is not a + bc", [("ab", b"c")]),
        ("the other way", [("a", b"bc")]),
        ("nothing, absorbed twice", [("", b""), ("", b"")]),
        ("more than one block of SHA-256", [("main", stream.octets(200))]),
    ):
        paper = Paper()
        for label, data in parts:
            paper.absorb(label, data)
        paper.extension("z")
        paper.extension("z")
        out.append({"op": "run", "about": about, "steps": paper.steps})
    paper = Paper()
    paper.absorb("statement", b"zkharvest/stark/v1" + stream.octets(64))
    paper.absorb("main", stream.octets(32))
    paper.grind(8)
    for label in ("alpha", "beta", "gamma"):
        paper.extension(label)
    paper.absorb("aux", stream.octets(32 + 40))
    paper.extension("delta")
    paper.absorb("quotient", stream.octets(32))
    paper.grind(0)
    paper.extension("z")
    paper.absorb("evaluations", stream.octets(400))
    paper.grind(13)
    paper.extension("lambda")
    for _ in range(2):
        paper.absorb("fold", stream.octets(32))
        paper.grind(2)
        paper.extension("fold")
    paper.absorb("final", stream.octets(100))
    paper.grind(3)
    paper.indices("queries", 9, 2**15)
    out.append({"op": "run", "about": "the rounds of a small proof", "steps": paper.steps})
    return out


def main() -> None:
    """Write the file."""
    source = "circuits/FORMAT.md section 4, Transcript; hashlib's SHA-256. A nonce is the least one that holds"
    about = "absorbing, challenges in E, query indices, grinding; every step with the state after it"
    write("transcript/sha256", SCRIPT, source, about, cases())


if __name__ == "__main__":
    main()
