"""Packages among the vectors: recipes, their language, and what an outsider gets of them."""

import json
import subprocess
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.conformance.kinds.expect import Mismatch
from zkharvest.conformance.kinds.packages import check_accept, check_reject, judge, prepare
from zkharvest.conformance.kinds.proof_parts import proof_parts
from zkharvest.conformance.kinds.recipe import Recipe, RecipeError, materialise, parse_value, read_recipe
from zkharvest.conformance.vectors import write_packages
from zkharvest.errors import UsageError
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.rejections import Reason

VECTORS = Path(__file__).resolve().parents[3] / "vectors"
BASE = "accept/lot-machine-v2/2024.zkh"
DATA = (VECTORS / BASE).read_bytes()
RECIPE = f"expect: rejected\nreason: merkle/main\nbase: {BASE}\ncomment: a salt\n\nflip proof.0:main/0/salt 0\n"

# Not by any file: the machine's own data, or a chance of one in 2^120.
OUT_OF_REACH = {
    Reason.CIRCUIT_BROKEN, Reason.CIRCUIT_FILE, Reason.PUBLIC_SHAPE, Reason.PUBLIC_VALUE, Reason.POINT,
    Reason.DENOMINATOR, Reason.INTERNAL, Reason.POLICY_SIGNATURES,
    Reason.LINK_CODES,  # no two names with one code are known: it takes 2^36 hashes to find them
}  # fmt: skip


def made(*edits, base=BASE):
    return materialise(VECTORS, Recipe("rejected", ("merkle/main",), base, "x", {}, edits))


def parts(data):
    return wire.decode(data[9:])


def test_a_recipe_is_read():
    recipe = read_recipe(RECIPE.replace("comment", 'policy: year 2024\npolicy: pages {"a": "00"}\ncomment'))
    assert recipe.reasons == ("merkle/main",)
    assert recipe.policy == {"year": 2024, "pages": {"a": "00"}}
    assert recipe.edits == ("flip proof.0:main/0/salt 0",)


@pytest.mark.parametrize(
    "text",
    [
        RECIPE.replace("comment: a salt\n", ""),
        RECIPE.replace("comment", "remark"),
        RECIPE.replace("comment: a salt", "comment: a salt\ncomment: again"),
        RECIPE.replace("comment: a salt", "comment"),
    ],
)
def test_a_recipe_with_another_header_is_none(text):
    with pytest.raises(RecipeError):
        read_recipe(text)


def link(*edits):
    """The first link of a package that edits make."""
    return parts(made(*edits))["links"][0]


def test_edits_of_the_structure():
    assert link('set links.0.preset = "fast"')["preset"] == "fast"
    assert link('set links.0.statement.carried_in = "hex:0102"')["statement"]["carried_in"] == b"\1\2"
    before = parts(DATA)["links"][0]["statement"]
    figures = link("set links.0.statement.figures.8 = 0")["statement"]["figures"]
    assert figures == [*before["figures"], 0]
    assert "log_rows" not in link("delete links.0.log_rows")
    assert link("add links.0.statement.year -1")["statement"]["year"] == before["year"] - 1
    net = "links.0.statement.figures.7.values.proceeds"
    proceeds = int(before["figures"][7]["values"]["proceeds"])
    assert link(f"add {net} 5")["statement"]["figures"][7]["values"]["proceeds"] == str(proceeds + 5)
    swapped = link("exchange links.0.statement.accounts.0 links.0.statement.accounts.1")["statement"]["accounts"]
    assert swapped == before["accounts"][::-1]
    other = BASE.replace("2024", "2025")
    [theirs] = decode_chain_package((VECTORS / other).read_bytes()).parts
    assert link(f"take links.0.proof from {other}")["proof"] == theirs.proof


def test_edits_of_bytes():
    assert made("truncate 20") == DATA[:20]
    assert made("truncate -20") == DATA[:-20]
    assert made("append 0102") == DATA + b"\1\2"
    assert made("flip file+3 7")[3] == DATA[3] ^ 128
    assert made("write file+-1 55")[-1] == 0x55
    rows = b"\xa8log_rows"
    assert made("replace a86c6f675f726f7773 00*2+ff") == DATA.replace(rows, b"\0\0\xff")


def test_edits_of_the_proof():
    def proof(edit):
        return decode_chain_package(made(edit)).parts[0].proof

    [part] = decode_chain_package(DATA).parts
    places = proof_parts(part)
    salt = places["main/0/salt"]
    changed = proof("write proof.0:main/0/salt+2 00*3")
    assert changed[salt.start + 2 : salt.start + 5] == bytes(3)
    assert changed[salt.start + 5 :] == part.proof[salt.start + 5 :]
    first, second = places["z/0"], places["z/1"]
    exchanged = proof("exchange proof.0:z/0 proof.0:z/1")
    assert exchanged[first.start : first.stop] == part.proof[second.start : second.stop]
    assert len(proof("cut proof.0:aux/sibling/0")) == len(part.proof) - 32
    assert proof("insert proof.0:main 07") == b"\7" + part.proof


