"""Packages to accept and to reject, judged by the same verdict as `zkharvest verify`.

A package to accept, `NAME.zkh`, has a header `NAME.json` beside it: the policy to verify it under, and what the verdict
must say. One to reject is a recipe, `reject/STAGE/NAME.txt`; STAGE is the stage of the reason, or `challenges` where
several reasons are allowed. Packages may be given after others (`before` of a header or recipe): they are judged
together, as one chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.conformance.kinds.expect import Mismatch, expect
from zkharvest.conformance.kinds.recipe import Recipe, RecipeError, materialise, read_recipe

if TYPE_CHECKING:
    from zkharvest.verifier.chain_verdict import ChainVerdict

HEAD = {"about", "ledger", "policy", "expect", "before"}
SEVERAL = "challenges"


def check_accept(root: Path, path: Path) -> None:
    """`NAME.json` beside `NAME.zkh`: accepted under its policy, with the figures of `expect`, and of its ledger."""
    header = read_header(root, path.with_suffix(".zkh"))
    data = [*_given(root, header.get("before", ())), path.with_suffix(".zkh").read_bytes()]
    verdict = judge(data, header["policy"])
    expect("verdict", ("accepted", ""), (verdict.verdict, verdict.reason))
    _expect_chain(header["expect"], verdict.to_json()["chain"])


def _expect_chain(wanted: dict[str, Any], shown: dict[str, Any]) -> None:
    """Each year with its methods and figures, and the counters, of what a verdict shows of a chain."""
    years = [
        {
            "year": one["year"],
            "methods": one["methods"],
            "totals": {key: one["totals"].get(key) for key in part["totals"]},
        }
        for one, part in zip(shown["years"], wanted["years"], strict=True)
    ]
    expect("years", wanted["years"], years)
    expect("counters", wanted["counters"], {key: shown["counters"][key] for key in wanted["counters"]})


def check_reject(root: Path, path: Path) -> None:
    """What the recipe makes is refused, for the recipe's reason."""
    recipe, data, policy = prepare(root, path)
    verdict = judge(data, policy)
    expect("verdict", recipe.expect, verdict.verdict)
    if verdict.reason not in recipe.reasons:
        raise Mismatch(f"reason: expected {' or '.join(recipe.reasons)}, got {verdict.reason} ({verdict.detail})")


def _given(root: Path, names: Iterable[str]) -> list[bytes]:
    return [(root / name).read_bytes() for name in names]


def prepare(root: Path, path: Path) -> tuple[Recipe, list[bytes], dict[str, Any]]:
    """A recipe, the package that it makes with those that are given before it, and the policy to verify them under."""
    try:
        recipe = read_recipe(path.read_text(encoding="utf-8"))
        stages = {reason.partition("/")[0] for reason in recipe.reasons}
        if stages != {path.parent.name} and path.parent.name != SEVERAL:
            raise RecipeError(f"lies under {path.parent.name}, but its stage is {', '.join(sorted(stages))}")
        if len(recipe.reasons) > 1 and path.parent.name != SEVERAL:
            raise RecipeError("has several reasons")
        header = read_header(root, root / recipe.base)
        policy = {**header["policy"], **recipe.policy}
        before = header.get("before", ()) if recipe.before is None else recipe.before
        return recipe, [*_given(root, before), materialise(root, recipe)], policy
    except RecipeError as error:
        raise Mismatch(f"the recipe cannot be followed: {error}") from None


def read_header(root: Path, package: Path) -> dict[str, Any]:
    """The header of a package among the vectors; a package that lies about itself has one too, without `expect`."""
    header: dict[str, Any] = json.loads(package.with_suffix(".json").read_text(encoding="utf-8"))
    if unknown := header.keys() - HEAD:
        raise Mismatch(f"{package.relative_to(root)}: unknown keys {', '.join(sorted(unknown))} in its header")
    return header


def judge(data: bytes | Sequence[bytes], policy: dict[str, Any]) -> ChainVerdict:
    """The verdict on packages as one chain, under a policy as headers write it; `policy/form` if it is not valid."""
    from zkharvest.sign.chains import SIGNATURES
    from zkharvest.verifier.chain_policy import ChainPolicy
    from zkharvest.verifier.chain_verdict import ChainVerdict
    from zkharvest.verifier.rejections import REJECTED, Finding, Reason
    from zkharvest.verifier.verify_chain import verify_chain

    try:
        wanted = ChainPolicy.from_json(policy)
    except (TypeError, ValueError) as error:
        return ChainVerdict(REJECTED, (Finding(Reason.POLICY_FORM, str(error)),))
    return verify_chain([data] if isinstance(data, bytes) else list(data), wanted, SIGNATURES)


def written(root: Path) -> Iterator[tuple[str, list[bytes], dict[str, Any]]]:
    """Every package vector as another implementation takes it: name, packages, and what `NAME.json` says of them."""
    for path in sorted((root / "accept").rglob("*.zkh")):
        header = read_header(root, path)
        name = path.relative_to(root).with_suffix("").as_posix()
        data = [*_given(root, header.get("before", ())), path.read_bytes()]
        yield name, data, {"policy": header["policy"], "verdict": "accepted", "reasons": []}
    for path in sorted((root / "reject").rglob("*.txt")):
        recipe, data, policy = prepare(root, path)
        name = path.relative_to(root).with_suffix("").as_posix()
        yield name, data, {"policy": policy, "verdict": recipe.expect, "reasons": list(recipe.reasons)}
