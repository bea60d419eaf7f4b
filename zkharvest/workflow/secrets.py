"""What a person does with secrets at rest: open one, seal it anew, put it on a backup sheet, make it again from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.errors import UsageError
from zkharvest.files import page_files, standings
from zkharvest.files.atomic import read_private_file
from zkharvest.files.kinds import Kind, kind_of, told_apart
from zkharvest.files.sealing import Passphrase
from zkharvest.files.sheets import Entry
from zkharvest.files.words import Backup, Secret, fingerprint
from zkharvest.sign import keyfiles
from zkharvest.sign.keys import PrivateKey, PublicKey, Scheme

if TYPE_CHECKING:
    from zkharvest.files.page_files import PageOpening
    from zkharvest.files.standings import StandingFile

_KINDS = {Scheme.ED25519: Secret.ED25519, Scheme.BLS: Secret.BLS}


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret that was read: what its kind says, and whether its file is under a passphrase."""

    path: Path
    kind: Kind
    sealed: bool
    key: PrivateKey | None = None
    page: PageOpening | None = None
    standing: StandingFile | None = None
    seed: bytes = field(default=b"", repr=False)

    def to_bytes(self, passphrase: str | None) -> bytes:
        """The file again, under another passphrase or none."""
        if self.page is not None:
            return page_files.page_opening_bytes(self.page, passphrase)
        if self.standing is not None:
            return standings.standing_bytes(self.standing, passphrase)
        if self.key is not None:
            return keyfiles.private_key_bytes(self.key, self.key.public(), passphrase)
        return page_files.seed_bytes(self.seed, passphrase)


_SECRETS = (Kind.PRIVATE_KEY, Kind.PAGE_OPENING, Kind.STANDING, Kind.SEED)


def read_secret(path: str | Path, passphrase: Passphrase) -> SecretFile:
    """The opening of a page, a standing, a private key or a seed, whichever it is. Raises as their readers do."""
    found: list[Kind] = []

    def check(head: bytes) -> None:
        kind = kind_of(head)
        if kind is None or kind not in _SECRETS:
            raise UsageError(f"{path}: no opening, standing, private key or seed", told_apart(head, "check the path"))
        found.append(kind)

    data = read_private_file(path, check_head=check, at_most=_MOST_BYTES + 1)
    kind = found[0]
    make = partial(SecretFile, Path(path), kind)
    if kind is Kind.PAGE_OPENING:
        page = page_files.parse_page_opening(data, path, passphrase)
        return make(page_files.page_opening_is_sealed(data, path), page=page)
    if kind is Kind.STANDING:
        return make(standings.is_sealed(data, path), standing=_standing(data, path, passphrase))
    if kind is Kind.SEED:
        seed = page_files.parse_seed(data, path, passphrase)
        return make(page_files.seed_is_sealed(data, path), seed=seed)
    key = keyfiles.parse_private_key(data, path, passphrase)
    return make(keyfiles.is_sealed(data), key=key)


_MOST_BYTES = max(page_files.MAX_OPENING, standings.MAX_STANDING_FILE)


def _standing(data: bytes, path: str | Path, passphrase: Passphrase) -> StandingFile:
    from zkharvest.ledger.history import standing_map
    from zkharvest.workflow import standing_lanes

    def roots(state: Mapping[str, Any], key: bytes) -> tuple[bytes, bytes]:
        return standing_lanes.roots_of(standing_map.standing_of(state), key)

    return standings.parse_standing(data, path, roots, passphrase)


def read_signing_key(path: str | Path, passphrase: Passphrase) -> tuple[PrivateKey, bool]:
    """A private key, and whether its file is under a passphrase. Raises as `sign.keyfiles.read_private_key`."""
    data = keyfiles.read_key_bytes(path)
    return keyfiles.parse_private_key(data, path, passphrase), keyfiles.is_sealed(data)


def public_of(secret: SecretFile) -> list[tuple[str, str]]:
    """What is public of a secret, as (name, value)."""
    if secret.page is not None:
        header = secret.page.header
        return [("records", f"{len(secret.page.records):,}"), (header.source, header.page_id.hex())]
    if secret.standing is not None:
        standing = secret.standing.standing
        return [("accounts", f"{len(standing.accounts):,}, in {standing.currency}"), ("standing", standing.name.hex())]
    if secret.key is not None:
        return [("public key", secret.key.public_bytes().hex())]
    return [("fingerprint", page_files.fingerprint(secret.seed).hex())]


def name_of(secret: SecretFile) -> str:
    """What a secret is called."""
    if secret.key is not None:
        return f"private key, {secret.key.scheme}"
    names = {Kind.PAGE_OPENING: "opening of a page", Kind.STANDING: "standing"}
    return names.get(secret.kind, "seed of pages")


def sheet_entry(secret: SecretFile) -> Entry:
    """What a backup sheet says of a secret. UsageError for the opening of a page and a standing, which hold records."""
    if secret.page is not None:
        hint = "keep a copy of the file, or ask its source for another; a source keeps its seed and its records"
        raise UsageError(f"{secret.path}: the opening of a page cannot be made again from words", hint)
    if secret.standing is not None:
        hint = "keep a copy of the file; proving its link again from the same secrets and pages makes another"
        raise UsageError(f"{secret.path}: a standing cannot be made again from words", hint)
    if secret.key is not None:
        mark = key_fingerprint(secret.key.scheme, secret.key.public_bytes())
        backup = Backup(_KINDS[secret.key.scheme], secret.key.secret, mark)
    else:
        backup = Backup(Secret.SEED, secret.seed, seed_fingerprint(secret.seed))
    return Entry(secret.path.name, name_of(secret), backup, public_of(secret))


def seed_fingerprint(seed: bytes) -> bytes:
    """Stands for a seed of pages."""
    return fingerprint(b"seed", page_files.fingerprint(seed))


def key_fingerprint(scheme: Scheme, public: bytes) -> bytes:
    """Stands for a public key."""
    return fingerprint(b"key", scheme.value.encode(), public)


def restore_seed(backup: Backup) -> bytes:
    """The seed of pages that a backup holds. UsageError for a backup of a key, and for words of another seed."""
    if backup.kind is not Secret.SEED:
        raise UsageError("the words are not those of a seed", "restore them as a private key")
    if backup.fingerprint != seed_fingerprint(backup.secret):
        raise UsageError("the words do not match the seed that they name", "compare them with the sheet")
    return backup.secret


def restore_key(backup: Backup) -> tuple[PrivateKey, PublicKey]:
    """The private key that a backup holds. UsageError for a backup of a seed, and for words of another key."""
    scheme = next((scheme for scheme, kind in _KINDS.items() if kind is backup.kind), None)
    if scheme is None:
        raise UsageError("the words are not those of a private key", "restore them as a seed of pages")
    key = PrivateKey(scheme, backup.secret)
    if not key.is_usable() or key_fingerprint(scheme, key.public_bytes()) != backup.fingerprint:
        raise UsageError("the words do not match the key that they name", "compare them with the sheet")
    return key, key.public()
