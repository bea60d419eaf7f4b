"""Prove a tax figure without handing over the trades."""

__version__ = "0.1.0"
