"""What a person does with secrets at rest: open one, seal it anew, put it on a backup sheet, make it again from one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zkharvest.errors import InputError, UsageError
from zkharvest.files import openings
from zkharvest.files.atomic import STREAM, open_file, read_private_file
from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of, told_apart
from zkharvest.files.sealing import Passphrase
from zkharvest.files.sheets import Entry
from zkharvest.files.words import Backup, Secret, fingerprint
from zkharvest.sign import keyfiles
from zkharvest.sign.keys import PrivateKey, PublicKey, Scheme

if TYPE_CHECKING:
    from zkharvest.commitment.opening import Opening
    from zkharvest.trades.model import Trade

_KINDS = {Scheme.ED25519: Secret.ED25519, Scheme.BLS: Secret.BLS}


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret that was read: one of the two, and whether its file is under a passphrase."""

    path: Path
    sealed: bool
    opening: Opening | None = None
    key: PrivateKey | None = None

    @property
    def kind(self) -> Kind:
        """The kind of its file."""
        return Kind.OPENING if self.opening is not None else Kind.PRIVATE_KEY

    def to_bytes(self, passphrase: str | None) -> bytes:
        """The file again, under another passphrase or none."""
        if self.opening is not None:
            return openings.opening_bytes(self.opening, passphrase)
        assert self.key is not None
        return keyfiles.private_key_bytes(self.key, self.key.public(), passphrase)


def read_secret(path: str | Path, passphrase: Passphrase) -> SecretFile:
    """An opening or a private key, whichever the file is. Raises as the readers of both do."""
    found: list[Kind] = []

    def check(head: bytes) -> None:
        kind = kind_of(head)
        if kind not in (Kind.OPENING, Kind.PRIVATE_KEY):
            raise UsageError(f"{path}: neither an opening nor a private key", told_apart(head, "check the path"))
        found.append(kind)

    data = read_private_file(path, check_head=check, at_most=openings.MAX_BYTES + 1)
    if found == [Kind.OPENING]:
        opening = openings.parse_opening(data, path, passphrase)
        return SecretFile(Path(path), openings.is_sealed(data, path), opening=opening)
    key = keyfiles.parse_private_key(data, path, passphrase)
    return SecretFile(Path(path), keyfiles.is_sealed(data), key=key)


def read_signing_key(path: str | Path, passphrase: Passphrase) -> tuple[PrivateKey, bool]:
    """A private key, and whether its file is under a passphrase. Raises as `sign.keyfiles.read_private_key`."""
    data = keyfiles.read_key_bytes(path)
    return keyfiles.parse_private_key(data, path, passphrase), keyfiles.is_sealed(data)


def read_proving_opening(path: str | Path, passphrase: Passphrase) -> tuple[Opening, bool]:
    """An opening, and whether its file is under a passphrase. Raises as `files.openings.read_opening`.

    The opening of a page is refused by name: no circuit takes pages yet.
    """
    if str(path) != STREAM and Path(path).is_file():
        with open_file(path) as file:
            head = file.read(HEAD_BYTES)
        if kind_of(head) in (Kind.PAGE, Kind.PAGE_OPENING):
            hint = "commit to the trades themselves (zkharvest commit); pages are for lot-machine/v2, which is to come"
            raise UsageError(f"{path}: prove does not take pages yet; it is {kind_of(head)}", hint)
    data = openings.read_opening_bytes(path)
    return openings.parse_opening(data, path, passphrase), openings.is_sealed(data, path)


def sheet_entry(secret: SecretFile) -> Entry:
    """What a backup sheet says of a secret."""
    if secret.opening is not None:
        opening = secret.opening
        backup = Backup(Secret.OPENING, opening.seed, opening_fingerprint(opening))
        public = [("records", f"{len(opening.trades):,}, in {opening.currency}")]
        public += [(source, root.hex()) for source, root in opening.roots.items()]
        return Entry(secret.path.name, "opening", backup, public)
    assert secret.key is not None
    key = secret.key.public_bytes()
    backup = Backup(_KINDS[secret.key.scheme], secret.key.secret, key_fingerprint(secret.key.scheme, key))
    return Entry(secret.path.name, f"private key, {secret.key.scheme}", backup, [("public key", key.hex())])


def opening_fingerprint(opening: Opening) -> bytes:
    """Stands for an opening's currency and commitments."""
    parts = [part for source, root in sorted(opening.roots.items()) for part in (source.encode(), root)]
    return fingerprint(b"opening", opening.currency.encode(), *parts)


def key_fingerprint(scheme: Scheme, public: bytes) -> bytes:
    """Stands for a public key."""
    return fingerprint(b"key", scheme.value.encode(), public)


def restore_opening(backup: Backup, trades: Sequence[Trade], currency: str | None = None) -> Opening:
    """The opening that a backup is of, from the same trades. Raises InputError where they are not the same.

    `currency` is that of the amounts, where the trades do not state it themselves.
    """
    from zkharvest.commitment.opening import commit

    if backup.kind is not Secret.OPENING:
        raise UsageError("these words hold a private key, not an opening", "leave the trades out")
    opening = commit(trades, currency=currency, seed=backup.secret)
    if opening_fingerprint(opening) != backup.fingerprint:
        found = ", ".join(f"{source} {root.hex()[:16]}..." for source, root in opening.roots.items())
        raise InputError.one(
            "",
            f"these are not the trades of the backup: they give {found}, in {opening.currency}",
            "compare with the commitments on the sheet; a source that differs has other rows, or another order of them",
        )
    return opening


def restore_key(backup: Backup) -> tuple[PrivateKey, PublicKey]:
    """The private key that a backup holds. Raises UsageError for another kind of backup."""
    if backup.kind is Secret.OPENING:
        raise UsageError("these words belong to an opening", "give the trades that it was made of: TRADES.csv")
    scheme = next(scheme for scheme, kind in _KINDS.items() if kind is backup.kind)
    key = PrivateKey(scheme, backup.secret)
    if not key.is_usable() or key_fingerprint(scheme, key.public_bytes()) != backup.fingerprint:
        raise UsageError("the words do not match the key that they name", "compare them with the sheet")
    return key, key.public()
