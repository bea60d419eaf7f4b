"""The circuit `lot-machine/v1`: one room a table, with its columns, its constraints and how it is filled.

steps/      the machine: one row an operation on the lists of open lots
poseidon    hashes: records, lots and nodes of the commitment trees
pools       the lists of open lots, one an asset, wallet and side
sources     the statement's sources by number and code
calendar    the local days of the statement, public
totals      byte sums into the declared totals
ranges      every pair of bytes and every 15-bit integer

`buses` joins the tables, `definition` is the whole circuit, `statement` says what it proves, `witness` fills it.
"""
