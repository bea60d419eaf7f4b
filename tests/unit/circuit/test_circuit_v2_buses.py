"""Messages and public values of lot-machine/v2: every name once, every field where both sides expect it."""

from __future__ import annotations

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.lot_machine.v2 import buses
from zkharvest.circuit.lot_machine.v2.sums.keys import SLOTS
from zkharvest.commitment.encoding import DIGEST
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind, lanes_of
from zkharvest.commitment.tree import DEPTH

MESSAGES = ("LEAF", "NODE", "PAGE", "CALENDAR", "DAYS", "LINK", "CONTENT", "TRANSIT", "PAIR")


def declared():
    circuit = Circuit("buses", 1, degree=4, log_rows=buses.LOG_ROWS, tallies=SLOTS)
    return circuit, *buses.declare(circuit)


def test_every_field_has_a_name_of_its_own():
    for name in MESSAGES:
        fields = getattr(buses, name)
        assert len(set(fields)) == len(fields), name


def test_widths_are_those_of_the_documents():
    """docs/lot-machine-v2.md, section 7."""
    circuit, made, _ = declared()
    widths = {bus.name: bus.width for bus in circuit.buses}
    assert widths == {
        "bytes": 2, "u15": 1, "leaf": 21, "node": 12, "listed": 9, "page": 9, "calendar": 12, "days": 4, "link": 28,
        "content": 23, "transit": 32, "pair": 34, "post": 16, "figure": 18, "standing": 2,
    }  # fmt: skip
    for name in ("leaf", "node", "page", "calendar", "days", "link", "content", "transit", "pair"):
        assert getattr(made, name).width == len(getattr(buses, name.upper()))


def test_a_leaf_is_a_page_s_record():
    """The lanes that a venue commits to are those that the machine reads, in their order."""
    record = PageRecord(Flag(0), RecordKind.TRADE, (5 << 30) + 7, 10**20, 3 << 50, "slip44:0", (9 << 24) + 1, "r")
    lanes = dict(zip(buses.LEAF[2:], lanes_of([record])[0].tolist(), strict=False))
    assert (lanes["time0"], lanes["time1"], lanes["fee0"], lanes["fee1"]) == (7, 5, 1, 9)
    assert sum(lanes[f"quantity{i}"] << 24 * i for i in range(5)) == 10**20
    assert (lanes["value0"], lanes["value1"], lanes["value2"]) == (0, 0, 12)
    assert lanes["ref0"] + (lanes["ref1"] << 30) > 0


def test_what_the_verifier_sends_and_takes():
    circuit, made, _ = declared()
    (pages, figures) = circuit.lists
    assert (pages["name"], figures["name"]) == ("pages", "figures")
    assert pages["fields"] == [*(f"root{i}" for i in range(DIGEST)), *buses.PAGE[1:]]
    sent = [(m["bus"], m["sign"], m["each"], m["message"]) for m in circuit.public_messages]
    assert (made.listed.number, 1, "pages", [["index"], *(["item", 9 + i] for i in range(8))]) in sent
    roots = [message[:3] for bus, sign, _, message in sent if bus == made.node.number and sign == -1]
    assert roots == [[["index"], DEPTH, 0], *([tree, DEPTH, 0] for tree in (32768, 32769, 32771, 32770))]
    named = [circuit.public_names[part[1]] for _, _, each, m in sent if each is None for part in m[3:]]
    assert named == [f"{k}{i}" for k in ("lots_in", "lots_out", "sums_in", "sums_out") for i in range(DIGEST)]
