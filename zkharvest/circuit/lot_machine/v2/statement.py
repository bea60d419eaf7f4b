"""What a proof of `lot-machine/v2` states, in English: printed in the circuit's README."""

from __future__ import annotations

STATEMENT = """\
There are records that open the roots of the listed pages, and lots, tokens in transit and registers that open the roots
of the standing carried in, such that running the machine over the records of the window, in the order of (time, late,
page, position), under the declared method, pooling and calendar, leaves exactly the lots, tokens and registers that
open the roots of the standing carried out; and the registers have the listed figures.

In particular: every record of a listed page is used once, worked in its turn, or skipped: before the window in a page
that is early, behind it in one that is late, nowhere else; and its time lies in the period of its page. A disposal
takes from the lots of its own pool in the method's order, never more than there is; each part of a lot's basis and of a
disposal's proceeds is the floor of the exact proportion of what remains, so that parts add up to the whole; a lot is
long term from the calendar's instant on. What a withdrawal takes arrives once, at a deposit of the same asset and of
exactly that quantity, later, with the same reference or, where one is not known, within 12.4 days, and keeps its basis,
its order and its day; or it is gone, of a stated kind, or still in transit. A deposit that nothing was sent for has the
basis 0, or a declared value and day. Every row is counted in registers, exactly; none of an account's holdings is below
zero at the end; and the counters of what rests on the owner's word alone (declared, unexplained, gone, moves without a
common reference, in transit) are among the figures. What a standing holds goes on: holdings always, the classes of a
tax year within it.

Not claimed: that no source is missing, that pages are complete, that a recorded price was fair, or, under specific
identification, that the lots were identified by the time of each disposal (any lots of the pool may be named).
"""

PUBLIC_DATA = """\
Scalars: method (one of five flags), `wallet` (pooling by account), the window's end in three limbs of 15 bits,
`covered` (the first day whose purchases are covered), nine elements of each root (lots and tokens, registers; carried
in and out), `same_year` (the standing carried in is of this tax year). Lists: the pages in the order of the statement,
nine elements of the root, four of the account's code, the bits `early` and `late`, the first and the last interval of
the calendar in its period; the figures, a register's key of 16 elements, a lane from 1 and its signed value each.
Public columns: the calendar, whose phase says of each interval whether it is history (0), in the tax year (1), before
the window (2) or behind it (3), whose day is counted from 1999-12-31 (0: none), and whose intervals are numbered from 0
on. Quantities are integers in 10^-18 of the asset's unit, money in 10^-8 of the reporting currency, times in Unix
milliseconds.
"""
