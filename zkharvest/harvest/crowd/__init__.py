"""The crowd: what happens to prices, and to the harvest, when many do the same."""
