"""What a caller in Python hands over, as bytes: shared by what verifies."""

from __future__ import annotations

from typing import Any


def bytes_given(package: Any) -> bytes:
    """A package as bytes. TypeError for anything else, with a hint for the name of a file."""
    if not isinstance(package, bytes | bytearray | memoryview):
        hint = ": read the file first, for example with Path(...).read_bytes()" if _is_path(package) else ""
        raise TypeError(f"package is bytes, not {type(package).__name__}{hint}")
    return bytes(package)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) or hasattr(value, "__fspath__")
