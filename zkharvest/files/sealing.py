"""Secrets at rest: a payload under a passphrase, by scrypt (RFC 7914) and ChaCha20-Poly1305 (RFC 8439).

The passphrase in Unicode's form C, as UTF-8, gives a key of 32 bytes under a fresh salt, so that no key is used twice.
The parameters stand in the file's header, which the cipher authenticates together with the payload. They are bounded
when read: a file cannot ask for more than a gigabyte of memory, nor be so cheap that its passphrase is guessed.

A wrong passphrase and a file that was changed on purpose look alike here: both fail the cipher's tag. What is damaged
by accident is found before, by the file's checksum (`container`).
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from zkharvest.errors import UsageError

ENVELOPE = "scrypt-chacha20poly1305"
SALT_BYTES, NONCE_BYTES, KEY_BYTES, TAG_BYTES = 16, 12, 32, 16
LONGEST_PASSPHRASE = 1024  # bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt's cost: 128 * r * 2^log_n bytes of memory, p times."""

    log_n: int
    r: int
    p: int


STANDARD = Cost(17, 8, 1)
"""128 MiB and half a second: what OWASP's password storage cheat sheet names first for scrypt."""

CHEAPEST = Cost(14, 8, 1)
"""Below this a file is refused. Tests use a lower cost, which only a patched program accepts."""

DEAREST = Cost(20, 16, 4)
MOST_MEMORY = 1 << 30

Passphrase: TypeAlias = str | Callable[[], str] | None
"""A passphrase, or what gives one when it is needed; None: there is none."""


class WrongPassphraseError(Exception):
    """The passphrase does not open the payload, or the file was changed on purpose."""


class ParametersError(ValueError):
    """Parameters that this program does not accept; the text says which."""


def new_parameters() -> dict[str, Any]:
    """Fresh salt and nonce, at today's standard cost, as they stand in a header."""
    cost = STANDARD
    return {
        "log_n": cost.log_n,
        "nonce": secrets.token_bytes(NONCE_BYTES),
        "p": cost.p,
        "r": cost.r,
        "salt": secrets.token_bytes(SALT_BYTES),
    }


def encrypt(parameters: Mapping[str, Any], head: bytes, payload: bytes, passphrase: str) -> bytes:
    """The payload under the passphrase, `TAG_BYTES` longer; `head` is authenticated with it."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    cipher = ChaCha20Poly1305(_key(parameters, passphrase))
    return cipher.encrypt(parameters["nonce"], payload, head)


def decrypt(parameters: Mapping[str, Any], head: bytes, sealed: bytes, passphrase: str) -> bytes:
    """The payload. Raises WrongPassphraseError, or ParametersError for parameters that are not accepted."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    check_parameters(parameters)
    try:
        return ChaCha20Poly1305(_key(parameters, passphrase)).decrypt(parameters["nonce"], sealed, head)
    except InvalidTag:
        raise WrongPassphraseError from None


def check_parameters(parameters: object) -> None:
    """ParametersError unless these are parameters of the form and within the bounds above."""
    match parameters:
        case {
            "log_n": int(log_n),
            "nonce": bytes(nonce),
            "p": int(p),
            "r": int(r),
            "salt": bytes(salt),
            **others,
        } if not others and (len(nonce), len(salt)) == (NONCE_BYTES, SALT_BYTES):
            pass
        case _:
            raise ParametersError("the parameters of the encryption are not of the known form")
    if log_n < CHEAPEST.log_n or r < CHEAPEST.r or p < CHEAPEST.p:
        raise ParametersError(f"scrypt with 2^{log_n}, r {r}, p {p} is too cheap to protect a secret")
    if log_n > DEAREST.log_n or r > DEAREST.r or p > DEAREST.p or (128 * r) << log_n > MOST_MEMORY:
        raise ParametersError(f"scrypt with 2^{log_n}, r {r}, p {p} is more work than this program accepts")


def opened(
    parameters: Mapping[str, Any], head: bytes, sealed: bytes, passphrase: Passphrase, name: str | object
) -> bytes:
    """As `decrypt`, asking `passphrase` for one; `name` stands for the file in errors, all of them UsageError.

    Where a person is asked (a callable with a true `asks`), three attempts are allowed.
    """
    if passphrase is None:
        hint = "give --passphrase-file FILE or --passphrase-fd N; on a terminal you are asked"
        raise UsageError(f"{name}: is sealed with a passphrase, and none was given", hint)
    for left in (2, 1, 0) if getattr(passphrase, "asks", False) else (0,):
        try:
            return decrypt(parameters, head, sealed, passphrase if isinstance(passphrase, str) else passphrase())
        except WrongPassphraseError:
            if not left:
                hint = "the file is not damaged by accident (its checksum is right); try the passphrase again"
                raise UsageError(f"{name}: wrong passphrase, or the file was changed on purpose", hint) from None
        except ParametersError as error:
            raise UsageError(f"{name}: {error}", "it was not written by zkharvest, or by a newer one") from None
        except MemoryError:
            raise UsageError(f"{name}: not enough memory to open it", "close other programs") from None
    raise AssertionError  # the last attempt returned or raised


def _key(parameters: Mapping[str, Any], passphrase: str) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    words = unicodedata.normalize("NFC", passphrase).encode()
    if not 0 < len(words) <= LONGEST_PASSPHRASE:
        raise UsageError(
            f"a passphrase has 1 to {LONGEST_PASSPHRASE} bytes, this one has {len(words)}",
            "choose five or six words that nobody would guess",
        )
    n, r, p = 1 << parameters["log_n"], parameters["r"], parameters["p"]
    return Scrypt(salt=parameters["salt"], length=KEY_BYTES, n=n, r=r, p=p).derive(words)
