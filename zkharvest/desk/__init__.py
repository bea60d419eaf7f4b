"""What a taxpayer and a tax adviser do with a ledger: forms, report pages, a look ahead, many clients at once.

The ledger is exact; here, and nowhere else, amounts are rounded (`amounts`).
"""
