"""The steps that a person takes: prove a year, verify a package, inspect a file."""
