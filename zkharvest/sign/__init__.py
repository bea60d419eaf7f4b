"""Who stands behind a commitment or a package: key files, Ed25519 and BLS signatures, their place in a package."""
