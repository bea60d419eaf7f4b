"""Tables with named columns, named constraints, buses, tallies and keyed sums; compiled to a frozen description.

The format is `circuits/FORMAT.md`. A definition is ordinary Python that runs once: what prover, verifier and the
constraint checker read is the text that `Circuit.freeze` returns, never this program.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from zkharvest.spec import P

from .expr import Cell, Emitter, Expr, lift, shifted
from .parts import Bus, Constraint, Interaction, Weight, Where


@dataclass(slots=True)
class Table:
    """One table under construction."""

    circuit: Circuit
    name: str
    note: str
    columns: list[Cell] = field(default_factory=list)
    public_columns: list[Cell] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    interactions: list[Interaction] = field(default_factory=list)
    tallies: list[tuple[int, Expr]] = field(default_factory=list)
    scope: list[Expr] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)  # of columns
    _stated: set[str] = field(default_factory=set)  # names of constraints

    def column(self, name: str) -> Cell:
        """A committed base-field column."""
        self._unconditional("a column")
        if name in self._places:
            raise ValueError(f"{self.name}: column {name} is declared twice")
        cell = Cell("col", len(self.columns), name)
        self._places[name] = cell.index
        self.columns.append(cell)
        return cell

    def column_list(self, name: str, count: int) -> list[Cell]:
        """`count` columns name0, name1, ..."""
        return [self.column(f"{name}{i}") for i in range(count)]

    def public_column(self, name: str) -> Cell:
        """A column whose values are part of the statement."""
        cell = Cell("pub", len(self.public_columns), name)
        self.public_columns.append(cell)
        return cell

    def index(self, name: str) -> int:
        """The number of a committed column; KeyError if there is none of this name."""
        if name not in self._places:
            raise KeyError(f"{self.name} has no column {name}")
        return self._places[name]

    @contextmanager
    def when(self, selector: Expr | int) -> Iterator[None]:
        """Constraints stated in this scope hold where `selector` is not 0: each is multiplied by it.

        Scopes nest: the selectors are multiplied, the outer one first. What has no condition (columns, bits, messages,
        tallies) cannot be stated here: a message says by its multiplicity how often it is sent.
        """
        self.scope.append(lift(selector))
        try:
            yield
        finally:
            self.scope.pop()

    def zero(self, name: str, expr: Expr | int, note: str, where: Where = "all") -> None:
        """Promise that `expr` vanishes on the rows `where`, under the selectors in scope.

        Raises ValueError if the name is taken, the expression is constant, or its degree above the circuit's.
        """
        if not self.circuit.constrained:
            return
        expr = lift(expr)
        if self.scope:
            selector = self.scope[0]
            for inner in self.scope[1:]:
                selector = selector * inner
            expr = selector * expr
        if name in self._stated:
            raise ValueError(f"{self.name}: constraint {name} is declared twice")
        if not expr.terms:
            raise ValueError(f"{self.name}.{name}: a constant is not a constraint")
        degree = expr.degree + (where in {"first", "last"})
        if degree > self.circuit.degree:
            raise ValueError(f"{self.name}.{name}: degree {degree} is above {self.circuit.degree}")
        self._stated.add(name)
        self.constraints.append(Constraint(name, where, expr, note))

    def zeros(self, name: str, exprs: Sequence[Expr], note: str, where: Where = "all") -> None:
        """Promise that every lane of a vector vanishes; `{}` in the name stands for the number of the lane."""
        for i, expr in enumerate(exprs):
            self.zero(name.format(i), expr, note, where)

    def equal(self, name: str, left: Expr | int, right: Expr | int, note: str, where: Where = "all") -> None:
        """Promise that `left` is `right`."""
        if self.circuit.constrained:
            self.zero(name, lift(left) - right, note, where)

    def equals(
        self, name: str, left: Sequence[Expr], right: Sequence[Expr | int], note: str, where: Where = "all"
    ) -> None:
        """Promise that two vectors agree lane by lane; `{}` in the name stands for the number of the lane."""
        if self.circuit.constrained:
            self.zeros(name, [x - y for x, y in zip(left, right, strict=True)], note, where)

    def boolean(self, *cells: Cell) -> None:
        """Each cell is 0 or 1."""
        self._unconditional("a bit")
        for c in cells:
            self.zero(f"{c.name}_bit", c * (c - 1), f"`{c.name}` is 0 or 1")

    def send(self, bus: Bus, message: Sequence[Expr | int], mult: Expr | int = 1) -> None:
        """Put `mult` copies of the message on the bus."""
        self._interact(bus, 1, message, mult)

    def receive(self, bus: Bus, message: Sequence[Expr | int], mult: Expr | int = 1) -> None:
        """Take `mult` copies of the message off the bus."""
        self._interact(bus, -1, message, mult)

    def tally(self, slot: int, value: Expr) -> None:
        """Add `value` to the circuit-wide sum of a slot; every slot's sum over all tables is zero."""
        self._unconditional("a tally")
        self._slot(slot)
        self.tallies.append((slot, value))

    def post(
        self,
        bus: Bus,
        key: Sequence[Expr | int],
        weights: Mapping[int, Expr | int],
        *,
        most: int | None,
        rows: int | None = None,
    ) -> None:
        """Add numbers to the slots of a key. What is posted at a (key, slot) is what is collected there, in F_p.

        No weight is above `most` in magnitude (another constraint says so), and on at most `rows` rows (all, if None)
        a slot's weight is not 0: `Circuit.compile` refuses posts that could add up to p/2, where a sum wraps. `most` is
        None where each (key, slot) is posted to once: then nothing is added up, and any element goes over as it is. On
        such a bus no slot has another bound.
        """
        self._weighted(bus, 1, key, weights, self._bound(most, rows))

    def collect(
        self,
        bus: Bus,
        key: Sequence[Expr | int],
        weights: Mapping[int, Expr | int],
        *,
        most: int | None = None,
        rows: int | None = None,
    ) -> None:
        """Take numbers off the slots of a key: where one row alone collects a (key, slot), its weight is the sum.

        If others may collect there too, `most` bounds the magnitude of each of theirs, and `rows` on how many rows a
        slot has one: to collect is to post the negative, so it is counted among the posts.
        """
        self._weighted(bus, -1, key, weights, 0 if most is None else self._bound(most, rows))

    def _bound(self, most: int | None, rows: int | None) -> int | None:
        if (most is not None and most < 0) or (rows is not None and rows < 0):
            raise ValueError(f"{self.name}: a bound below zero would make room for other posts: {most}, {rows} rows")
        height = 1 << self.circuit.log_rows[1]
        return None if most is None else most * (height if rows is None else rows)

    def _weighted(
        self, bus: Bus, sign: int, key: Sequence[Expr | int], weights: Mapping[int, Expr | int], most: int | None
    ) -> None:
        for slot in weights:
            self._slot(slot)
        found = tuple(Weight(slot, lift(value), most) for slot, value in sorted(weights.items()))
        self._interact(bus, sign, key, 0, found)

    def _slot(self, slot: int) -> None:
        if not 0 <= slot < self.circuit.tallies:
            raise ValueError(f"{self.name}: there is no tally slot {slot}")

    def _interact(
        self, bus: Bus, sign: int, message: Sequence[Expr | int], mult: Expr | int, weights: tuple[Weight, ...] = ()
    ) -> None:
        self._unconditional("a message")
        if len(message) != bus.width:
            raise ValueError(f"{self.name}: bus {bus.name} takes {bus.width} elements, not {len(message)}")
        self.interactions.append(Interaction(bus, sign, lift(mult), tuple(lift(m) for m in message), weights))

    def _unconditional(self, what: str) -> None:
        if self.scope:
            raise ValueError(f"{self.name}: {what} has no condition; state it outside of `when`")

    def groups(self) -> list[list[int]]:
        """Interactions packed so that each group constraint h * prod d = sum m prod d stays within the degree."""
        limit = self.circuit.degree
        order = sorted(range(len(self.interactions)), key=lambda i: -self.interactions[i].degree)
        groups: list[list[int]] = []
        for i in order:
            for group in groups:
                if self._group_degree([*group, i]) <= limit:
                    group.append(i)
                    break
            else:
                if self._group_degree([i]) > limit:
                    raise ValueError(f"{self.name}: interaction {i} alone is above degree {limit}")
                groups.append([i])
        return [sorted(g) for g in groups]

    def _group_degree(self, group: list[int]) -> int:
        parts = [self.interactions[i] for i in group]
        product = sum(p.degree for p in parts)
        return max(1 + product, *(p.numerator_degree + product - p.degree for p in parts))

    def compile(self, lang: int = 1) -> dict[str, Any]:
        """The table's part of the description; in the second language interactions have weights."""
        out = Emitter()
        constraints = [{"name": c.name, "where": c.where, "node": out.emit(c.expr)} for c in self.constraints]
        interactions: list[dict[str, Any]] = []
        for i in self.interactions:
            act: dict[str, Any] = {"bus": i.bus.number, "sign": i.sign, "mult": out.emit(i.mult)}
            if lang > 1:
                act["weights"] = [[w.slot, out.emit(w.value)] for w in i.weights]
            interactions.append({**act, "message": [out.emit(m) for m in i.message]})
        tally = [{"slot": slot, "node": out.emit(value)} for slot, value in self.tallies]
        return {
            "name": self.name,
            "columns": [c.name for c in self.columns],
            "public_columns": [c.name for c in self.public_columns],
            "nodes": out.nodes,
            "constraints": constraints,
            "interactions": interactions,
            "tally": tally,
            "groups": self.groups(),
        }


