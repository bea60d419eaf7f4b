"""Mutants of packages of links, alone and after others, and of the policies that they are judged under.

A mutator takes a `Random` and the corpus. It returns packages in order and a policy. What it returns may happen to be
an original again. `MUTATORS` says how many of each are made; `byte_mutants` has those of bytes and of proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz import byte_mutants
from tests.fuzz.chain_bases import ChainBase, Judged, encoded, light, whole
from tests.fuzz.edits import packed, sorted_keys, tweaked
from tests.fuzz.mutants import ODD, at, copied, edited, paths
from zkharvest.conformance.kinds.recipe import taxpayer_key
from zkharvest.sign.chains import sign_as_taxpayer
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.rejections import Reject

TYPES: tuple[Any, ...] = (None, True, 7, "7", b"7", [], {})
IMPOSSIBLE: dict[type, tuple[Any, ...]] = {
    int: (-1, 5000, 2**45, 2**63, 2**64 - 1),
    str: ("", "\n", "a" * 400, "9999-99-99", "-0"),
    bytes: (b"", b"\xff" * 32, b"\xff" * 36),
}
OF_JSON = tuple(one for one in ODD if isinstance(one, str | int | float | list | None) and one != "\ud800")


# --- mutators


def structure(rng: Random, bases: list[ChainBase]) -> Judged:
    """A value removed, replaced, moved or repeated, somewhere in the tree."""
    base = rng.choice(bases)
    parts, proofs = light(base.parts)
    return base.with_parts(whole(edited(rng, parts), proofs))


def values(rng: Random, bases: list[ChainBase]) -> Judged:
    """One number, text or byte string that is another of its kind; of a page's header too."""
    base = rng.choice(bases)
    parts, proofs = light(base.parts)
    if rng.random() < 0.3:
        page = rng.choice(rng.choice(parts["links"])["statement"]["pages"])
        page["header"] = packed(sorted_keys(tweaked(rng, wire.decode(page["header"]))))
    else:
        parts = tweaked(rng, parts)
    return base.with_parts(whole(parts, proofs))


def two_faults(rng: Random, bases: list[ChainBase]) -> Judged:
    """In one map of a statement or header a value of another type, and one of its type that cannot be: form decides."""
    base = rng.choice(bases)
    parts, proofs = light(base.parts)
    statement = rng.choice(parts["links"])["statement"]
    page = rng.choice(statement["pages"]) if rng.random() < 0.2 else None
    whole_map = wire.decode(page["header"]) if page else statement
    maps = [at(whole_map, path) for path in paths(whole_map) if isinstance(at(whole_map, path), dict)]
    chosen = rng.choice([one for one in maps if len(one) > 1])
    form, value = rng.sample(sorted(chosen), 2)
    chosen[form] = copied(rng.choice([odd for odd in TYPES if type(odd) is not type(chosen[form])]))
    chosen[value] = copied(rng.choice(IMPOSSIBLE.get(type(chosen[value]), TYPES)))
    if page:
        page["header"] = packed(sorted_keys(whole_map))
    return base.with_parts(whole(parts, proofs))


def stated(rng: Random, bases: list[ChainBase]) -> Judged:
    """Another claim, well formed: figures, roots, method, pages, windows, accounts."""
    base = rng.choice(bases)
    parts = copied(base.parts)
    statement = rng.choice(parts["links"])["statement"]
    match rng.randrange(9):
        case 0 | 1:
            found = rng.choice(statement["figures"])["values"]
            name = rng.choice(sorted(found))
            found[name] = str(int(found[name]) + rng.choice((1, -1, 10**6, -(10**6), 2**90)))
        case 2:
            root = bytearray(statement["carried_out"][rng.choice(("lots", "sums"))])
            root[4 * rng.randrange(9)] ^= 1 << rng.randrange(8)
            statement["carried_out"][rng.choice(("lots", "sums"))] = bytes(root)
        case 3:
            statement["method"] = rng.choice(("fifo", "lifo", "hifo", "lofo", "specific"))
        case 4:
            statement["covered"] = rng.choice((None, "2025-01-01", "2024-02-29", "1999-12-31"))
        case 5:
            del statement["pages"][rng.randrange(len(statement["pages"]))]
        case 6:
            edge = rng.choice(("from", "to"))
            statement["window"][edge] += rng.choice((1, -1, 86_400_000, -86_400_000, 31_536_000_000))
        case 7:
            rng.choice(statement["accounts"])[rng.choice(("source", "account"))] += rng.choice(("x", "0"))
        case 8:
            statement["year"] = rng.choice((None, 2023, 2024, 2025, 2026))
    return base.with_parts(parts)


