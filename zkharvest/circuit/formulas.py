"""A frozen description as formulas: every constraint and every message, by the names of columns.

For whoever checks a circuit by hand: written from the bytes of `circuit.json`, not from the definition that wrote them.
Sums and products are those of the description's nodes. `clk'` is the column `clk` on the next row; names of public
scalars stand in capitals.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from zkharvest.spec import P

LONGEST = 1500
"""Characters of a formula that is written out: of the permutation's rounds, which are longer, the notes say it all."""
WHERE = {"all": "", "first": " (first row)", "last": " (last row)", "transition": " (all rows but the last)"}

HEAD = """\
Written from the nodes of `circuit.json`; do not edit. Numbers are those of [README.md](README.md), which says what each
is for; why they suffice is in [ARGUMENT.md](ARGUMENT.md). A formula is 0 on all rows (cyclic: behind the last row comes
the first) if nothing else is said. `x'` is `x` on the next row, `x0..3` stands for `x0, x1, x2, x3`, capitals are
public scalars. A message is written `n * bus(...)`, n how often it is sent or received; posted or collected with it is
what stands behind the slots' numbers.
"""


def document(frozen: bytes) -> str:
    """FORMULAS.md of a frozen description."""
    circuit = json.loads(frozen)
    buses = [bus["name"] for bus in circuit["buses"]]
    lines = [
        f"# Formulas of {circuit['name']}/v{circuit['version']}",
        "",
        *HEAD.splitlines(),
        "",
        "## The verifier's own messages",
        "",
    ]
    lines += [f"- {_public_message(message, buses, circuit)}" for message in circuit["public_messages"]]
    number = 0
    for table in circuit["tables"]:
        text = Formulas(table, circuit["publics"])
        lines += ["", f"## `{table['name']}`", ""]
        for constraint in table["constraints"]:
            what = text.of(constraint["node"])
            long = f"a polynomial in {text.cells(constraint['node'])} cells, not written out"
            shown = f"`{what}`" if len(what) <= LONGEST else long
            lines.append(f"{number}. `{constraint['name']}`{WHERE[constraint['where']]}: {shown}")
            number += 1
        lines.append("")
        lines += [f"- {text.message(act, buses)}" for act in table["interactions"]]
        lines += [f"- tally {tally['slot']}: `{text.of(tally['node'])}`" for tally in table["tally"]]
    return "\n".join(lines) + "\n"


class Formulas:
    """The nodes of one table as text."""

    def __init__(self, table: Mapping[str, Any], publics: Sequence[str]) -> None:
        self.table, self.publics = table, publics
        self._known: dict[int, str] = {}

    def of(self, node: int) -> str:
        """A node as a sum of products."""
        if node not in self._known:
            self._known[node] = self._text(self.table["nodes"][node])
        return self._known[node]

    def cells(self, node: int) -> int:
        """How many cells a node reads."""
        seen: set[int] = set()
        todo = [node]
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += _below(self.table["nodes"][at])
        return sum(self.table["nodes"][at][0] in {"col", "pub"} for at in seen)

    def message(self, act: Mapping[str, Any], buses: Sequence[str]) -> str:
        """A message with how often it is sent, and what is posted with it."""
        weighed = act.get("weights", [])
        verb = {(1, False): "sends", (-1, False): "receives", (1, True): "posts to", (-1, True): "collects from"}
        fields = ", ".join(runs([self.of(node) for node in act["message"]]))
        count = self._factor(act["mult"])
        often = "" if weighed or count == "1" else f"{count} * "
        said = f"{verb[act['sign'], bool(weighed)]} `{often}{buses[act['bus'] - 1]}({fields})`"
        slots = "; ".join(f"{slot}: `{self.of(node)}`" for slot, node in weighed)
        return said + (f", {slots}" if slots else "")

    def _text(self, node: Sequence[Any]) -> str:
        kind: str = node[0]
        if kind == "const":
            return _number(node[1])
        if kind in {"col", "pub"}:
            name: str = self.table["columns" if kind == "col" else "public_columns"][node[1]]
            return f"{name}'" if node[2] else name
        if kind == "public":
            return self.publics[int(node[1])].upper()
        if kind == "mul":
            return f"{self._factor(node[1])} * {self._factor(node[2])}"
        if kind == "lin":
            return _sum([(k, self._factor(at)) for k, at in node[2]], node[1])
        signs = {"add": 1, "sub": P - 1}
        return _sum([(1, self._factor(node[1])), (signs[kind], self._factor(node[2]))], 0)

    def _factor(self, node: int) -> str:
        """A node as a factor: a sum in brackets."""
        text, kind = self.of(node), self.table["nodes"][node][0]
        bare = kind in {"col", "pub", "public", "mul"} or (kind == "const" and not text.startswith("-"))
        return text if bare else f"({text})"


def runs(parts: Sequence[str]) -> list[str]:
    """Names that count up, drawn together: x0, x1, x2 is x0..2."""
    out: list[str] = []
    at = 0
    while at < len(parts):
        name, dash = parts[at].rstrip("'"), "'" * parts[at].endswith("'")
        stem = name.rstrip("0123456789")
        end = at + 1
        if stem.isidentifier() and stem != name:
            first = int(name[len(stem) :])
            while end < len(parts) and parts[end] == f"{stem}{first + end - at}{dash}":
                end += 1
        if end - at > 2:  # two are as short by themselves
            out.append(f"{stem}{first}..{first + end - at - 1}{dash}")
        else:
            out += parts[at:end]
        at = end
    return out


def _below(node: Sequence[Any]) -> list[int]:
    match node[0]:
        case "lin":
            return [at for _, at in node[2]]
        case "add" | "sub" | "mul":
            return [node[1], node[2]]
        case _:
            return []


def _number(value: int) -> str:
    """An element of the field as the integer nearest to 0, powers of two as such."""
    signed = value if value <= P // 2 else value - P
    size = abs(signed)
    if size >= 1 << 10 and size & (size - 1) == 0:
        return f"{'-' * (signed < 0)}2^{size.bit_length() - 1}"
    for sign, of in (("", value), ("-", P - value)):
        if value and of * (1 << 15) % P == 1:
            return f"{sign}2^-15"
    return str(signed)


def _sum(terms: Sequence[tuple[int, str]], constant: int) -> str:
    out = ""
    for k, text in terms:
        number = _number(k)
        sign, size = ("-", number[1:]) if number.startswith("-") else ("+", number)
        part = text if size == "1" else f"{size} * {text}"
        out = f"{out} {sign} {part}" if out else f"{'-' * (sign == '-')}{part}"
    if constant or not out:
        number = _number(constant)
        out = f"{out} {'-' if number[0] == '-' else '+'} {number.lstrip('-')}" if out else number
    return out


def _public_message(message: Mapping[str, Any], buses: Sequence[str], circuit: Mapping[str, Any]) -> str:
    fields: list[str] = next((of["fields"] for of in circuit["lists"] if of["name"] == message["each"]), [])
    names = {"public": circuit["publics"], "item": fields}
    parts = []
    for term in message["message"]:
        match term:
            case int():
                parts.append(str(term))
            case ["index"]:
                parts.append("place in the list")
            case _:
                name = names[term[0]][term[1]]
                parts.append(name.upper() if term[0] == "public" else name)
    verb = "sends" if message["sign"] == 1 else "receives"
    each = f", for each record of `{message['each']}`" if message["each"] else ""
    return f"{verb} `{buses[message['bus'] - 1]}({', '.join(runs(parts))})`{each}"
