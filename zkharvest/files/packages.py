"""The audit package (`.zkh`) from the side of those who are handed one; `verifier.chain_package` says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkharvest.errors import InputError, UsageError
from zkharvest.files.kinds import told_apart
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reason, Reject

if TYPE_CHECKING:
    from zkharvest.verifier.chain_package import ChainPackage

READ_AT_MOST = len(PACKAGE_MAGIC) + 1 + wire.MAX_BYTES + 1
"""This much of a file is read: one byte too many, so that the reader sees that a file is too large."""

OTHER_FILE = "give a package (.zkh), which zkharvest prove writes"
"""What to do about a file of another kind."""


def open_package(data: bytes, name: str) -> ChainPackage:
    """The parts of a package, unverified; `name` stands for the file in errors.

    Raises UsageError for another kind of file or a newer format, InputError for a damaged package.
    """
    from zkharvest.verifier.chain_package import decode_chain_package  # what only names a limit needs no links

    try:
        return decode_chain_package(data)
    except Reject as reject:
        if reject.reason is Reason.PACKAGE_MAGIC:
            raise UsageError(f"{name}: {reject.detail}", told_apart(data, OTHER_FILE)) from None
        if reject.reason is Reason.PACKAGE_VERSION:
            raise UsageError(f"{name}: {reject.detail}", "update zkharvest") from None
        raise InputError.one(name, f"damaged package ({reject})", "ask for another copy") from None
