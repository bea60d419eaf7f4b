"""The table `sums`: registers, each the exact sum of what was posted under its key (docs/lot-machine-v2.md, section 4).

`keys` says what a key is, `registers` adds up, `table` has columns and constraints, `fill` the trace.
"""
