"""What those who sign do: a source over its pages, the taxpayer over the whole package."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output, passphrases, venue
from zkharvest.cli.options import Force, Json, NoPassphrase, PassphraseFd, PassphraseFile
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError

if TYPE_CHECKING:
    from zkharvest.sign.keys import PrivateKey


class SchemeOption(StrEnum):
    """Signature schemes as the command line names them."""

    ED25519 = "ed25519"
    BLS = "bls"


def keygen(
    path: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Private key file; never replaced.")],
    scheme: Annotated[
        SchemeOption, typer.Option("--scheme", help="ed25519 for a taxpayer, bls for a source.")
    ] = SchemeOption.ED25519,
    public: Annotated[
        Path | None, typer.Option("--public", metavar="FILE", help="Also write the public part there.")
    ] = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option("--valid-from", metavar="DATE", formats=["%Y-%m-%d"], help="First day on which signed pages end."),
    ] = None,
    valid_until: Annotated[
        datetime | None,
        typer.Option("--valid-until", metavar="DATE", formats=["%Y-%m-%d"], help="Last day on which signed pages end."),
    ] = None,
    pkcs8: Annotated[
        bool, typer.Option("--pkcs8", help="Seal it as other programs do (Ed25519 only; weaker against guessing).")
    ] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    none: NoPassphrase = False,
    json: Json = False,
) -> ExitCode:
    """Make a signing key (mode 0600, sealed under a passphrase) and print its public part."""
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.sign.keyfiles import write_private_key, write_public_key
    from zkharvest.sign.keys import Scheme, generate_key

    if str(path) == "-":
        raise UsageError("a private key is written to a file, not to standard output", "name one with -o")
    for target in (path, public):
        if target is not None:
            ensure_writable(target, force=None)
    valid = _validity(valid_from, valid_until, public)
    if pkcs8 and scheme is SchemeOption.BLS:
        raise UsageError("there is no PKCS#8 form of BLS keys", "leave --pkcs8 out")
    chosen = passphrases.new(path, passphrase_file, passphrase_fd, none=none)
    key = generate_key(Scheme.BLS if scheme is SchemeOption.BLS else Scheme.ED25519)
    half = key.public()
    write_private_key(path, key, half, passphrase=chosen, pkcs8=pkcs8)
    if public is not None:
        write_public_key(public, half, valid)
    if json:
        shown = {"scheme": half.scheme.value, "public": half.key, "possession": half.pop}
        output.json_object("zkharvest/key/1", shown)
    else:
        output.data(half.key.hex())
    output.note(f"{path} holds the private key: keep it secret; the line on standard output is public")
    if chosen is None:
        passphrases.unencrypted(path)
    return ExitCode.DONE


def _validity(first: datetime | None, last: datetime | None, public: Path | None) -> tuple[date | None, date | None]:
    """The days between which pages that a key signs may end."""
    if (first or last) and public is None:
        raise UsageError("--valid-from and --valid-until stand in the public file", "name it with --public")
    if first and last and first > last:
        raise UsageError("--valid-until is before --valid-from", "both days are part of the key's time")
    return first.date() if first else None, last.date() if last else None


def attest(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Audit package (.zkh), or a page (.zkp).")
    ] = None,
    *,
    key: Annotated[Path, typer.Option("--key", "-k", metavar="KEY", help="Private key that keygen wrote.")],
    page: Annotated[
        str | None,
        typer.Option("--page", metavar="SOURCE=HEX", help="Sign a page by its id alone (preview); needs -o."),
    ] = None,
    signatures: Annotated[
        list[Path] | None,
        typer.Option("--signatures", metavar="FILE.zkp", help="Add the sources' signatures of these pages first."),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of replacing FILE.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a signature that is there, such as an old key's.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Sign a package as the taxpayer, over all of it; or, as a source, a page over its id.

    Sources sign their pages. The taxpayer's signature covers theirs in the package, so that it is made last; a package
    whose proof does not verify is not signed.
    """
    if page is not None or (path is not None and _is_page(path)):
        _only_page_options(path, page, replace=replace)
        return venue.attest_page(path, page, key, target, passphrase_file, passphrase_fd, force=force, json=json)
    if path is None:
        raise UsageError("what to sign is not said", "give a package, a page, or --page SOURCE=HEX")
    from zkharvest.files.atomic import ensure_writable, read_file, write_file
    from zkharvest.files.leftovers import exclusive
    from zkharvest.files.packages import READ_AT_MOST, open_package
    from zkharvest.workflow.secrets import read_signing_key
    from zkharvest.workflow.signing import refuse_unproven

    if str(path) == str(key) == "-":
        raise UsageError("package and key cannot both come from standard input", "give a file for one of them")
    output.refuse_two_outputs(target or path, json=json)
    ensure_writable(target or path, force=force or target is None, inputs=[key])
    opener = passphrases.existing(key, passphrase_file, passphrase_fd)
    in_place = target is None and str(path) != "-"
    data = read_file(path, at_most=READ_AT_MOST)
    open_package(data, str(path))  # what is wrong with it is said before a passphrase is asked for
    with passphrases.reading(key, opener):
        secret, sealed = read_signing_key(key, opener)
    while True:
        with output.progress("checking the proof"):
            refuse_unproven(data, str(path))
        with output.progress("signing"):
            made = _signed(data, str(path), secret, signatures or [], replace=replace)
        # Checking and signing take seconds, so a package signed in place is held only while it is replaced. What
        # another has written meanwhile is read, and signed in turn: neither signature is lost.
        with exclusive(path) if in_place else nullcontext():
            now = read_file(path, at_most=READ_AT_MOST) if in_place else data
            if now == data:
                write_file(target or path, made, force=force or target is None)
                break
        data = now
    public = secret.public_bytes()
    if not sealed:
        passphrases.offer_to_seal(key)
    if json:
        shown = {"package": str(target or path), "key": public}
        output.json_object("zkharvest/attestation/1", shown)
    else:
        output.note(f"{target or path}: {secret.scheme} key {public.hex()[:16]}... signed the whole package")
    return ExitCode.DONE


def _signed(data: bytes, name: str, key: PrivateKey, pages: list[Path], *, replace: bool) -> bytes:
    """A package of links with the signatures of page files added, and then the taxpayer's over all of it."""
    from dataclasses import replace as changed

    from zkharvest.files.packages import open_package
    from zkharvest.sign.chains import sign_as_taxpayer, with_page_signatures
    from zkharvest.workflow.signing import read_signed_pages

    package = open_package(data, name)
    if pages:
        added = with_page_signatures(changed(package, signature=None), read_signed_pages(pages))
        package = changed(added, signature=package.signature)
    return sign_as_taxpayer(package, key, replace_other=replace).encode()


def _is_page(path: Path) -> bool:
    """Whether a file is a page; standard input is read once only, as a package."""
    from zkharvest.files.atomic import STREAM, open_file
    from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of

    if str(path) == STREAM:
        return False
    with open_file(path) as file:
        return kind_of(file.read(HEAD_BYTES)) is Kind.PAGE


def _only_page_options(path: Path | None, page: str | None, *, replace: bool) -> None:
    if path is not None and page is not None:
        raise UsageError("a file and --page are both given", "give the page's file, or its id with --page")
    if replace:
        raise UsageError("--replace is for packages", "a page has no signature of a taxpayer")
