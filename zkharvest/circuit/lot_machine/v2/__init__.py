"""`lot-machine/v2` (docs/lot-machine-v2.md, section 7): one file or folder a table.

It is not released: its frozen form may still be written anew (`python -m zkharvest.circuit.publish --unreleased`).
"""
