"""The audit package (`.zkh`) as the writing side sees it. What a package is, `verify.package` says; this writes one.

    magic | version | canonical msgpack {attestations, preset, proof, rows, signature, statement}

Reading goes through the verifier's strict reader, so that nothing is ever signed that a verifier would refuse to read.
"""

from __future__ import annotations
