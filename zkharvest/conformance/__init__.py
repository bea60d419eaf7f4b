"""Is this program what it says it is: the frozen circuits, and the runner of the published vectors."""
