"""Where the prover's randomness comes from and goes: one key stream, every byte once, no seed but in tests."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

import zkharvest
from tests.adversary.hiding.observing import PARAMS, Coins, fixed, observe
from tests.adversary.hiding.ring_circuit import DESCRIPTION, DIGEST, LOG_ROWS, PUBLIC, RICH, with_ring
from zkharvest.prover import field, ntt, plain
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stacks import Stacking, layout
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier.params import SALT_BYTES, sizes
from zkharvest.verifier.stacks import stacks_of
from zkharvest.workflow import links, prove_chain

AT = sizes(LOG_ROWS, PARAMS)
HEIGHTS = [LOG_ROWS] * len(DESCRIPTION.tables)
KEY = bytes(range(32))
COINS = Coins(6, LOG_ROWS)
WIDTHS = (DESCRIPTION.main_width, 5 * DESCRIPTION.extension_columns)


class Recorded(Randomness):
    """Keeps what it hands out: the bytes in order, and every answer."""

    def __init__(self):
        super().__init__(KEY)
        self.bytes, self.answers, self._inside = b"", [], False

    def octets(self, *shape):
        drawn = super().octets(*shape)
        self.bytes += drawn.tobytes()
        if not self._inside:
            self.answers.append(drawn)
        return drawn

    def elements(self, *shape):
        self._inside = True
        drawn = super().elements(*shape)
        self._inside = False
        self.answers.append(drawn.copy())
        return drawn


def proven():
    source, traces = Recorded(), with_ring(RICH)
    with fixed(COINS):
        proof = prove_circuit(DESCRIPTION, DIGEST, PARAMS, PUBLIC, traces, rng=source)
    return source, traces, observe(proof, DESCRIPTION, HEIGHTS, COINS)


def test_every_mask_and_salt_is_a_draw_of_its_own():
    """One draw for each purpose, in the order of the protocol, no two from the same bytes of the stream."""
    source, _, _ = proven()
    layers = [AT.domain_size // int(np.prod(AT.arities[: i + 1])) for i in range(len(AT.arities))]
    assert [answer.shape for answer in source.answers] == [
        (AT.mask, WIDTHS[0]), (AT.domain_size, SALT_BYTES),
        (AT.mask, WIDTHS[1]), (AT.domain_size, SALT_BYTES),
        (AT.mask, DESCRIPTION.pieces - 1, 5), (AT.stack_bound, 1, 5), (AT.domain_size, SALT_BYTES),
        *((size, SALT_BYTES) for size in layers),
    ]  # fmt: skip
    stream = Cipher(algorithms.ChaCha20(KEY, bytes(16)), mode=None).encryptor()
    assert source.bytes == stream.update(bytes(len(source.bytes)))
    for one, other in zip(source.answers, source.answers[1:], strict=False):
        assert not np.array_equal(one.ravel()[:64], other.ravel()[:64])
    masks = np.concatenate([source.answers[0], source.answers[2]], axis=1)
    assert len(np.unique(masks[0])) == len(np.unique(masks[-1])) == masks.shape[1]


def test_what_was_drawn_is_what_hides():
    """The opened rows and values are those of the columns under the drawn masks, the salts and R the drawn ones."""
    source, traces, seen = proven()
    values = field.to_mont(np.concatenate(traces, axis=1))
    positions = np.array(sorted(set(COINS.indices)))
    extended = ntt.lde_masked(values, source.answers[0], AT.lde_size // AT.rows, AT.shift)
    lanes = layout(stacks_of(DESCRIPTION, HEIGHTS, AT.stack), 0, AT.stack).lanes
    stacking, places = Stacking(lanes, 1, AT.log_domain), positions % AT.lde_size
    above = stacking.rows(extended[places], places)
    chosen = np.stack(above)[positions // AT.lde_size, np.arange(len(positions))]
    rows = field.from_mont(np.ascontiguousarray(chosen))
    assert seen["main rows"].tolist() == rows.ravel().tolist()
    assert seen["main salts"].tobytes() == source.answers[1][positions].tobytes()
    assert seen["aux salts"].tobytes() == source.answers[3][positions].tobytes()
    extra = np.ascontiguousarray(source.answers[5][:, 0])
    on_domain = field.from_mont(ntt.coset_lde(extra, AT.domain_size, plain.GENERATOR)[positions])
    assert seen["quotient rows"].reshape(len(positions), -1)[:, -5:].tolist() == on_domain.tolist()


def test_a_second_attempt_draws_anew(monkeypatch):
    """An unusable z starts the protocol again with the stream where it is, not with the same masks."""
    from zkharvest.prover import stark

    source, answers = Recorded(), iter([False])
    monkeypatch.setattr(stark.messages, "point_is_usable", lambda _z, _at, _heights: next(answers, True))
    prove_circuit(DESCRIPTION, DIGEST, PARAMS, PUBLIC, with_ring(RICH), rng=source)
    first, again = (answer for answer in source.answers if answer.shape == (AT.mask, WIDTHS[0]))
    assert not (first == again).all(axis=0).any()
    stream = Cipher(algorithms.ChaCha20(KEY, bytes(16)), mode=None).encryptor()
    assert source.bytes == stream.update(bytes(len(source.bytes)))


def calls():
    """(file, name of what is called, call) of every call in the product."""
    package = Path(zkharvest.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield path.relative_to(package).as_posix(), name, node


def test_no_seed_can_come_from_outside():
    """Nothing in the product gives a proof its randomness; no generator but the system's is in use.

    Salts of pages follow from a seed: a drawn one, or that of the owner's file, from which the same pages are made
    again. The estimates of `harvest/` draw from stated seeds. They make no secret: nothing imports that room but the
    command line (an import contract holds that).
    """
    seen = {}
    for path, name, call in calls():
        keywords = {keyword.arg for keyword in call.keywords}
        if name in ("Randomness", "prove_circuit", "new_seed", "commit_pages", "token_bytes"):
            seen.setdefault(name, set()).add(path)
        if name in ("Randomness", "new_seed"):
            assert not call.args and not keywords, path
        if name == "prove_circuit":
            assert "rng" not in keywords, path
        if path.startswith("harvest/"):
            continue
        assert name not in {"default_rng", "RandomState", "Random", "seed", "randrange", "randint", "choice"}, path
    assert seen.pop("token_bytes") >= {"files/page_files.py", "workflow/links.py", "workflow/own_folder.py"}
    assert seen == {
        "Randomness": {"prover/stark.py"},
        "prove_circuit": {"workflow/links.py"},
        "new_seed": {"cli/committing.py", "cli/venue.py"},
        "commit_pages": {"cli/committing.py", "desk/batch_tasks.py"},
    }
    for proves in (prove_chain.prove_chain, links.prove_links):
        assert not {"seed", "rng", "randomness", "key"} & set(inspect.signature(proves).parameters)


def test_no_option_of_the_command_line_is_a_seed():
    from typer.main import get_command

    from zkharvest.cli.commands import app

    def options(command):
        yield from (name for parameter in command.params for name in parameter.opts)
        for inner in getattr(command, "commands", {}).values():
            yield from options(inner)

    commands = dict(get_command(app).commands)
    del commands["harvest"]  # its seeds are of simulations and of the times of orders
    del commands["page"]  # a venue's seed file, from which the salts of its pages follow; no proof is made there
    del commands["commit"]  # the same of one's own pages
    found = {option for command in commands.values() for option in options(command)}
    assert "--size" in found or len(found) > 10
    assert not [name for name in found if "seed" in name or "random" in name or "determin" in name]


def test_nothing_is_shared_between_two_proofs_of_one_witness():
    """Roots, digests, openings, the last polynomial, salts, rows: all of it is drawn again."""
    traces = with_ring(RICH)  # even the ring is the same
    with fixed(COINS):
        one, other = (
            observe(prove_circuit(DESCRIPTION, DIGEST, PARAMS, PUBLIC, traces), DESCRIPTION, HEIGHTS, COINS)
            for _ in "ab"
        )
    for part in one.keys() - {"terminals"}:
        a, b = one[part], other[part]
        assert (a == b).sum() < 3, part
        if part.endswith("salts"):
            salts = {salt.tobytes() for words in (a, b) for salt in words.reshape(-1, 4)}
            assert len(salts) == (a.size + b.size) // 4
    assert one["terminals"].tolist() == other["terminals"].tolist()  # these the ring hides, not the prover
