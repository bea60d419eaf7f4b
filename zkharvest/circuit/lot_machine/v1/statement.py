"""What a proof of `lot-machine/v1` states, in English: printed in the circuit's README."""

STATEMENT = """\
There are records that open the sources' roots, and lots that open the root of the inventory carried in, such that
running the lot machine over them in the order of (time, tie, source, position), under the declared method, pooling,
time zone and tax year, gives the declared totals and leaves exactly the lots that open the root of the inventory
carried out.

In particular: every committed record is used once and in its turn; a disposal takes from the lots of its own pool
in the method's order, never more than there is; each part of a lot's basis and of a disposal's proceeds is the
floor of the exact proportion of what remains, so that parts add up to the whole; a lot is long term from the
calendar's instant on; a part counts if its disposal lies in the tax year; what is moved
goes to another source. Records after the year's end have no effect; where lots are carried in, neither do those before
the year, whose effect is in these lots.

Not claimed: that the sources are all of the taxpayer's sources, that a recorded price was fair, or, under specific
identification, that the lots were identified by the time of each disposal (any lots of the pool may be named).
"""

PUBLIC_DATA = """\
Scalars: method (one of five flags), `wallet` (pooling by wallet), sign of the proceeds, year, code of the
currency, twelve bytes of each total, nine elements of each inventory root. List: the sources in the order of
the statement, nine elements of the root and three of the source's code each. Public columns: the calendar.
Quantities are integers in 10^-18 of the asset's unit, money in 10^-8 of the reporting currency, times in
Unix milliseconds.
"""
