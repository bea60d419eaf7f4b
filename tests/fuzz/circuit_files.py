"""The target `description`: a circuit file is refused with DescriptionError, or it is all that its reader promises.

What is promised is checked by other means than the reader's: the degree of a node as what its values on a line say.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from tests.fuzz.edits import tweaked
from tests.fuzz.mutants import edited
from tests.support import keyed_sums
from tests.unit.verifier import stub_machine, tiny_circuit
from zkharvest.verifier import constraints, field, soundness
from zkharvest.verifier.description import Description, Table
from zkharvest.verifier.description_reader import DescriptionError, read_description
from zkharvest.verifier.field import P
from zkharvest.verifier.messages import LookupChallenges
from zkharvest.verifier.params import PRESETS

MINIMAL = {
    **dict(tiny_circuit.DOCUMENT, name="minimal", degree=3, publics=[], lists=[], buses=[], tallies=0),
    "public_messages": [],
    "tables": [
        {
            "name": "t",
            "public_columns": [],
            "interactions": [],
            "tally": [],
            "groups": [],
            "columns": ["x"],
            "nodes": [["col", 0, 0]],
            "constraints": [{"name": "c", "where": "all", "node": 0}],
        }
    ],
}
ODD = (
    None, True, 0, 1, 2, 3, 4, 5, 13, 22, P - 1, P, -1, 2**20, 2**31, 2**64, 10**30, 0.5, float("nan"), "", "all",
    "first", "last", "transition", "seeds", "a" * 201, "\ud800", [], {}, [[]], ["const", 1], ["col", 0, 1],
    ["pub", 0, 1], ["public", 0], ["add", 0, 0], ["sub", 0, 0], ["mul", 0, 0], ["lin", 1, [[2, 0]]],
    ["index"], ["item", 0], {"bus": 1, "sign": 1, "mult": 0, "message": [0, 0]}, [2, 0], {"slot": 0, "node": 0},
    {"name": "n", "where": "all", "node": 0},
)  # fmt: skip
WORDS = (
    *(
        "lang",
        "name",
        "version",
        "degree",
        "log_rows",
        "publics",
        "lists",
        "buses",
        "tallies",
        "tables",
        "fields",
        "max",
    ),
    *(
        "public_messages",
        "columns",
        "public_columns",
        "nodes",
        "constraints",
        "interactions",
        "tally",
        "groups",
        "slot",
    ),
    *(
        "where",
        "node",
        "bus",
        "sign",
        "mult",
        "weights",
        "message",
        "each",
        "width",
        "const",
        "col",
        "pub",
        "public",
        "lin",
        "mul",
    ),
    *('"index"', '"item"', "2130706432", "1e5", "NaN", "-0", "0.5", "\\ud800", "null", "true"),
)
POINTS = 8  # a polynomial of degree below 8 in t is known from its values at 0..7


def run(data: bytes) -> str:
    """`refused`, or `read`."""
    try:
        description = read_description(data)
    except DescriptionError as error:
        assert len(str(error)) < 1000
        return "refused"
    for table in description.tables:
        _check_degrees(table, description.degree, len(description.publics))
        assert sorted(i for group in table.groups for i in group) == list(range(len(table.interactions)))
        for interaction in table.interactions:
            assert len(interaction.message) == description.buses[interaction.bus - 1].width
    assert description.fractions([description.log_rows[1]] * len(description.tables)) < P
    _evaluated(description)
    if description.log_rows[0] == 13:
        assert soundness.security(description, PRESETS["test"].params, [13] * len(description.tables)).minimum < 129
    return "read"


def _check_degrees(table: Table, bound: int, publics: int) -> None:
    """On columns that are random lines in t, what is constrained is a polynomial of at most the declared degree."""
    rng = Random(1)
    line = {}
    for key in [*(("col", i, o) for i in range(len(table.columns)) for o in (0, 1)),
                *(("pub", i, o) for i in range(len(table.public_columns)) for o in (0, 1))]:  # fmt: skip
        line[key] = rng.randrange(P), rng.randrange(P)
    constants = [rng.randrange(P) for _ in range(publics)]
    rows = []
    for t in range(POINTS):
        values: list[int] = []
        for node in table.nodes:
            match node:
                case ("const", c):
                    values.append(c)
                case ("col" | "pub", _, _):
                    values.append((line[node][0] + t * line[node][1]) % P)
                case ("public", i):
                    values.append(constants[i])
                case ("lin", c, terms):
                    values.append((c + sum(k * values[a] for k, a in terms)) % P)
                case (kind, a, b):
                    x, y = values[a], values[b]
                    values.append({"add": x + y, "sub": x - y, "mul": x * y}[kind] % P)
        rows.append(values)
    limited = [(c.node, bound - (c.where in ("first", "last"))) for c in table.constraints]
    limited += [(entry.node, bound) for entry in table.tally]
    limited += [(node, bound - 1) for i in table.interactions for node in i.message]
    limited += [(node, bound) for i in table.interactions for node in i.numerator]
    for node, degree in limited:
        differences = [values[node] for values in rows]
        for _ in range(degree + 1):
            differences = [(b - a) % P for a, b in pairwise(differences)]
        assert not any(differences), (table.name, node, degree)


def _evaluated(description: Description) -> None:
    """The verifier can evaluate every constraint of it."""
    element = (3, 1, 4, 1, 5)
    compression = constraints.Compression(LookupChallenges(element, element, element), description)
    found = []
    for table in description.tables:
        values = constraints.TableValues(
            here=[element] * len(table.columns),
            following=dict.fromkeys(table.next_columns, element),
            public_here=[element] * len(table.public_columns),
            public_following=[element] * len(table.public_columns),
            helpers=[element] * len(table.groups),
            phi=element,
            phi_following=element,
            terminal=element,
        )
        publics = [7] * len(description.publics)
        found.append(constraints.table_constraints(table, values, publics, compression, 1 << 13))
        assert len(found[-1]) == table.constraint_count
    chosen = dict.fromkeys(("all", "first", "last", "transition"), field.ONE)
    constraints.combined(found, element, [constraints.Selectors(chosen, field.ONE)] * len(found))


@cache
def seeds() -> list[bytes]:
    documents = (MINIMAL, tiny_circuit.DOCUMENT, stub_machine.DOCUMENT, keyed_sums.description())
    return [json.dumps(doc).encode() for doc in documents]


def _squared(rng: Random, document: Any) -> None:
    """What some constraint, message, weight or tally names is squared, perhaps more than once: its degree is higher."""
    try:
        table = rng.choice(document["tables"])
        acts = table["interactions"]
        places = [(entry, "node") for entry in (*table["constraints"], *table["tally"])]
        places += [(act, "mult") for act in acts]
        places += [(act["message"], k) for act in acts for k in range(len(act["message"]))]
        places += [(pair, 1) for act in acts for pair in act.get("weights", [])]
        holder, key = rng.choice(places)
        for _ in range(rng.choice((1, 2, 3))):
            table["nodes"].append(["mul", holder[key], holder[key]])
            holder[key] = len(table["nodes"]) - 1
    except (TypeError, KeyError, IndexError, AttributeError):
        return  # what was edited before is not a circuit


def mutate(rng: Random, data: bytes) -> bytes:
    """A value changed or moved within the tree."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = json.loads(rng.choice(seeds()))
    if rng.random() < 0.1:
        _squared(rng, document)
    for _ in range(rng.choice((1, 1, 2, 4))):
        document = edited(rng, document, ODD, least=1) if rng.random() < 0.6 else tweaked(rng, document)
    return json.dumps(document).encode()
