"""Forecast: how large harvestable losses may become, and when it pays to take them instead of waiting."""
