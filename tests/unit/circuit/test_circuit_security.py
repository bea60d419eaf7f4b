"""The soundness report: 128 bits at every height of every preset, and the committed file is what the code gives."""

import json

import pytest

from tests.support.counts import count, least
from zkharvest.circuit.publish import security_document
from zkharvest.circuit.security import blocks, markdown, report
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.verifier import circuits
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.soundness import HASH_BITS, bounds, level, model

CASES = [
    (pinned.id, preset.name, log_rows)
    for pinned in circuits.PINNED
    for preset in PRESETS.values()
    if preset.real
    for log_rows in range(preset.min_log_rows, preset.max_log_rows + 1)
]


def frozen(circuit):
    """What lies in circuits/, whatever the definition has become meanwhile."""
    return (circuits.folder() / circuit / "circuit.json").read_bytes()


@pytest.mark.parametrize(("circuit", "name", "log_rows"), CASES)
def test_128_bits_in_the_johnson_regime_at_every_height(circuit, name, log_rows):
    params = PRESETS[name].params
    description = read_description(frozen(circuit))
    instance = model(description, params, [log_rows] * len(description.tables))
    johnson, unique = bounds(instance, params.johnson_m)
    assert johnson.minimum >= 128
    assert johnson.total > 126
    assert level(instance, params.johnson_m).minimum == HASH_BITS == 128
    # The claim needs the Johnson regime: within unique decoding the same queries prove less.
    assert 70 < unique.minimum < 128
    assert unique.terms[-1].bits == unique.minimum
    least("bits, minimum over all heights", johnson.minimum)
    count("heights with 128 bits proven")


@pytest.mark.parametrize("circuit", [pinned.id for pinned in circuits.PINNED])
def test_the_committed_report_is_what_the_code_computes(circuit):
    data = frozen(circuit)
    committed = (circuits.folder() / circuit / "SECURITY.md").read_bytes()
    assert committed == security_document(data), "run python -m zkharvest.circuit.publish"
    # and it would not be, had a constraint more been frozen
    document = json.loads(data)
    table = document["tables"][0]
    table["constraints"] += [table["constraints"][0] | {"name": f"more{k}"} for k in range(100)]
    assert committed != security_document(json.dumps(document).encode())


def test_the_report_has_every_preset_height_regime_and_term():
    description = read_description(frozen(CASES[0][0]))
    shown = report(description)
    found = [(entry["preset"], height["log_rows"]) for entry in shown["presets"] for height in entry["heights"]]
    assert found == [(name, log_rows) for circuit, name, log_rows in CASES if circuit == CASES[0][0]]
    assert shown["bits"] == 128
    assert "test" not in {entry["preset"] for entry in shown["presets"]}
    for preset in shown["presets"]:
        for height in preset["heights"]:
            for regime in ("johnson", "unique_decoding"):
                terms = height[regime]["terms"]
                folds = [name for name in terms if name.startswith("fold")]
                assert list(terms) == ["lookup", "constraints", "deep", "batch", *folds, "query", "hash"]
                assert folds == [f"fold {i + 1}" for i in range(len(folds))]
                assert 2 <= len(folds) <= 4
                assert height[regime]["minimum"] == min(terms.values())
                assert height[regime]["sum"] <= height[regime]["minimum"]
        for _title, head, rows in blocks(preset):
            assert {len(row) for row in rows} == {len(head)} == {2 + len(preset["heights"])}


def test_what_is_shown_is_never_more_than_what_is_proven():
    description = read_description(frozen(CASES[0][0]))
    for preset in report(description)["presets"]:
        params = PRESETS[preset["preset"]].params
        for height in preset["heights"]:
            exact = bounds(model(description, params, [height["log_rows"]] * len(description.tables)), params.johnson_m)
            for key, bound in zip(("johnson", "unique_decoding"), exact, strict=True):
                for term in bound.terms:
                    assert 0 <= term.bits - height[key]["terms"][term.name] < 0.11


def test_the_command_prints_a_block_for_every_preset(capsys):
    circuit = CASES[0][0]
    assert main(["circuits", "show", circuit, "--security"]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert f"{circuit}: at least 128 bits at every height" in text
    assert text.count("Johnson regime, m = ") == text.count("unique decoding, for comparison:") == 3
    assert "Claimed is the smallest term of the Johnson regime" in text
    assert "random oracle" in text
    assert "2055" in text
    assert max(map(len, text.splitlines())) <= 80
    assert main(["circuits", "show", circuit, "--security", "--json"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("schema") == "zkharvest/circuit-security/1"
    assert shown == report(read_description(frozen(circuit)))
    assert markdown(shown).encode() == (circuits.folder() / circuit / "SECURITY.md").read_bytes()
