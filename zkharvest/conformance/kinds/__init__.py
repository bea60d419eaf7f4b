"""What each kind of vector claims, and how this implementation is held to it (`vectors/README.md`)."""