class Circuit:
    """A circuit under construction: tables, each of its own height, joined by buses.

    One that is not `constrained` keeps no constraints: to fill tables takes columns and messages, and building them
    alone a seventh of the time.
    """

    def __init__(
        self,
        name: str,
        version: int,
        *,
        degree: int,
        log_rows: tuple[int, int],
        tallies: int,
        constrained: bool = True,
    ) -> None:
        self.constrained = constrained
        self.name = name
        self.version = version
        self.degree = degree
        self.log_rows = log_rows
        self.tallies = tallies
        self.tables: list[Table] = []
        self.buses: list[Bus] = []
        self.public_names: list[str] = []
        self.lists: list[dict[str, Any]] = []
        self.public_messages: list[dict[str, Any]] = []

    def table(self, name: str, note: str) -> Table:
        """A new table."""
        table = Table(self, name, note)
        self.tables.append(table)
        return table

    def bus(self, name: str, width: int) -> Bus:
        """A new bus."""
        bus = Bus(name, len(self.buses) + 1, width)
        self.buses.append(bus)
        return bus

    def public(self, name: str) -> Expr:
        """A public scalar."""
        self.public_names.append(name)
        return Expr(0, {("public", len(self.public_names) - 1): 1})

    def public_list(self, name: str, fields: Sequence[str], limit: int) -> None:
        """A public list of records."""
        self.lists.append({"name": name, "fields": list(fields), "max": limit})

    def public_message(self, bus: Bus, sign: int, message: Sequence[Any], each: str | None = None) -> None:
        """A message on the bus that the verifier itself accounts for."""
        if len(message) != bus.width:
            raise ValueError(f"bus {bus.name} takes {bus.width} elements, not {len(message)}")
        self.public_messages.append({"bus": bus.number, "sign": sign, "each": each, "message": list(message)})

    def blind_terminals(self) -> None:
        """A ring of random messages from each table to the next, so that no table's LogUp sum shows its rows.

        The terminals are public; without this each would be a function of the private rows (proof-system notes, 2).
        """
        bus = self.bus("blind", 2)
        count = len(self.tables)
        for i, table in enumerate(self.tables):
            on, out, into = table.column("blind_on"), table.column("blind_out"), table.column("blind_in")
            table.boolean(on)
            table.send(bus, [i, out], on)
            table.receive(bus, [(i - 1) % count, into], on)

    def compile(self) -> dict[str, Any]:
        """The description as plain data (circuits/FORMAT.md section 2); the first language if it says all there is.

        Raises ValueError if what is posted to a slot can add up to p/2, or nobody says how much it can be; or if the
        circuit is not constrained.
        """
        if not self.constrained:
            raise ValueError("a circuit without its constraints is no circuit")
        self._sums_cannot_wrap()
        lang = 2 if any(i.weights for t in self.tables for i in t.interactions) else 1
        return {
            "lang": lang,
            "name": self.name,
            "version": self.version,
            "degree": self.degree,
            "log_rows": list(self.log_rows),
            "publics": self.public_names,
            "lists": self.lists,
            "buses": [{"name": b.name, "width": b.width} for b in self.buses],
            "tallies": self.tallies,
            "tables": [t.compile(lang) for t in self.tables],
            "public_messages": self.public_messages,
        }

    def _sums_cannot_wrap(self) -> None:
        posted: Counter[tuple[str, int]] = Counter()
        once: set[tuple[str, int]] = set()
        for table in self.tables:
            for interaction in table.interactions:
                for weight in interaction.weights:
                    place = interaction.bus.name, weight.slot
                    if weight.most is None:
                        once.add(place)
                    posted[place] += weight.most or 0
        for (bus, slot), most in posted.items():
            if most and (bus, slot) in once:
                raise ValueError(f"bus {bus}: slot {slot} is posted to once, and added to by another")
            if 2 * most >= P:
                raise ValueError(f"bus {bus}: what is posted to slot {slot} can add up to {most}, which is p/2 or more")

    def freeze(self) -> bytes:
        """The exact bytes of `circuit.json`: one node, constraint or interaction a line."""
        return (_pretty(self.compile(), 0) + "\n").encode()


_ONE_A_LINE = {"nodes", "constraints", "interactions", "tally", "public_messages", "buses", "lists"}


def _pretty(value: Any, depth: int, key: str = "") -> str:
    pad, inner = "  " * depth, "  " * (depth + 1)
    if isinstance(value, dict) and depth < 3:
        rows = [f"{inner}{json.dumps(k)}: {_pretty(v, depth + 1, k)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{pad}}}"
    if isinstance(value, list) and value and key == "tables":
        return "[\n" + ",\n".join(inner + _pretty(v, depth + 1) for v in value) + f"\n{pad}]"
    if isinstance(value, list) and value and key in _ONE_A_LINE:
        return "[\n" + ",\n".join(inner + _compact(v) for v in value) + f"\n{pad}]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


__all__ = ["Bus", "Circuit", "Constraint", "Interaction", "Table", "Where", "shifted"]
