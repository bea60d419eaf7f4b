"""Records of several sources as one history: matched moves, the owner's decisions, and the machine's operations."""
