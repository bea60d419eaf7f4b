"""What a caller in Python hands over, checked: shared by what proves and what verifies, of years and of chains."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.verifier.expected import closest


def bytes_given(package: Any) -> bytes:
    """A package as bytes. TypeError for anything else, with a hint for the name of a file."""
    if not isinstance(package, bytes | bytearray | memoryview):
        hint = ": read the file first, for example with Path(...).read_bytes()" if _is_path(package) else ""
        raise TypeError(f"package is bytes, not {type(package).__name__}{hint}")
    return bytes(package)


def nonce_given(nonce: Any) -> bytes:
    """A nonce as bytes. UsageError for text that is not hexadecimal, TypeError for anything else."""
    if isinstance(nonce, str):
        try:
            return bytes.fromhex(nonce)
        except ValueError:
            raise UsageError("the nonce is not hexadecimal", "give bytes, or pairs of the digits 0-9 and a-f") from None
    if not isinstance(nonce, bytes):
        raise TypeError(f"nonce is bytes or hex text, not {type(nonce).__name__}")
    return nonce


def require_provable(name: str, value: str, choices: Collection[str]) -> None:
    """UsageError, with the nearest choice, unless the value of an option can be proven."""
    if value not in choices:
        near = closest(value, choices)
        hint = f"did you mean {near}? " if near else ""
        raise UsageError(f'"{value}" is not a {name} that can be proven', f"{hint}give {', '.join(choices)}")


def _is_path(value: Any) -> bool:
    return isinstance(value, str) or hasattr(value, "__fspath__")
