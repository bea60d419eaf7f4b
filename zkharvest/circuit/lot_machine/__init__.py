"""The lot machine: the statement that declared totals follow from committed trades (design section 5)."""
