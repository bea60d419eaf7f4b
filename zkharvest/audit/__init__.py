"""What lies on disk and what people sign: packages, openings, keys, attestations."""
