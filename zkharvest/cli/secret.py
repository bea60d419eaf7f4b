"""What the owner of a secret does: look at it, change its passphrase, back it up on paper, make it again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output, passphrases
from zkharvest.cli.help import Group
from zkharvest.cli.options import (
    Force,
    Json,
    NoPassphrase,
    Output,
    PassphraseFd,
    PassphraseFile,
)
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError

if TYPE_CHECKING:
    from zkharvest.workflow.secrets import SecretFile

secret = typer.Typer(
    cls=Group,
    help="Openings, seeds and private keys on the disk: their passphrase, their backup on paper.",
    no_args_is_help=True,
)

SecretPath = Annotated[
    Path, typer.Argument(metavar="FILE", help="Opening (.zko), standing (.zks), private key, or seed of pages.")
]


@secret.command("show")
def show(
    path: SecretPath, passphrase_file: PassphraseFile = None, passphrase_fd: PassphraseFd = None, json: Json = False
) -> ExitCode:
    """Open a secret and check it; prints only what is public of it."""
    from zkharvest.workflow.secrets import name_of, public_of, read_secret

    opener = passphrases.existing(path, passphrase_file, passphrase_fd)
    with passphrases.reading(path, opener):
        found = read_secret(path, opener)
    what, public = name_of(found), public_of(found)
    if json:
        shown = {"file": str(path), "kind": what, "sealed": found.sealed, "public": dict(public)}
        output.json_object("zkharvest/secret/1", shown)
    else:
        state = "sealed under a passphrase" if found.sealed else "not encrypted"
        output.data(f"{path}: {what}, {state}, in order")
        output.fields(public)
    if not found.sealed:
        passphrases.offer_to_seal(path)
    return ExitCode.DONE


@secret.command("passwd")
def passwd(
    path: SecretPath,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    new_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", metavar="FILE", help="New passphrase: the line in FILE.")
    ] = None,
    new_fd: Annotated[
        int | None,
        typer.Option("--new-passphrase-fd", metavar="N", min=0, help="New passphrase: a line from this descriptor."),
    ] = None,
    none: NoPassphrase = False,
) -> ExitCode:
    """Seal a secret under a new passphrase, or an unencrypted one under its first."""
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.leftovers import exclusive
    from zkharvest.workflow.secrets import read_secret

    if str(path) == "-":
        raise UsageError("passwd changes a file in place, not standard input", "give the file")
    with exclusive(path):
        found = read_secret(path, passphrases.existing(path, passphrase_file, passphrase_fd))
        ensure_writable(path, force=True, replaces=found.kind)
        chosen = passphrases.new(path, new_file, new_fd, none=none, options="--new-passphrase")
        with output.progress("sealing"):
            write_file(path, found.to_bytes(chosen), private=True, force=True, replaces=found.kind)
    if chosen is None:
        passphrases.unencrypted(path)
        return ExitCode.DONE
    lost = _restored_from(found)
    output.note(f"{path} is sealed under its new passphrase; without the passphrase or {lost} it is lost")
    if not found.sealed:
        output.note("copies made before, and what the disk still holds of the old file, are not encrypted")
    return ExitCode.DONE


def _restored_from(found: SecretFile) -> str:
    """From what a secret can be had again."""
    if found.page is not None:
        return "a copy from its source"
    return "a copy" if found.standing is not None else "a backup sheet"


@secret.command("backup")
def backup(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Private keys, seeds of pages.")],
    target: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Sheet to write: .html to print, else text; - for stdout."),
    ],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    force: Force = False,
) -> ExitCode:
    """Write a sheet to print: words, and a QR code, from which the secrets can be made again."""
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.kinds import Kind
    from zkharvest.files.sheets import has_qr, html_sheet, text_sheet
    from zkharvest.workflow.secrets import read_secret, sheet_entry

    ensure_writable(target, force=force, replaces=Kind.SHEET, inputs=paths)
    given = passphrases.existing(paths[0], passphrase_file, passphrase_fd)
    entries = []
    for path in paths:
        opener = given if isinstance(given, str) else passphrases.existing(path, None, None)
        with passphrases.reading(path, opener):
            entries.append(sheet_entry(read_secret(path, opener)))
    make = html_sheet if target.suffix.lower() in (".html", ".htm") else text_sheet
    today = date.today().isoformat()  # noqa: DTZ011  (the day on the person's calendar)
    write_file(target, make(entries, today), private=True, force=force, replaces=Kind.SHEET)
    if not has_qr():
        output.note("without a QR code: pip install 'zkharvest[qr]' adds it")
    output.warning(
        f"{target} holds the secret in the clear", "print it, check it with secret restore, then delete the file"
    )
    return ExitCode.DONE


@secret.command("restore")
def restore(
    target: Output = Path("-"),
    words: Annotated[
        Path | None, typer.Option("--words", metavar="FILE", help="The sheet's words, typed or scanned; - is stdin.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    none: NoPassphrase = False,
    force: Force = False,
) -> ExitCode:
    """Make a private key or a seed of pages again from a sheet's words."""
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.files.sheets import MAX_BYTES, read_words
    from zkharvest.files.words import Secret
    from zkharvest.sign.keyfiles import private_key_bytes
    from zkharvest.workflow.secrets import restore_key, restore_seed

    if str(target) == "-":
        raise UsageError("a secret is restored to a file, not to standard output", "name one with -o")
    ensure_writable(target, force=force, inputs=[words] if words is not None else [])
    found = read_words(_words(words, MAX_BYTES))
    if found.kind is Secret.SEED:
        from zkharvest.files.page_files import fingerprint, write_seed

        seed = restore_seed(found)
        chosen = passphrases.new(target, passphrase_file, passphrase_fd, none=none)
        write_seed(target, seed, passphrase=chosen)
        output.data(fingerprint(seed).hex())
    else:
        key, public = restore_key(found)
        chosen = passphrases.new(target, passphrase_file, passphrase_fd, none=none)
        write_file(target, private_key_bytes(key, public, chosen), private=True, force=None)
        output.data(public.key.hex())
    output.note(f"{target} is the secret that the sheet was made of")
    if chosen is None:
        passphrases.unencrypted(target)
    return ExitCode.DONE


def _words(path: Path | None, at_most: int) -> str:
    if path is not None:
        from zkharvest.files.atomic import read_file

        return read_file(path, at_most=at_most).decode("utf-8", "replace")
    text = passphrases.ask_line("the sheet's words, in order: ")
    if text is None:
        raise UsageError("no words were given, and there is no terminal to ask on", "give --words FILE; - is stdin")
    return text
