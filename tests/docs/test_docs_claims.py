"""Figures that the security documents state and that no other test computes."""

from __future__ import annotations

from math import log2
from pathlib import Path

from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.lot_machine.shared.lists import SEQ_MAX
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS
from zkharvest.circuit.lot_machine.v2.steps.lists import SEQ_LIMB
from zkharvest.circuit.lot_machine.v2.sums.keys import ORDERED, PLACE
from zkharvest.commitment.page_record import ref_code
from zkharvest.spec import account_code, is_currency
from zkharvest.verifier import circuits
from zkharvest.verifier.field import DEGREE, P
from zkharvest.verifier.figures import asset_code
from zkharvest.verifier.params import PRESETS, sizes
from zkharvest.verifier.soundness import Regime, model, security
from zkharvest.verifier.statement_v2 import _KEYS

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
THREATS = (ROOT / "docs" / "security" / "threat-model.md").read_text(encoding="utf-8")
REAL = [preset for preset in PRESETS.values() if preset.real]

ISO_4217 = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER
ZAR ZMW ZWG
""".split()  # noqa: SIM905


def said(text, *parts):
    """The parts stand in the document, whatever its line breaks."""
    flat = " ".join(text.split())
    return [part for part in parts if part not in flat]


def test_a_currency_is_its_letters():
    """All of ISO 4217 can be named, and a name stands as itself: nothing is hashed that another could pass for."""
    assert all(is_currency(name) for name in [*ISO_4217, "USDC", "USDT"])
    assert not any(is_currency(name) for name in ["", "US", "USDCOIN", "US$", "USD "])
    assert not said(THREATS, "| currency | its letters |", "up to five letters")


def test_every_table_and_bus_is_named():
    description = circuits.load(circuits.PINNED[-1])
    assert not said(PROTOCOL, *(f"| `{table.name}` |" for table in description.tables))
    assert not said(PROTOCOL, *(f"`{bus.name}`" for bus in description.buses))
    assert f"{LOG_ROWS[0]} ≤ n ≤ {LOG_ROWS[1]}" in PROTOCOL
    assert description.fractions([LOG_ROWS[1]] * len(description.tables)) < 2**28


def test_bits_that_the_protocol_states():
    description = circuits.load(circuits.PINNED[-1])
    lists, unique, sums = [], [], []
    for preset in REAL:
        for n in range(preset.min_log_rows, preset.max_log_rows + 1):
            heights = [n] * len(description.tables)
            found = security(description, preset.params, heights)
            instance = model(description, preset.params, heights)
            assert found.minimum >= 128
            sums.append(found.total)
        lists.append(round(Regime("", instance.rate, preset.params.johnson_m).list_size(instance.rate)))
        unique.append(int(found.unique_decoding))
    assert not said(
        PROTOCOL,
        f"{lists[0]} for `balanced`, {lists[1]} for `small`, {lists[2]} for `large`.",
        f"give {unique[0]}, {unique[1]} and {unique[2]} bits",
        f"one bit lower ({int(min(sums) * 10) / 10})",
    )
    assert 128 - min(sums) <= 1


def test_masks_and_layers_have_the_room_that_the_argument_needs():
    """h >= 2q + 20; the last polynomial has more coefficients than there are queries."""
    for preset in PRESETS.values():
        for n in range(preset.min_log_rows, preset.max_log_rows + 1):
            at = sizes(n, preset.params)
            assert at.mask >= 2 * preset.params.queries + 20
            assert 3 * at.rows + 4 * at.mask < 3 * at.piece_step
            left = at.stack_bound
            for arity in at.arities:
                assert left % arity == 0
                left //= arity
            assert left == at.final_terms > preset.params.queries
            assert left in {272, 544}


def test_terminals_are_as_close_to_uniform_as_is_said():
    """Weil's bound on a character sum, to the power of the ring's rows; half the root of |E| times that."""
    distance = DEGREE * log2(P) / 2 - 1 + BLIND_ROWS * log2((8 * P**0.5 + 1) / P)
    assert f"{distance:.1f}" == "-135.9"
    tables = len(circuits.load(circuits.PINNED[-1]).tables)
    assert log2(tables) + distance < -133
    exceptional = tables * (2**distance + float(P) ** -4) + float(P) ** -4  # a_i / beta^2 or lambda in F
    assert log2(exceptional) < -120.9
    assert not said(PROTOCOL, "135.9 of uniform", "133. - **Salts", "120 for exceptional")


def test_the_lane_that_counts_stays_comparable():
    """Below 2^27 where anything is carried in, and a link works no more records than a table has rows."""
    most = 1 << 15 + SEQ_LIMB
    assert most == 1 << 27
    assert most + (1 << LOG_ROWS[1]) < SEQ_MAX == 1 << 28 < P - 2**30
    assert most >> LOG_ROWS[1] == 128
    assert not said(PROTOCOL, "It is below 2²⁷ where", "after 128 links of full tables")


def test_the_statement_has_as_many_keys_as_is_said():
    assert len(_KEYS) == 17
    assert not said(PROTOCOL, "exactly seventeen keys")


def test_names_are_cut_to_what_the_table_says():
    names = [f"n{i}" for i in range(2000)]
    for code in (asset_code, lambda name: account_code(name, "main")):
        codes = [code(name) for name in names]
        assert all(2**22 < max(lanes) < 2**24 for lanes in list(zip(*codes, strict=True))[:ORDERED])
        assert 2**29 < max(code[ORDERED] for code in codes) < 2**30 and len(codes[0]) == PLACE
        assert len(set(codes)) == len(names)
    assert ORDERED * 24 + 30 == 102
    assert not said(THREATS, "| asset | 102 |", "| account | 102 |", "| 72 of these |", "An account's 102 bits")
    assert not said(PROTOCOL, "assets and accounts as 102 bits")
    refs = [ref_code(name) for name in names]
    assert 2**59 < max(refs) < 2**60
    assert not said(THREATS, "| reference of a move | 60 |")
