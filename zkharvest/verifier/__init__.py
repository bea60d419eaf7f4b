"""The verifier: what an auditor relies on. Standard library only, and total.

    package bytes -> wire -> package -> statement -> public data
                                  |-> circuits -> description
    proof bytes -> proof -> stark (messages, constraints, merkle, fri) -> accepted, or one typed reason

`stark.verify_proof` is the protocol, step by step; `policy.verify` adds what the caller expects.
"""
