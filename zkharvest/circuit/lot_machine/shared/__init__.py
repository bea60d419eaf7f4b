"""Rooms that are of no version of the lot machine: constraints and fillings that every version imports.

ranges       every pair of bytes and every 15-bit integer, and how often each is looked up
proportions  a * b = q * c + r over bytes, and what remains
lists        the lists of open lots, one a pool, as linear tokens
terms        long or short term, gain or loss
hashing      permutations, and digests that climb the trees
offsets      a statement's zone as UTC offsets

A change here changes every circuit that imports it: `zkharvest circuits check` holds them to their frozen digests.
"""
