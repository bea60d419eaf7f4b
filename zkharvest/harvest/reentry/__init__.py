"""Re-entry: which instruments bring the exposure back that a harvested lot gave up, and what they cost."""
