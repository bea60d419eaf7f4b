"""What `inspect` says is read off the file, adds up, and shows no secret."""

from dataclasses import replace

import pytest

from tests.support.proofs import YEAR, small_chain, small_pages
from zkharvest.circuit import definitions
from zkharvest.conformance.frozen import check_circuits
from zkharvest.errors import InputError, UsageError
from zkharvest.sign.chains import sign_as_taxpayer
from zkharvest.sign.keyfiles import write_private_key, write_public_key
from zkharvest.sign.keys import Scheme, generate_key
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.workflow.inspect import describe, describe_package
from zkharvest.workflow.own_folder import write_pages


@pytest.fixture(scope="module")
def package():
    return decode_chain_package(small_chain().package)


def changed(package, **parts):
    """The package with other parts of its one link."""
    return replace(package, parts=(replace(package.parts[0], **parts),)).encode()


def test_a_package_is_described_without_a_verdict(tmp_path):
    path = tmp_path / "p.zkh"
    path.write_bytes(small_chain().package)
    shown = describe(path)
    (link,) = shown["links"]
    assert (shown["kind"], shown["verified"], link["preset"]) == ("package", False, "test")
    assert (link["year"], link["circuit"]["status"]) == (YEAR, "active")
    assert link["security"]["bits"] < 128
    assert set(link["security"]["terms"]) >= {"lookup", "constraints", "deep", "batch", "query"}


def test_the_sizes_of_the_parts_add_up(package):
    signed = sign_as_taxpayer(package, generate_key(Scheme.ED25519)).encode()
    for data in (small_chain().package, signed):
        shown = describe_package(data, "p")
        assert sum(shown["parts"].values()) == len(data) == shown["bytes"]
        assert min(shown["parts"].values()) > 0


def test_signatures_are_named_but_not_checked(package):
    signature = {"scheme": "ed25519", "key": b"\1" * 32, "signature": bytes(64)}
    assert describe_package(replace(package, signature=signature).encode(), "p")["taxpayer"] == "01" * 32
    for odd in ({"key": 5}, {}):
        assert describe_package(replace(package, signature=odd).encode(), "p")["taxpayer"] is None


def test_a_statement_that_cannot_be_read_is_said_to_be_so(package):
    (link,) = describe_package(changed(package, statement={"year": 1}), "p")["links"]
    assert "statement/fields" in link["fault"]
    statement = package.parts[0].statement
    other = {**statement, "circuit": {**statement["circuit"], "id": "other/v9"}}
    (link,) = describe_package(changed(package, statement=other), "p")["links"]
    assert link["circuit"]["status"] == "circuit/unknown"
    assert link["security"] is None
    for parts in ({"preset": "other"}, {"log_rows": (13,)}, {"log_rows": (60,) * 7}):
        assert describe_package(changed(package, **parts), "p")["links"][0]["security"] is None


def test_openings_and_keys_show_no_secret(tmp_path):
    write_pages(tmp_path / "own", small_pages(), passphrase=None)
    (opening, *_) = sorted((tmp_path / "own").glob("*.zko"))
    shown = describe(opening)
    assert (shown["kind"], shown["sealed"], shown["checked"]) == ("page-opening", False, False)
    assert shown["page"] in {page.hex() for page in small_pages().pages.values()}
    assert "salt" not in str(shown) and "BTC" not in str(shown)
    key = generate_key(Scheme.ED25519)
    write_private_key(tmp_path / "k", key, key.public(), passphrase=None)
    write_public_key(tmp_path / "k.pub", key.public())
    shown = describe(tmp_path / "k")
    assert (shown["kind"], shown["public"]) == ("private-key", key.public_bytes().hex())
    assert key.secret.hex() not in str(shown)
    assert describe(tmp_path / "k.pub")["kind"] == "public-key"


def test_damaged_packages_and_other_files(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(small_chain().package[:-1])
    with pytest.raises(InputError, match="damaged package"):
        describe(path)
    path.write_bytes(b"time,source")
    with pytest.raises(UsageError, match="not a file that inspect reads"):
        describe(path)


def test_frozen_circuits_are_what_they_are_pinned_to_be():
    assert check_circuits() == {"lot-machine/v2": ""}


def test_every_definition_is_checked(monkeypatch):
    """A circuit that is defined and not pinned is named, as is a definition that no longer gives its frozen files."""
    (first,) = definitions.DEFINITIONS
    third, other = replace(first, version=3), replace(first, statement="Something else.")
    monkeypatch.setattr(definitions, "DEFINITIONS", (other, third))
    assert check_circuits() == {
        "lot-machine/v2": "README.md is not what the definition gives",
        "lot-machine/v3": "is defined but not pinned",
    }
