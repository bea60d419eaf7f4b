"""How long proving and verifying take: `make bench`, or `python -m benchmarks`.

Whole commands are measured as a user runs them, as processes of their own (`commands`), and the prover's protocol
steps in one process, beside the time that extending and hashing the same cells takes by itself (`stages`). Both work
on made-up ledgers of any size (`ledgers`). `figures` holds them against what the project promises; `report` and
`plots` write `results/`.
"""
