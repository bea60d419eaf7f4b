"""The lot machine: the statement that stated figures follow from committed records."""
