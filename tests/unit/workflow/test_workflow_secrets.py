"""Secrets that backups hold: each is made again as what it was, and as nothing else."""

from dataclasses import replace

import pytest

from zkharvest.errors import UsageError
from zkharvest.files.words import Backup, Secret
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.workflow.secrets import key_fingerprint, restore_key, restore_seed, seed_fingerprint

SEED = Backup(Secret.SEED, bytes(range(32)), seed_fingerprint(bytes(range(32))))
KEYS = {
    secret: PrivateKey(scheme, bytes(31) + b"\x07")
    for secret, scheme in ((Secret.ED25519, Scheme.ED25519), (Secret.BLS, Scheme.BLS))
}


def backup(secret):
    key = KEYS[secret]
    return Backup(secret, key.secret, key_fingerprint(key.scheme, key.public_bytes()))


@pytest.mark.parametrize("secret", KEYS)
def test_a_key_is_made_again_from_its_own_words_alone(secret):
    assert restore_key(backup(secret)) == (KEYS[secret], KEYS[secret].public())
    with pytest.raises(UsageError, match="do not match the key"):
        restore_key(replace(backup(secret), secret=bytes(31) + b"\x08"))
    with pytest.raises(UsageError, match="are not those of a seed"):
        restore_seed(backup(secret))


def test_a_seed_is_made_again_from_its_own_words_alone():
    assert restore_seed(SEED) == SEED.secret
    with pytest.raises(UsageError, match="do not match the seed"):
        restore_seed(replace(SEED, secret=bytes(32)))
    with pytest.raises(UsageError, match="are not those of a private key"):
        restore_key(SEED)


def test_no_secret_is_in_a_repr():
    for one in (SEED, *map(backup, KEYS)):
        assert repr(one.secret) not in repr(one)
        assert one.secret.hex() not in repr(one)
