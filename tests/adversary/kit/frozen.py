"""The frozen-challenge harness: an honest run's challenges, replayed whatever a changed proof says.

A field of a proof that can be changed, together with others, so that the proof still verifies under the challenges of
before is bound by the transcript alone. So such a change must alter a challenge: the very next one after the field is
absorbed. `Frozen.replay` says whether a change verifies with the challenges held; `divergence` which absorb it alters
in the real run, and whether the next challenge differs. (The method is that of Jolt's tests, a16z/jolt #1702.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

from zkharvest.verifier import circuits, public, stark, transcript
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import Ext
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.messages import LookupChallenges, Rounds
from zkharvest.verifier.params import PRESETS, ParameterSet, Sizes, sizes
from zkharvest.verifier.proof import Messages, Reader, read_messages
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason, Reject

Place = tuple[str, int]
"""A label, and the how-manieth absorb or challenge with it."""


@dataclass(frozen=True)
class Case:
    """All that the proof system's verifier is given: the statement in its parts, and the proof."""

    description: Description
    digest: bytes
    params: ParameterSet
    heights: tuple[int, ...]
    public: PublicData
    proof: bytes

    @property
    def at(self) -> Sizes:
        return sizes(max(self.heights), self.params)

    def judged(self) -> Reason | None:
        """None, or why it is rejected."""
        try:
            stark.verify_proof(self.description, self.digest, self.params, self.heights, self.public, self.proof)
        except Reject as reject:
            return reject.reason
        return None

    def messages(self) -> Messages:
        """What the prover says before the queries."""
        return read_messages(Reader(self.proof), self.description, self.at)


def packaged(path: Path) -> Case:
    """The case in a file of a package of one link."""
    (part,) = decode_chain_package(path.read_bytes()).parts
    link = read_link(part.statement)
    pinned = circuits.find(link.statement.circuit_id, link.statement.circuit_digest)
    description = circuits.load(pinned)
    data = public_data(link, description, part.digest)
    params = PRESETS[part.preset].params
    return Case(description, bytes.fromhex(pinned.digest), params, part.log_rows, data, part.proof)


@dataclass(frozen=True)
class Event:
    """Something absorbed, or a block of a challenge: the `nth` with this label (and its counter), and the bytes."""

    kind: str  # "absorb" or "challenge"
    label: str
    nth: int
    counter: int
    data: bytes


@contextmanager
def transcribed(answers: Mapping[tuple[str, int, int], bytes] | None = None) -> Iterator[list[Event]]:
    """What one run absorbs and draws, in order; with `answers`, these are drawn whatever was absorbed."""
    events: list[Event] = []
    seen: Counter[tuple[str, str]] = Counter()
    absorb, draw = transcript.after_absorbing, transcript.challenge_block

    def absorbing(state: bytes, label: str, data: bytes) -> bytes:
        events.append(Event("absorb", label, seen["absorb", label], 0, data))
        seen["absorb", label] += 1
        return absorb(state, label, data)

    def drawing(state: bytes, label: str, counter: int) -> bytes:
        if counter == 0:
            seen["challenge", label] += 1
        nth = seen["challenge", label] - 1
        block = draw(state, label, counter) if answers is None else answers[label, nth, counter]
        events.append(Event("challenge", label, nth, counter, block))
        return block

    with (
        mock.patch.object(transcript, "after_absorbing", absorbing),
        mock.patch.object(transcript, "challenge_block", drawing),
    ):
        yield events


@dataclass(frozen=True)
class Known:
    """Every challenge of a run, as the verifier uses them."""

    lookup: LookupChallenges
    delta: Ext
    z: Ext
    batch: Ext
    folds: tuple[Ext, ...]
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Divergence:
    """Where a changed run leaves the recorded one: the first absorb that differs, and the challenge drawn next."""

    absorb: Place
    challenge: Place
    moved: bool  # whether that challenge differs
    reason: Reason | None  # the verdict of the changed run


@dataclass
class Frozen:
    """A case and the challenges of its run; it is accepted, or (a liar's) rejected for the one reason `but_for`."""

    case: Case
    but_for: Reason | None = None
    events: list[Event] = field(init=False)
    answers: dict[tuple[str, int, int], bytes] = field(init=False)

    def __post_init__(self) -> None:
        reason, self.events = self.real(self.case)
        assert reason is self.but_for, reason
        self.answers = {(e.label, e.nth, e.counter): e.data for e in self.events if e.kind == "challenge"}

    def real(self, case: Case) -> tuple[Reason | None, list[Event]]:
        """The verdict when challenges are drawn as they should be, and the run."""
        with transcribed() as events:
            return case.judged(), events

    def held(self) -> AbstractContextManager[list[Event]]:
        """Within it one run draws the recorded challenges."""
        return transcribed(self.answers)

    def replay(self, case: Case) -> Reason | None:
        """The verdict under the recorded challenges."""
        with self.held():
            return case.judged()

    def known(self, case: Case) -> Known:
        """The recorded challenges, as the statement of `case` reads them (how many queries, of which domain)."""
        messages = self.case.messages()
        params = replace(case.params, grind_lookup=0, grind_deep=0, grind_batch=0, grind_fold=0, grind_query=0)
        with self.held():
            rounds = Rounds(params, case.heights, lambda *_: 0)
            rounds.statement(case.digest, public.encode(case.description, case.public))
            lookup, delta = rounds.main(messages.main), rounds.aux(messages.aux)
            z, batch = rounds.quotient(messages.quotient), rounds.evaluations(messages.evaluations)
            folds = tuple(rounds.fold(layer) for layer in messages.layers)
            return Known(lookup, delta, z, batch, folds, rounds.final(messages.final))

    def divergence(self, case: Case) -> Divergence:
        """Of the real run of `case` from the recorded one; ValueError if nothing that is absorbed differs."""
        reason, events = self.real(case)
        at = next((i for i, (a, b) in enumerate(zip(self.events, events, strict=False)) if a != b), None)
        if at is None or events[at].kind != "absorb" or self.events[at].kind != "absorb":
            raise ValueError("nothing that is absorbed differs")
        ours, theirs = (next(e for e in run[at:] if e.kind == "challenge") for run in (self.events, events))
        moved = (ours.label, ours.nth, ours.data) != (theirs.label, theirs.nth, theirs.data)
        return Divergence((events[at].label, events[at].nth), (theirs.label, theirs.nth), moved, reason)
