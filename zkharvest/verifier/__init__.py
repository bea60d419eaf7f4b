"""The verifier: what an auditor relies on. The standard library and `zkharvest.spec` only, and total.

    package bytes -> wire -> chain_package -> statement_v2 -> link -> link_public: public data
                                         |-> circuits -> description
    proof bytes -> proof -> stark (messages, constraints, merkle, fri) -> accepted, or one typed reason

`stark.verify_proof` is the protocol, step by step. `verify_chain.verify_chain` is the decision: proofs, signatures, and
what the caller expects (`chain_policy.ChainPolicy`); a `chain_verdict.ChainVerdict` comes out. Reasons are in one
table, `rejections.Reason`.
"""