def test_the_parts_of_a_proof_fill_it():
    [part] = decode_chain_package(DATA).parts
    places = list(proof_parts(part).values())
    assert places[0].start == 0
    assert all(a.stop == b.start for a, b in pairwise(places))
    assert places[-1].stop == len(part.proof)


def test_a_signature_is_made_with_a_test_key():
    signed = made("sign somebody")
    signer = decode_chain_package(signed).signature["key"]
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = sha256(b"zkharvest test key somebody").digest()
    assert signer == Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


@pytest.mark.parametrize(
    "edit",
    [
        "polish proof", "set nowhere.at.all = 1", "flip proof.0:main/999/salt 0", "flip somewhere 0", "truncate x",
        "replace ffffffffffff 00", "write proof.0:nonce/query 00*9", "add links.0.preset 1",
        "set links.0.log_rows.0 = 13", "sign", "set links.0.log_rows = {", "flip proof:main/0/salt 0",
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_made_is_an_error(edit):
    with pytest.raises(RecipeError):
        made(edit)


def test_values_are_json_with_bytes():
    assert parse_value('{"a": ["hex:00ff", "x"]}') == {"a": [b"\0\xff", "x"]}


def lay_out(tmp_path, recipe, stage="merkle"):
    """A folder of vectors with one base and one recipe."""
    (tmp_path / "accept" / "lot-machine-v2").mkdir(parents=True)
    for suffix in (".zkh", ".json"):
        path = Path(BASE).with_suffix(suffix)
        (tmp_path / path).write_bytes((VECTORS / path).read_bytes())
    (tmp_path / "reject" / stage).mkdir(parents=True)
    path = tmp_path / "reject" / stage / "x.txt"
    path.write_text(recipe)
    return path


def test_a_reject_vector_names_its_reason(tmp_path):
    path = lay_out(tmp_path, RECIPE)
    check_reject(tmp_path, path)
    path.write_text(RECIPE.replace("reason: merkle/main", "reason: merkle/aux"))
    with pytest.raises(Mismatch, match="expected merkle/aux, got merkle/main"):
        check_reject(tmp_path, path)
    path.write_text(RECIPE.replace("expect: rejected", "expect: undecided"))
    with pytest.raises(Mismatch, match="expected undecided, got rejected"):
        check_reject(tmp_path, path)
    path.write_text(RECIPE.replace("flip proof.0:main/0/salt 0\n", ""))
    with pytest.raises(Mismatch, match="expected rejected, got accepted"):
        check_reject(tmp_path, path)


@pytest.mark.parametrize("reasons", ["fri/layer", "merkle/main merkle/aux", "merkle/main fri/layer"])
def test_a_recipe_lies_under_its_stage(tmp_path, reasons):
    path = lay_out(tmp_path, RECIPE.replace("reason: merkle/main", f"reason: {reasons}"))
    with pytest.raises(Mismatch, match="cannot be followed"):
        prepare(tmp_path, path)


def test_an_accept_vector_shows_its_figures(tmp_path):
    lay_out(tmp_path, RECIPE)
    path = (tmp_path / BASE).with_suffix(".json")
    header = json.loads(path.read_text())
    check_accept(tmp_path, path)
    header["expect"]["years"][0]["totals"]["net"] = "0.00000001"
    path.write_text(json.dumps(header))
    with pytest.raises(Mismatch, match="years: expected"):
        check_accept(tmp_path, path)
    path.write_text(json.dumps(header | {"remark": 1}))
    with pytest.raises(Mismatch, match="unknown keys remark"):
        check_accept(tmp_path, path)
    path.write_text(json.dumps(header | {"policy": {"schema": "zkharvest/chain-policy/1"}}))
    with pytest.raises(Mismatch, match="policy/test-preset"):
        check_accept(tmp_path, path)


def test_every_reason_has_a_vector():
    """In recipes, or where a statement of version 2 or a chain is refused before any proof, as known answers."""
    texts = [path.read_text() for path in (VECTORS / "reject").rglob("*.txt")]
    named = {reason for text in texts for reason in read_recipe(text).reasons}
    chains = json.loads((VECTORS / "kat" / "chain" / "chain.json").read_text())["cases"]
    for case in chains:
        named |= {case["out"]["reason"]} if "reason" in case["out"] else set(case["out"].get("reasons", ()))
    wanted = {reason.value for reason in Reason if reason not in OUT_OF_REACH}
    assert named >= wanted, wanted - named
    assert named <= {reason.value for reason in Reason}


ADAPTER = """
import json, sys
sys.path.insert(0, {root!r})
from zkharvest.conformance.kinds.packages import judge
with open(sys.argv[1], "rb") as file, open(sys.argv[2]) as policy:
    verdict = judge(file.read(), json.load(policy))
print(verdict.verdict, verdict.reason)
sys.exit({{"accepted": 0, "rejected": 1, "undecided": 3}}[verdict.verdict])
"""


def drive(folder, *command):
    script = VECTORS / "drive.py"
    return subprocess.run([sys.executable, script, folder, *command], capture_output=True, text=True)


def test_another_implementation_is_driven(tmp_path):
    lay_out(tmp_path / "vectors", RECIPE)
    assert main(["vectors", str(tmp_path / "vectors"), "--write", str(tmp_path / "out")]) == ExitCode.DONE
    written = json.loads((tmp_path / "out" / "reject" / "merkle" / "x.json").read_text())
    assert written["verdict"] == "rejected"
    assert written["reasons"] == ["merkle/main"]
    assert set(written) == {"packages", "policy", "verdict", "reasons"}
    assert written["packages"] == ["x.zkh"]
    adapter = tmp_path / "adapter.py"
    adapter.write_text(ADAPTER.format(root=str(VECTORS.parent)))
    done = drive(tmp_path / "out", sys.executable, adapter)
    assert (done.returncode, done.stdout) == (0, "2 passed, 0 failed\n"), done.stdout + done.stderr
    adapter.write_text("print('accepted')")  # who accepts everything
    done = drive(tmp_path / "out", sys.executable, adapter)
    assert done.returncode == 1
    assert "FAIL  reject/merkle/x: expected rejected, got accepted" in done.stdout
    adapter.write_text("print('rejected', 'merkle/main')")  # who cannot say it by exit code
    assert "the exit code is 0" in drive(tmp_path / "out", sys.executable, adapter).stdout


# ------------------------------------------------------------------ of links

CHAINS = "accept/lot-machine-v2"
CHAIN_RECIPE = f"expect: rejected\nreason: chain/standing\nbase: {CHAINS}/2024.zkh\ncomment: twice\n"


def chain_made(*edits):
    return decode_chain_package(made(*edits, base=f"{CHAINS}/two-years.zkh"))


def test_edits_of_packages_of_links():
    before = decode_chain_package((VECTORS / CHAINS / "two-years.zkh").read_bytes())
    assert chain_made("exchange links.0 links.1").parts == before.parts[::-1]
    second = proof_parts(before.parts[1])
    assert list(second.values())[-1].stop == len(before.parts[1].proof)
    changed = chain_made("flip proof.1:main/0/salt 0", "cut proof.1:aux/sibling/0")
    assert changed.parts[0] == before.parts[0]
    assert len(changed.parts[1].proof) == len(before.parts[1].proof) - 32
    assert changed.parts[1].proof[second["main/0/salt"].start] == before.parts[1].proof[second["main/0/salt"].start] ^ 1
    signed = chain_made("sign somebody")
    assert signed.signature != before.signature
    assert signed.parts == before.parts
    with pytest.raises(RecipeError):
        chain_made("flip proof:main/0/salt 0")  # of which link is not said


def test_packages_are_judged_after_those_before_them(tmp_path):
    (tmp_path / CHAINS).mkdir(parents=True)
    for path in (VECTORS / CHAINS).iterdir():
        (tmp_path / CHAINS / path.name).write_bytes(path.read_bytes())
    (tmp_path / "reject" / "chain").mkdir(parents=True)
    path = tmp_path / "reject" / "chain" / "x.txt"
    path.write_text(CHAIN_RECIPE + f"before: {CHAINS}/2024.zkh\n")
    assert len(prepare(tmp_path, path)[1]) == 2
    check_reject(tmp_path, path)
    path.write_text(CHAIN_RECIPE.replace("2024", "2025"))  # those of the base's header
    assert [len(data) for _, data, _ in [prepare(tmp_path, path)]] == [2]
    path.write_text(CHAIN_RECIPE.replace("2024", "2025") + "before: none\n")
    assert len(prepare(tmp_path, path)[1]) == 1
    with pytest.raises(Mismatch, match="expected chain/standing, got policy/standing"):
        check_reject(tmp_path, path)
    assert write_packages(tmp_path, tmp_path / "out") > 4
    header = json.loads((tmp_path / "out" / CHAINS / "2025.json").read_text())
    assert header["packages"] == ["2025.1.zkh", "2025.zkh"]
    first, second = ((tmp_path / "out" / CHAINS / name).read_bytes() for name in header["packages"])
    assert first == (VECTORS / CHAINS / "2024.zkh").read_bytes()
    assert judge([first, second], header["policy"]).accepted
    assert judge([second, first], header["policy"]).reason == "chain/standing"


def test_an_accepted_chain_shows_its_years(tmp_path):
    path = VECTORS / CHAINS / "2025.json"
    check_accept(VECTORS, path)
    (tmp_path / CHAINS).mkdir(parents=True)
    for name in ("2024.zkh", "2025.zkh"):
        (tmp_path / CHAINS / name).write_bytes((VECTORS / CHAINS / name).read_bytes())
    header = json.loads(path.read_text())
    header["expect"]["years"][1]["totals"]["net"] = "0.00000001"
    path = tmp_path / CHAINS / "2025.json"
    path.write_text(json.dumps(header))
    with pytest.raises(Mismatch, match="years: expected"):
        check_accept(tmp_path, path)


def test_packages_are_written_to_an_empty_folder_only(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="not empty"):
        write_packages(VECTORS, tmp_path)
