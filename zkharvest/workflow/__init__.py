"""What a person does with it all: prove a year, verify a package, inspect a file."""
