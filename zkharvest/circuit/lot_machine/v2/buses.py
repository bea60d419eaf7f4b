"""The buses that join the tables of v2, the fields of their messages, and the statement's public values.

A message's fields have names here, in order, so that who sends and who receives cannot mean different things. An
account is named by its code of four lanes everywhere, as an asset is: pools, lots and registers have the code itself,
and no table of sources is looked up. Under universal pooling a lot's place is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkharvest.circuit.builder import Bus, Circuit
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.shared.lists import KEY
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH
from zkharvest.commitment.tree import DEPTH
from zkharvest.spec import METHODS

from .sums.keys import FIELDS, PLACE, SLOTS

LOG_ROWS = (13, 20)
MAX_FIGURES = 1024
"""Lanes of figures that a statement can show."""
MAX_PAGES = 4096
"""Pages that a statement can list."""


TREE_LOTS_IN, TREE_LOTS_OUT, TREE_SUMS_OUT, TREE_SUMS_IN = 32768, 32769, 32770, 32771
"""Numbers of the standings' trees; page n of the statement is tree n. Lots and tokens are in one tree."""
KIND_LOT, KIND_TOKEN = 0, 1 << 24
"""What a pair's message says of its kind: the distance of its tag from that of lots."""


def _lanes(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}{i}" for i in range(count))


_ASSET, _CODE, _LONG = _lanes("asset", PLACE), _lanes("code", PLACE), _lanes("long", 3)
_QUANTITY, _VALUE, _UNIT = _lanes("quantity", 5), _lanes("value", 3), _lanes("unit", 7)
_TIME, _REF = _lanes("time", 2), _lanes("ref", 2)

POOL = (*_ASSET, *_lanes("place", PLACE), "side")
LEAF = ("page", "position", "code", *_TIME, *_QUANTITY, *_VALUE, *_ASSET, *_lanes("fee", 2), *_REF)
"""A record: page and position, then its 19 lanes but for the salt. `code` is the first lane less the tag: whoever reads
a leaf takes it apart into 22 bits, which keeps a node from being read as a record."""
NODE = ("tree", "level", "index", *_lanes("digest", DIGEST))
PAGE = ("page", *_CODE, "early", "late", "first", "last")
"""Looked up by the first row of every record, of one that is skipped too. `first` and `last` are intervals."""
CALENDAR = (*_lanes("start", 3), *_lanes("end", 3), *_LONG, "phase", "day", "interval")
DAYS = ("day", *_LONG)
"""A listed day, none else: from when a lot acquired on it is long term."""
LINK = (*POOL, "entry", "write", *_lanes("key", KEY), "next", *_lanes("next_key", KEY))
CONTENT = ("entry", "write", *_QUANTITY, *_VALUE, *_UNIT, "order", *_LONG, "day", "own")
TRANSIT = ("seq", "part", "last", *_ASSET, *_TIME, *_REF, *_QUANTITY, *_VALUE, *_UNIT, "order", "day", *_LONG, "clock")
"""From when a lot is long term travels with it: its day may lie before the first that the calendar lists."""
PAIR = (
    *("tree", "index", "kind", *_ASSET, *_lanes("where", 4), *_QUANTITY, *_VALUE, "order", "seq"),
    *(*_UNIT, *_LONG, "day", "side_or_part", "own_or_last"),
)
"""A lot or token of a standing. `kind` KIND_LOT or KIND_TOKEN, which the reader states; `where` a lot's place, a
token's time and reference; `seq` a token's withdrawal, 0 of a lot; the last two are side and own of a lot, part and
last of a token."""


@dataclass(frozen=True, slots=True)
class SumBuses:
    """What `sums` joins: posts of the machine, figures of the statement, registers of the standings carried in and out.

    `same_year` is the public scalar that says whether the standing carried in is of the same tax year.
    """

    ranges: Ranges
    post: Bus
    figure: Bus
    standing: Bus
    same_year: Expr


@dataclass(frozen=True, slots=True)
class HashBuses:
    """What the hashes join: records and pairs to who reads them, registers to `sums`, nodes among themselves."""

    leaf: Bus
    node: Bus
    pair: Bus
    standing: Bus


