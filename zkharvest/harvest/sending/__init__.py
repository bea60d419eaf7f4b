"""Sending a plan's orders to venues, and bringing back their fills."""
