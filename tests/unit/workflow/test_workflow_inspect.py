"""What `inspect` says is read off the file, adds up, and shows no secret."""

from dataclasses import replace

import pytest

from tests.support.proofs import YEAR, small_opening, small_package
from zkharvest.circuit import definitions
from zkharvest.conformance.frozen import check_circuits
from zkharvest.errors import InputError, UsageError
from zkharvest.files.openings import write_opening
from zkharvest.files.packages import open_package, package_bytes
from zkharvest.sign.attest import sign_as_taxpayer
from zkharvest.sign.keyfiles import write_private_key, write_public_key
from zkharvest.sign.keys import Scheme, generate_key
from zkharvest.workflow.inspect import describe, describe_package


@pytest.fixture(scope="module")
def package():
    return open_package(small_package(), "p")


def test_a_package_is_described_without_a_verdict(tmp_path):
    path = tmp_path / "p.zkh"
    path.write_bytes(small_package())
    shown = describe(path)
    assert (shown["kind"], shown["verified"], shown["preset"]) == ("package", False, "test")
    assert shown["statement"]["year"] == YEAR
    assert shown["statement"]["circuit"]["status"] == "active"
    assert shown["statement"]["carried_in"] is None
    assert shown["security"]["bits"] < 128
    assert set(shown["security"]["terms"]) >= {"lookup", "constraints", "deep", "batch", "query"}


def test_the_sizes_of_the_parts_add_up(package):
    signed = package_bytes(sign_as_taxpayer(package, generate_key(Scheme.ED25519)))
    for data in (small_package(), signed):
        shown = describe_package(data, "p")
        assert sum(shown["parts"].values()) == len(data) == shown["bytes"]
        assert min(shown["parts"].values()) > 0


def test_signatures_are_named_but_not_checked(package):
    signature = {"scheme": "ed25519", "key": b"\1" * 32, "signature": bytes(64)}
    entry = {"source": "a", "key": b"\2" * 48, "pop": bytes(96)}
    attestations = {"scheme": "bls12-381-g2-pop", "aggregate": bytes(96), "sources": [entry]}
    signed = replace(package, signature=signature, attestations=attestations)
    assert describe_package(package_bytes(signed), "p")["signatures"] == {
        "checked": False, "fault": None, "sources": [{"id": "a", "key": "02" * 48}], "taxpayer": "01" * 32,
    }  # fmt: skip
    for odd in ({"signature": {"key": b"\x01"}}, {"attestations": {**attestations, "sources": [entry, 5]}}):
        shown = describe_package(package_bytes(replace(signed, **odd)), "p")["signatures"]
        assert shown["fault"].split(":")[0] in ("signature/form", "attestation/form")
        assert (shown["sources"], shown["taxpayer"]) == ([], None)


def test_a_statement_that_cannot_be_read_is_said_to_be_so(package):
    shown = describe_package(package_bytes(replace(package, statement={"year": 1})), "p")
    assert shown["statement"] is None
    assert "statement/fields" in shown["statement_fault"]
    circuit = {"id": "other/v9", "digest": bytes(32)}
    shown = describe_package(package_bytes(replace(package, statement={**package.statement, "circuit": circuit})), "p")
    assert shown["statement"]["circuit"]["status"] == "circuit/unknown"
    assert shown["security"] is None


def test_openings_and_keys_show_no_secret(tmp_path):
    write_opening(tmp_path / "s.zko", small_opening(), passphrase=None)
    opening = small_opening()
    assert describe(tmp_path / "s.zko") == {
        "kind": "opening", "version": 2, "envelope": "plain", "sealed": False, "checked": False,
        "bytes": (tmp_path / "s.zko").stat().st_size, "currency": "USD", "records": 5,
        "sources": [{"id": source, "root": root.hex()} for source, root in opening.roots.items()],
    }  # fmt: skip
    key = generate_key(Scheme.ED25519)
    write_private_key(tmp_path / "k", key, key.public(), passphrase=None)
    write_public_key(tmp_path / "k.pub", key.public())
    shown = describe(tmp_path / "k")
    assert (shown["kind"], shown["public"]) == ("private-key", key.public_bytes().hex())
    assert key.secret.hex() not in str(shown)
    assert describe(tmp_path / "k.pub")["kind"] == "public-key"


def test_damaged_packages_and_other_files(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(small_package()[:-1])
    with pytest.raises(InputError, match="damaged package"):
        describe(path)
    path.write_bytes(b"time,source")
    with pytest.raises(UsageError, match="not a file that inspect reads"):
        describe(path)


def test_frozen_circuits_are_what_they_are_pinned_to_be():
    assert check_circuits() == {"lot-machine/v1": "", "lot-machine/v2": ""}


def test_every_definition_is_checked(monkeypatch):
    """A circuit that is defined and not pinned is named, as is a definition that no longer gives its frozen files."""
    first, second = definitions.DEFINITIONS
    third, other = replace(first, version=3), replace(first, statement="Something else.")
    monkeypatch.setattr(definitions, "DEFINITIONS", (other, second, third))
    assert check_circuits() == {
        "lot-machine/v1": "README.md is not what the definition gives",
        "lot-machine/v2": "",
        "lot-machine/v3": "is defined but not pinned",
    }
