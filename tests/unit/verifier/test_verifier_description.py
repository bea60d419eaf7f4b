"""Circuit descriptions: what is read, and every defect refused."""

import copy
import json
from dataclasses import replace

import pytest
import verify_tiny_circuit as tiny

from zkharvest.verifier.description_reader import (
    MAX_BYTES,
    DescriptionError,
    group_degree,
    node_degrees,
    read_description,
)
from zkharvest.verifier.field import P


def test_what_is_read():
    d = tiny.DESCRIPTION
    assert (d.name, d.version, d.degree, d.log_rows) == ("tiny", 1, 4, (13, 16))
    assert d.pieces == 3
    assert d.main_width == 11
    assert d.extension_columns == 4  # a helper and phi in each table
    assert d.next_main == (0, 10)  # walk.x and store.a
    assert d.next_aux == (1, 3)
    assert d.tables[0].constraint_count == 9
    assert d.fractions((13, 13)) == 3 * 8192 + 9
    assert d.fractions((13, 12)) == 8192 + 2 * 4096 + 9
    walk = d.tables[0]
    degrees = node_degrees(walk)
    assert degrees[:8] == [1, 1, 1, 1, 1, 0, 0, 1]
    assert degrees[19] == 3
    assert degrees[26] == 4
    store = d.tables[1]
    assert group_degree(store, (0, 1), node_degrees(store)) == 3
    assert d.public_messages[0].message == (("index", 0), ("item", 0))
    assert d.public_messages[1].message == (("const", 100), ("public", 0))


def test_order_of_keys_and_layout_are_free():
    text = json.dumps(dict(reversed(tiny.DOCUMENT.items())), indent=3)
    assert read_description(text.encode()) == tiny.DESCRIPTION


def edited(path, value):
    """The tiny document with one place changed; `...` removes the place, a path ending in "+" appends."""
    document = copy.deepcopy(tiny.DOCUMENT)
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    elif last == "+":
        place.append(value)
    else:
        place[last] = value
    return document


WALK, STORE = ("tables", 0), ("tables", 1)
DEFECTS = [
    # the frame
    (("lang",), 3, "lang"),
    (("lang",), 2, "weights"),
    (("lang",), True, "lang"),
    (("name",), "", "name"),
    (("version",), 0, "version"),
    (("extra",), 1, "keys"),
    (("tallies",), ..., "keys"),
    (("degree",), 2, "degree"),
    (("degree",), 5, "degree"),
    (("log_rows",), [12, 16], "log_rows"),
    (("log_rows",), [13, 23], "log_rows"),
    (("log_rows",), [14, 13], "log_rows"),
    (("log_rows",), [13], "log_rows"),
    (("publics",), ["a", "a", "b"], "twice"),
    (("publics",), "abc", "list"),
    (("lists", "+"), {"name": "seeds", "fields": ["x"], "max": 1}, "twice"),
    (("lists", 0, "max"), -1, "max"),
    (("buses", "+"), {"name": "pairs", "width": 1}, "twice"),
    (("buses", 0, "width"), 0, "width"),
    (("buses", 0, "width"), 3, "3 elements"),
    (("tallies",), 1, r"tally\[1\]"),
    (("tables",), [], "none"),
    (("tables", "+"), tiny.DOCUMENT["tables"][1], "twice"),
    # a table
    ((*WALK, "columns"), ["x", "y", "s", "c", "free"], "free is not constrained"),
    ((*WALK, "public_columns"), ["step", "first", "free"], "free is not constrained"),
    ((*WALK, "columns"), ["x", "y", "s"], "integer in"),
    ((*WALK, "nodes", 7), ["sub", 0, 7], "integer in"),  # refers to itself
    ((*WALK, "nodes", 7), ["sub", 0, 8], "integer in"),  # refers to a later one
    ((*WALK, "nodes", 7), ["sub", -1, 5], "integer in"),
    ((*WALK, "nodes", 7), ["div", 0, 5], "not a node"),
    ((*WALK, "nodes", 7), ["sub", 0], "not a node"),
    ((*WALK, "nodes", 7), {"sub": [0, 5]}, "not a node"),
    ((*WALK, "nodes", 0), ["col", 0, 2], "integer in"),
    ((*WALK, "nodes", 0), ["col", 0, -1], "integer in"),
    ((*WALK, "nodes", 0), ["col", 0, False], "integer in"),
    ((*WALK, "nodes", 4), ["pub", 2, 0], "integer in"),
    ((*WALK, "nodes", 5), ["public", 3], "integer in"),
    ((*WALK, "nodes", 22), ["const", P], "integer in"),
    ((*WALK, "nodes", 22), ["const", -1], "integer in"),
    ((*WALK, "nodes", 9), ["lin", 0, [[1, 9]]], "integer in"),
    ((*WALK, "nodes", 9), ["lin", 0, [[P, 1]]], "integer in"),
    ((*WALK, "nodes", 9), ["lin", 0, [[1, 1, 1]]], "pair"),
    ((*WALK, "nodes", 9), ["lin", 0, 1], "list"),
    ((*WALK, "constraints", 0, "where"), "everywhere", "where is one of"),
    ((*WALK, "constraints", 0, "node"), 27, "integer in"),
    ((*WALK, "constraints", 0, "name"), "ends", "twice"),
    ((*WALK, "constraints", 6, "where"), "last", "degree 5"),
    ((*WALK, "nodes", "+"), ["mul", 26, 3], None),  # a dead node of degree 5 harms nobody
    ((*WALK, "interactions", 0, "bus"), 0, "bus"),
    ((*WALK, "interactions", 0, "bus"), 3, "bus"),
    ((*WALK, "interactions", 0, "sign"), 0, "sign"),
    ((*WALK, "interactions", 0, "sign"), True, "sign"),
    ((*WALK, "interactions", 0, "message"), [0], "2 elements"),
    ((*WALK, "interactions", 0, "message"), [0, 2, 2], "2 elements"),
    ((*WALK, "interactions", 0, "message"), [19, 26], "degree 5"),
    ((*WALK, "interactions", 0, "mult"), 27, "integer in"),
    ((*WALK, "tally", 0, "slot"), 2, "integer in"),
    ((*WALK, "tally", 0, "node"), -1, "integer in"),
    ((*WALK, "groups"), [], "exactly one group"),
    ((*WALK, "groups"), [[0], [0]], "exactly one group"),
    ((*WALK, "groups"), [[0], []], "empty"),
    ((*WALK, "groups"), [[1]], "integer in"),
    ((*STORE, "groups"), [[0]], "exactly one group"),
    ((*STORE, "groups"), [[1, 0]], None),
    # public messages
    (("public_messages", 0, "each"), "nothing", "no list"),
    (("public_messages", 0, "each"), 0, "no list"),
    (("public_messages", 0, "message"), [["index"], ["item", 1]], "integer in"),
    (("public_messages", 1, "message"), [["index"], 1], "integer in"),  # an index without a list
    (("public_messages", 1, "message"), [["item", 0], 1], "integer in"),
    (("public_messages", 1, "message"), [["public", 3], 1], "integer in"),
    (("public_messages", 1, "message"), [P, 1], "integer in"),
    (("public_messages", 1, "message"), [1], "2 elements"),
    (("public_messages", 1, "bus"), 3, "bus"),
    (("public_messages", 1, "sign"), 2, "sign"),
]


