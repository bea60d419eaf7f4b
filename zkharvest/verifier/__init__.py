"""The verifier: what an auditor relies on. The standard library and `zkharvest.spec` only, and total.

    package bytes -> wire -> package -> statement -> public data
                                  |-> circuits -> description
    proof bytes -> proof -> stark (messages, constraints, merkle, fri) -> accepted, or one typed reason

`stark.verify_proof` is the protocol, step by step. `verify.verify` is the decision: proof, signatures, and what the
caller expects (`policy.Policy`); a `verdict.Verdict` comes out. Reasons are in one table, `rejections.Reason`.
"""
