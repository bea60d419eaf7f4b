"""`lot-machine/v2` in the making (docs/lot-machine-v2.md, section 7): one file or folder a table, as in v1.

Nothing here is defined for users yet: `zkharvest.circuit.definitions` has no entry for it.
"""
