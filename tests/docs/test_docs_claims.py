"""Figures that the security documents state and that no other test computes."""

from __future__ import annotations

from itertools import combinations
from math import log2
from pathlib import Path

from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.lot_machine.v1.buses import TALLY_BYTES
from zkharvest.circuit.lot_machine.v1.definition import LOG_ROWS
from zkharvest.verifier import circuits
from zkharvest.verifier.field import DEGREE, P
from zkharvest.verifier.params import PRESETS, sizes
from zkharvest.verifier.soundness import Regime, model, security
from zkharvest.verifier.statement import currency_code

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
    """No name can be searched that passes for another; all of ISO 4217 can be named."""
    names = [*ISO_4217, "USDC", "USDT", "usd", "00000", "0000", "000"]
    assert len({currency_code(name) for name in names}) == len(names)
    assert not said(THREATS, "| currency | its letters |", "up to five letters")


def test_every_table_and_bus_is_named():
    description = circuits.load(circuits.PINNED[0])
    assert not said(PROTOCOL, *(f"| `{table.name}` |" for table in description.tables))
    assert not said(PROTOCOL, *(f"`{bus.name}`" for bus in description.buses))
    assert f"{LOG_ROWS[0]} ≤ n ≤ {LOG_ROWS[1]}" in PROTOCOL
    assert description.fractions([LOG_ROWS[1]] * len(description.tables)) < 2**28


def test_bits_that_the_protocol_states():
    description = circuits.load(circuits.PINNED[0])
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
        f"({int(min(sums) * 10) / 10})",
    )
    assert 128 - min(sums) <= 0.9


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
    tables = len(circuits.load(circuits.PINNED[0]).tables)
    assert log2(tables) + distance < -133
    exceptional = tables * (2**distance + float(P) ** -4) + float(P) ** -4  # a_i / beta^2 or lambda in F
    assert log2(exceptional) < -120.9
    assert not said(PROTOCOL, "135.9 of uniform", "133. - **Salts", "120 for exceptional")


def test_the_lane_that_grows_stays_comparable_for_thirty_years():
    """A comparison is sound below p - 2^30; a chained year adds at most 2^25 and the rows of a table."""
    most, year = P - 2**30, 2**25 + 2 ** LOG_ROWS[1]
    assert 30 * year < most < 31 * year
    assert 2**28 // 2 ** LOG_ROWS[1] == 256
    assert not said(PROTOCOL, "for 30 years of chained packages", "after 256 years of full tables")


def test_what_is_tallied_cannot_wrap():
    assert 255 << LOG_ROWS[1] < 2**28 < P // 2
    assert TALLY_BYTES == 8


def test_names_are_cut_to_what_the_table_says():
    from zkharvest.commitment.encoding import asset_code
    from zkharvest.spec import source_code

    assert len(asset_code("BTC")) == 6 and 3 * 24 + 3 * 30 == 162
    assert len(source_code("kraken")) == 3 and 3 * 30 == 90
    names = [f"n{i}" for i in range(2000)]
    for code in (lambda n: asset_code(n)[3:], source_code):
        words = [word for name in names for word in code(name)]
        assert 2**29 < max(words) < 2**30
    assert all(a != b for a, b in combinations({source_code(name) for name in names[:50]}, 2))
    assert not said(THREATS, "| asset | 162 |", "| source | 90 |")
