"""Instruments, quotes and Greeks of the markets where exposure is bought back."""