@pytest.mark.parametrize(("path", "value", "why"), DEFECTS)
def test_each_defect_is_refused(path, value, why):
    data = json.dumps(edited(path, value)).encode()
    if why is None:
        read_description(data)
    else:
        with pytest.raises(DescriptionError, match=why):
            read_description(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{",
        b'{"lang": 1, "lang": 1}',
        b'{"lang": 1.0}',
        b'{"lang": NaN}',
        b"[" * 100_000,
        b'{"lang": ' + b"9" * 5000 + b"}",  # more digits than Python converts
        b'{"lang": 1' + b"0" * 5000 + b".5}",
        tiny.DATA + b"x",
        tiny.DATA.replace(b'"degree": 4', b'"degree": 4.0'),
        tiny.DATA.replace(b'"degree": 4', b'"degree": 4, "degree": 4'),
    ],
)
def test_what_is_not_a_description(data):
    with pytest.raises(DescriptionError):
        read_description(data)


def test_declared_degree_is_recomputed():
    """A circuit that declares 3 but has degree 4 would split its quotient into too few pieces."""
    with pytest.raises(DescriptionError, match="degree 4 is above the declared 3"):
        read_description(json.dumps(edited(("degree",), 3)).encode())


def test_a_degree_is_no_number_that_fills_the_memory():
    """Each node is the square of the one before: the last would be of degree 4 * 2^20000."""
    document = edited((*WALK, "constraints", "+"), {"name": "tower", "where": "all", "node": 20_026})
    nodes = document["tables"][0]["nodes"]
    nodes += [["mul", len(nodes) + i - 1, len(nodes) + i - 1] for i in range(20_000)]
    with pytest.raises(DescriptionError, match="degree 1048576 is above"):
        read_description(json.dumps(document).encode())
    table = tiny.DESCRIPTION.tables[0]
    assert max(node_degrees(replace(table, nodes=tuple(map(tuple, nodes))))) == 2**20


def test_what_is_shown_of_a_value_is_short():
    for value in (["x"] * 10_000, "x" * 10_000, {"x" * 10_000: 1}):
        with pytest.raises(DescriptionError) as error:
            read_description(json.dumps(edited(("degree",), value)).encode())
        assert len(str(error.value)) < 200


def test_a_description_has_a_largest_size():
    assert read_description(tiny.DATA + b" " * (MAX_BYTES - len(tiny.DATA))) == tiny.DESCRIPTION
    with pytest.raises(DescriptionError, match="bytes"):
        read_description(tiny.DATA + b" " * (MAX_BYTES - len(tiny.DATA) + 1))


def test_multiplicities_cannot_wrap():
    """With p interactions at the largest height a message could be sent p times, that is, zero times."""
    document = edited(("log_rows",), [13, 22])
    table = document["tables"][1]
    count = P // 2**22 - 1
    table["interactions"] += [table["interactions"][0]] * (count - 3)
    table["groups"] += [[i] for i in range(2, count - 1)]
    assert read_description(json.dumps(document).encode()).fractions([22, 22]) < P
    table["interactions"].append(table["interactions"][0])
    table["groups"].append([count - 1])
    with pytest.raises(DescriptionError, match="wrap"):
        read_description(json.dumps(document).encode())
