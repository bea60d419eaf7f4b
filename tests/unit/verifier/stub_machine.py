"""A small circuit with scalars, a list and public columns, whose one constraint reads them: for tests of readers."""

CALENDAR = ("start0", "start1", "start2", "long0", "long1", "long2", "phase")
SOURCE_FIELDS = [*(f"root_{i}" for i in range(9)), *(f"code_{i}" for i in range(3))]
DOCUMENT = {
    "lang": 1,
    "name": "stub",
    "version": 1,
    "degree": 3,
    "log_rows": [13, 20],
    "publics": [
        "fifo",
        "wallet",
        "year",
        "currency",
    ],
    "lists": [{"name": "sources", "fields": SOURCE_FIELDS, "max": 4096}],
    "buses": [],
    "tallies": 0,
    "tables": [
        {
            "name": "calendar",
            "columns": ["mix"],
            "public_columns": list(CALENDAR),
            "nodes": [
                ["col", 0, 0],
                *(["pub", i, 0] for i in range(7)),
                ["lin", 0, [[1, 0], *([2**31 - 2**24, i + 1] for i in range(7))]],
            ],
            "constraints": [{"name": "mix", "where": "all", "node": 8}],
            "interactions": [],
            "tally": [],
            "groups": [],
        }
    ],
    "public_messages": [],
}