def rearranged(rng: Random, bases: list[ChainBase]) -> Judged:
    """Links or packages exchanged, repeated, left out, or taken from another chain."""
    base, other = rng.choice(bases), rng.choice(bases)
    links = list(base.parts["links"])
    packages = [*base.before, base.data]
    place = rng.randrange(len(links))
    match rng.randrange(7):
        case 0:
            rng.shuffle(links)
        case 1:
            links.insert(rng.randrange(len(links) + 1), links[place])
        case 2:
            del links[place]
        case 3:
            links[place] = rng.choice(other.parts["links"])
        case 4:
            links[place] = {**links[place], "proof": rng.choice(other.parts["links"])["proof"]}
        case 5:
            rng.shuffle(packages)
            return packages, base.policy
        case 6:
            packages.insert(rng.randrange(len(packages) + 1), rng.choice([other.data, *other.before]))
            return packages, rng.choice((base, other)).policy
    return base.with_parts({**base.parts, "links": links})


def signatures(rng: Random, bases: list[ChainBase]) -> Judged:
    """Signatures over pages edited, and the taxpayer's made anew, so that what is edited is looked at."""
    base = rng.choice([base for base in bases if base.parts["attestations"]])
    parts = copied(base.parts)
    one = rng.choice(parts["attestations"])
    name = rng.choice(("key", "page", "pop", "signature"))
    twin = rng.choice(bases[0].parts["attestations"] + bases[1].parts["attestations"])
    match rng.randrange(4):
        case 0:
            one[name] = twin[name]
        case 1 if one[name]:
            changed = bytearray(one[name])
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            one[name] = bytes(changed)
        case 2:
            parts["attestations"].remove(one)
            parts["attestations"] = parts["attestations"] or None
        case _:
            one[name] = (b"\xc0" + bytes(len(one[name])))[: len(one[name])]
    parts["attestations"] = sorted(parts["attestations"], key=lambda a: (a["page"], a["scheme"], a["key"]))
    data = encoded(parts)
    try:
        package = decode_chain_package(data)
    except Reject:
        return [*base.before, data], base.policy
    return [*base.before, sign_as_taxpayer(package, taxpayer_key("taxpayer"), replace_other=True).encode()], base.policy


def policies(rng: Random, bases: list[ChainBase]) -> Judged:
    """The packages as they are, under another policy."""
    base = rng.choice(bases)
    policy = copied(rng.choice((base, base, rng.choice(bases))).policy)
    match rng.randrange(5):
        case 4:  # as some programs write numbers
            policy |= {"max_gone": 0, "max_declared": 2**40}
            policy |= {name: float(n) for name, n in policy.items() if type(n) is int and rng.random() < 0.5}
        case 0:
            policy = edited(rng, policy, OF_JSON, 1)
        case 1:
            policy = tweaked(rng, policy)
        case 2:
            del policy[rng.choice(sorted(set(policy) - {"schema"}))]
        case 3:
            policy |= rng.choice(
                (
                    {"first": None, "standing": "ab" * 32}, {"first": False}, {"pages": {"nobody": "ab" * 32}},
                    {"accounts": {"kraken": ["K-alice", "K-bob"]}}, {"allow_test_preset": False}, {"min_bits": 0},
                    {"source_keys": {"kraken": "ab" * 48}}, {"nonce": "00"}, {"max_gone": 0, "max_unexplained": 0},
                    {"circuits": ["lot-machine/v3"]}, {"timezone": "UTC"}, {"pooling": "universal"},
                )
            )  # fmt: skip
    return [*base.before, base.data], policy


Mutator = Callable[[Random, list[ChainBase]], Judged]
OF_VALUES: tuple[tuple[Mutator, int], ...] = (
    (structure, 5000), (values, 2000), (two_faults, 1500), (stated, 2000), (rearranged, 1500), (signatures, 1000),
)  # fmt: skip
MUTATORS = (*OF_VALUES, *byte_mutants.MUTATORS, (policies, 1500))
