"""Commitments to trades: Poseidon over KoalaBear, salted records, one Merkle tree a source."""