@dataclass(frozen=True, slots=True)
class Buses:
    """Every bus of the circuit but the blinding ring."""

    ranges: Ranges
    leaf: Bus
    node: Bus
    listed: Bus
    page: Bus
    calendar: Bus
    days: Bus
    link: Bus
    content: Bus
    transit: Bus
    pair: Bus
    sums: SumBuses

    @property
    def hashes(self) -> HashBuses:
        """Those of the Poseidon table."""
        return HashBuses(self.leaf, self.node, self.pair, self.sums.standing)


@dataclass(frozen=True, slots=True)
class Publics:
    """The statement's scalars as expressions.

    end: the window's end, in limbs of 15 bits (where the window begins is in the calendar); `covered` the first day (a
    number as in the calendar) of which a lot that was bought and never moved counts as covered.
    """

    fifo: Expr
    lifo: Expr
    hifo: Expr
    lofo: Expr
    specific: Expr
    wallet: Expr
    end: tuple[Expr, ...]
    covered: Expr


def sum_buses(circuit: Circuit, ranges: Ranges) -> SumBuses:
    """Posts, figures, standings. Figures are a public list that the verifier sends: key, lane from 1, signed value.

    Raises ValueError if the circuit has too few slots.
    """
    if circuit.tallies < SLOTS:
        raise ValueError(f"registers have {SLOTS} slots, the circuit {circuit.tallies}")
    post, figure = circuit.bus("post", len(FIELDS)), circuit.bus("figure", len(FIELDS) + 2)
    buses = SumBuses(ranges, post, figure, circuit.bus("standing", 2), circuit.public("same_year"))
    names = [*FIELDS, "lane", "value"]
    circuit.public_list("figures", names, MAX_FIGURES)
    circuit.public_message(buses.figure, 1, [["item", i] for i in range(len(names))], each="figures")
    return buses


def page_messages(circuit: Circuit, node: Bus, listed: Bus | None = None) -> None:
    """The public list of pages: the verifier takes every root and, where a table has them, gives what it lists."""
    fields = [*(f"root{i}" for i in range(DIGEST)), *_CODE, "early", "late", "first", "last"]
    circuit.public_list("pages", fields, MAX_PAGES)
    root = [["index"], DEPTH, 0, *(["item", i] for i in range(DIGEST))]
    circuit.public_message(node, -1, root, each="pages")
    if listed is not None:
        rest = [["item", i] for i in range(DIGEST, len(fields))]
        circuit.public_message(listed, 1, [["index"], *rest], each="pages")


def standing_messages(circuit: Circuit, node: Bus) -> None:
    """The roots of the standings carried in and out, which are scalars: lots with tokens, and registers."""
    for name, tree in (
        ("lots_in", TREE_LOTS_IN),
        ("lots_out", TREE_LOTS_OUT),
        ("sums_in", TREE_SUMS_IN),
        ("sums_out", TREE_SUMS_OUT),
    ):
        first = len(circuit.public_names)
        for i in range(DIGEST):
            circuit.public(f"{name}{i}")
        circuit.public_message(node, -1, [tree, DEPTH, 0, *(["public", first + i] for i in range(DIGEST))])


def declare(circuit: Circuit) -> tuple[Buses, Publics]:
    """All buses, public scalars and lists, and the messages that the verifier accounts for itself."""
    ranges = Ranges(bytes=circuit.bus("bytes", 2), u15=circuit.bus("u15", 1))
    fields = {
        "leaf": LEAF, "node": NODE, "listed": PAGE, "page": PAGE, "calendar": CALENDAR, "days": DAYS, "link": LINK,
        "content": CONTENT, "transit": TRANSIT, "pair": PAIR,
    }  # fmt: skip
    made = {name: circuit.bus(name, len(of)) for name, of in fields.items()}
    fifo, lifo, hifo, lofo, specific = (circuit.public(name) for name in METHODS)
    wallet = circuit.public("wallet")
    end = tuple(circuit.public(f"end{i}") for i in range(3))
    publics = Publics(fifo, lifo, hifo, lofo, specific, wallet, end, circuit.public("covered"))
    page_messages(circuit, made["node"], made["listed"])
    standing_messages(circuit, made["node"])
    return Buses(ranges, **made, sums=sum_buses(circuit, ranges)), publics


assert len(LEAF) == 2 + WIDTH - SALT
