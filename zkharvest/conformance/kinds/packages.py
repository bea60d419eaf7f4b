"""Packages to accept and to reject, judged by the same verdict as `zkharvest verify`.

A package to accept, `NAME.zkh`, has a header `NAME.json` beside it: the policy to verify it under, and what the verdict
must say. One to reject is a recipe, `reject/STAGE/NAME.txt`; STAGE is the stage of the reason, or `challenges` where
several reasons are allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.conformance.kinds.expect import Mismatch, expect
from zkharvest.conformance.kinds.recipe import Recipe, RecipeError, materialise, read_recipe

if TYPE_CHECKING:
    from zkharvest.verifier.verdict import Verdict

HEAD = {"about", "ledger", "policy", "expect"}
SEVERAL = "challenges"


def check_accept(root: Path, path: Path) -> None:
    """`NAME.json` beside `NAME.zkh`: accepted under its policy, with the figures of `expect`, and of its ledger."""
    header = read_header(root, path.with_suffix(".zkh"))
    verdict = judge(path.with_suffix(".zkh").read_bytes(), header["policy"])
    expect("verdict", ("accepted", ""), (verdict.verdict, verdict.reason))
    shown = verdict.to_json()
    for part, wanted in header["expect"].items():
        expect(part, wanted, {key: shown[part][key] for key in wanted})


def check_reject(root: Path, path: Path) -> None:
    """What the recipe makes is refused, for the recipe's reason."""
    recipe, data, policy = prepare(root, path)
    verdict = judge(data, policy)
    expect("verdict", recipe.expect, verdict.verdict)
    if verdict.reason not in recipe.reasons:
        raise Mismatch(f"reason: expected {' or '.join(recipe.reasons)}, got {verdict.reason} ({verdict.detail})")


def prepare(root: Path, path: Path) -> tuple[Recipe, bytes, dict[str, Any]]:
    """A recipe, the package that it makes, and the policy to verify it under."""
    try:
        recipe = read_recipe(path.read_text(encoding="utf-8"))
        stages = {reason.partition("/")[0] for reason in recipe.reasons}
        if stages != {path.parent.name} and path.parent.name != SEVERAL:
            raise RecipeError(f"lies under {path.parent.name}, but its stage is {', '.join(sorted(stages))}")
        if len(recipe.reasons) > 1 and path.parent.name != SEVERAL:
            raise RecipeError("has several reasons")
        policy = {**read_header(root, root / recipe.base)["policy"], **recipe.policy}
        return recipe, materialise(root, recipe), policy
    except RecipeError as error:
        raise Mismatch(f"the recipe cannot be followed: {error}") from None


def read_header(root: Path, package: Path) -> dict[str, Any]:
    """The header of a package among the vectors; a package that lies about itself has one too, without `expect`."""
    header: dict[str, Any] = json.loads(package.with_suffix(".json").read_text(encoding="utf-8"))
    if unknown := header.keys() - HEAD:
        raise Mismatch(f"{package.relative_to(root)}: unknown keys {', '.join(sorted(unknown))} in its header")
    return header


def judge(data: bytes, policy: dict[str, Any]) -> Verdict:
    """The verdict under a policy as headers write it (FORMAT.md, section 10); `policy/form` if it is not valid."""
    from zkharvest.verifier.policy import Policy
    from zkharvest.verifier.rejections import REJECTED, Finding, Reason
    from zkharvest.verifier.verdict import Verdict
    from zkharvest.workflow.verify import verify

    try:
        wanted = Policy.from_json(policy)
    except (TypeError, ValueError) as error:
        return Verdict(REJECTED, (Finding(Reason.POLICY_FORM, str(error)),))
    return verify(data, wanted)


def written(root: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Every package vector as another implementation takes it: name, bytes, and what `NAME.json` says beside it."""
    for path in sorted((root / "accept").rglob("*.zkh")):
        header = read_header(root, path)
        name = path.relative_to(root).with_suffix("").as_posix()
        yield name, path.read_bytes(), {"policy": header["policy"], "verdict": "accepted", "reasons": []}
    for path in sorted((root / "reject").rglob("*.txt")):
        recipe, data, policy = prepare(root, path)
        name = path.relative_to(root).with_suffix("").as_posix()
        yield name, data, {"policy": policy, "verdict": recipe.expect, "reasons": list(recipe.reasons)}
