"""The arithmetic-circuit builder and the circuits built with it."""
