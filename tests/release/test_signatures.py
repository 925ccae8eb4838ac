"""Versions, the log of withdrawals and receipts are signed, and missing or wrong signatures are reported."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import SIGNATURE, load_manifest, sums
from latam_corpus.release.storing.minisign_keys import (
    PASSWORD,
    new_key,
    public_file,
    read_public_keys,
    read_signer,
    signature_problem,
)
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.storage.durable import sealed, unsealed

if TYPE_CHECKING:
    from conftest import CommandLine

    from latam_corpus.release.storing.minisign_keys import PublicKey

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SCRIPT = Path(__file__).parents[2] / "docs" / "verify_signature.py"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return the file of a secret key; the public key is next to it."""
    new_key(tmp_path / "archivo.key")
    return tmp_path / "archivo.key"


@pytest.fixture
def keys(secret: Path) -> tuple[PublicKey, ...]:
    """Return the public key of the secret key."""
    return read_public_keys([str(public_file(secret))])


@pytest.fixture
def strangers(tmp_path: Path) -> tuple[PublicKey, ...]:
    """Return the public key of someone else."""
    return read_public_keys([new_key(tmp_path / "otra.key")])


@pytest.fixture
def store(tmp_path: Path, secret: Path, document: Any, kept_run: Any) -> Store:
    """Return a store with a signed version of five documents."""
    opened = Store.at(tmp_path / "store", read_signer(secret))
    build("puerto", [kept_run("a-1", [document(n) for n in range(5)])], opened, **TERMS)
    return opened


def manifest_of(store: Store, version: str = "2026.11.0") -> tuple[str, str, str, str]:
    """Return the place of the manifest of a version."""
    assert load_manifest(store, "puerto", version).version == version
    return ("releases", "puerto", version, "manifest.json")


def test_every_changed_byte_of_a_signature_is_found(store: Store, keys: Any) -> None:
    """Changes in any of its four lines, and truncated or longer signatures, are found."""
    place = manifest_of(store)
    data, signature = store.read(*place), store.read(*place[:-1], place[-1] + SIGNATURE)
    assert signature_problem(data, signature, keys) is None
    for position in range(len(signature)):
        changed = bytearray(signature)
        changed[position] ^= 1
        assert signature_problem(data, bytes(changed), keys), position
    for changed_whole in (signature[:-1], signature + b"\n", b"", signature[: len(signature) // 2]):
        assert signature_problem(data, changed_whole, keys)
    assert str(signature_problem(data + b" ", signature, keys)) == "the signature is forged or made with another key"


def test_verify_reports_missing_and_wrong_signatures(store: Store, keys: Any, strangers: Any) -> None:
    """Without keys signatures are ignored; of several keys one suffices."""
    forged = "manifest.json: the signature is forged or made with another key"
    for given_keys, expected in (((), []), (keys, []), (strangers, [forged]), ((*strangers, *keys), [])):
        assert verify(store, "puerto", "2026.11.0", keys=given_keys) == expected
    place = manifest_of(store)
    manifest = load_manifest(store, "puerto", "2026.11.0").model_copy(update={"title": "Otro"})
    store.write(manifest.dumped(), *place)
    store.write(sums(manifest, hashlib.sha256(manifest.dumped()).hexdigest()), *place[:-1], "SHA256SUMS")
    assert verify(store, "puerto", "2026.11.0") == []
    assert verify(store, "puerto", "2026.11.0", keys=keys) == [forged]
    store.remove(*place[:-1], place[-1] + SIGNATURE)
    assert verify(store, "puerto", "2026.11.0", keys=keys) == ["manifest.json: it isn't signed"]


def test_a_build_without_a_key_removes_old_signatures(store: Store, keys: Any, document: Any, kept_run: Any) -> None:
    """A leftover signature is removed, and a signed rebuild adds the missing one."""
    unsigned = Store.at(store.url)
    place = ("releases", "puerto", "2026.11.1", "manifest.json")
    unsigned.write(b"x", *place[:-1], place[-1] + SIGNATURE)
    run = kept_run("b-1", [document(9)])
    build("puerto", [run], unsigned, parent="latest", **TERMS)
    assert not unsigned.exists(*place[:-1], place[-1] + SIGNATURE)
    assert verify(store, "puerto", "2026.11.1", keys=keys) == ["manifest.json: it isn't signed"]
    rebuilt = build("puerto", [run], store, parent="latest", **TERMS)
    assert (rebuilt.version, verify(store, "puerto", "2026.11.1", keys=keys)) == ("2026.11.1", [])


def test_every_entry_of_the_log_is_covered_by_a_signature(store: Store, keys: Any, document: Any) -> None:
    """Forged and unsigned entries of the log are reported."""
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(3)["doc_id"], "lo pide la familia"), NOW)
    assert verify(store, "puerto", "2026.11.1", keys=keys) == []
    withdraw(Store.at(store.url), WithdrawalRequest.of("puerto", "doc", document(2)["doc_id"], "lo pide otra"), NOW)
    unsigned = ["manifest.json: it isn't signed", "withdrawals/0002.json: it isn't signed"]
    assert verify(store, "puerto", "2026.11.2", keys=keys) == unsigned
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(1)["doc_id"], "lo pide la familia"), NOW)
    assert verify(store, "puerto", "2026.11.3", keys=keys) == []
    entry = unsealed(store.read("withdrawals", "0003.json")) | {"because": "nadie lo pide"}
    store.write(sealed(entry, indent=1), "withdrawals", "0003.json")
    assert verify(store, "puerto", "2026.11.3") == []
    forged = ["withdrawals/0003.json: the signature is forged or made with another key"]
    assert verify(store, "puerto", "2026.11.3", keys=keys) == forged


def test_a_receipt_of_a_forged_log_is_found(store: Store, keys: Any, document: Any) -> None:
    """A log without valid signatures does not confirm a receipt."""
    withdrawal = withdraw(
        store, WithdrawalRequest.of("puerto", "doc", document(3)["doc_id"], "lo pide la familia"), NOW
    )
    page = write_receipt_entry(store, withdrawal, NOW)["html"]
    assert store.signer
    signature = store.signer.signature(page, "receipt")
    assert problems_of(page, store, keys, signature) == []
    assert problems_of(page, None, keys) == ["it isn't signed"]
    for n in (1, 2):
        store.remove("withdrawals", f"{n:04d}.json{SIGNATURE}")
    assert problems_of(page, store, keys, signature) == ["withdrawals/0002.json: it isn't signed"]
    store.write(signature, "withdrawals", f"0002.json{SIGNATURE}")
    forged = ["withdrawals/0002.json: the signature is forged or made with another key"]
    assert problems_of(page, store, keys, signature) == forged


def test_a_version_with_another_signature_is_not_pulled(
    store: Store, keys: Any, strangers: Any, tmp_path: Path
) -> None:
    """The signature is pulled with the manifest, so that it can be checked later."""
    with pytest.raises(ReleaseError, match="the signature is forged or made with another key"):
        pull("puerto", store, tmp_path / "no", keys=strangers)
    assert not (tmp_path / "no").exists()
    pull("puerto", store, tmp_path / "pulled", keys=keys)
    names = [tmp_path / "pulled" / f"manifest.json{suffix}" for suffix in ("", SIGNATURE)]
    assert signature_problem(names[0].read_bytes(), names[1].read_bytes(), keys) is None


def test_the_script_verifies_signatures_without_this_package(
    store: Store, secret: Path, tmp_path: Path, strangers: Any
) -> None:
    """A script of at most a hundred lines of plain Python agrees with minisign."""
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 100
    assert "latam_corpus" not in source.replace("latam_corpus toolkit", "")
    file = tmp_path / "manifest.json"
    data = store.read(*manifest_of(store))
    signature = store.read(*manifest_of(store)[:-1], file.name + SIGNATURE)
    line = public_file(secret).read_text().splitlines()[1]
    other_key = strangers[0].key.to_base64().decode()
    for content, signed, key, message in (
        (data, signature, line, "signed by"),
        (data, signature, str(public_file(secret)), "as releases/puerto/2026.11.0/manifest.json"),
        (data + b" ", signature, line, "forged"),
        (data, signature.replace(b"2026.11.0", b"2026.11.1"), line, "forged"),
        (data, signature[:100] + b"Q" + signature[101:], line, "forged"),
        (data, signature, other_key, "another key"),
        (data, b"hola", line, "4 lines are expected"),
        (data, signature, "hola", "the key is no public key"),
    ):
        file.write_bytes(content)
        file.with_name(file.name + SIGNATURE).write_bytes(signed)
        command = [sys.executable, "-I", str(SCRIPT), str(file), key]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        assert message in process.stdout, (process.stdout, process.stderr)
        assert process.returncode == (
            0 if message in ("signed by", "as releases/puerto/2026.11.0/manifest.json") else 1
        )


def test_a_key_may_have_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password comes from a variable, and only the owner can read the secret key."""
    monkeypatch.setenv(PASSWORD, "río bravo")
    line = new_key(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o077 == 0
    assert signature_problem(b"a", read_signer(tmp_path / "k").signature(b"a", "x"), read_public_keys([line])) is None
    monkeypatch.setenv(PASSWORD, "rio bravo")
    with pytest.raises(ConfigError, match="is wrong"):
        read_signer(tmp_path / "k")
    monkeypatch.delenv(PASSWORD)
    with pytest.raises(ConfigError, match="the key is encrypted"):
        read_signer(tmp_path / "k")


def test_wrong_keys_are_errors(secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of the wrong kind, a missing file and an existing key are errors."""
    for call, problem in (
        (lambda: read_signer(public_file(secret)), "this isn't a secret key"),
        (lambda: read_signer(tmp_path / "no.key"), "it can't be read"),
        (lambda: read_public_keys([str(secret)]), "neither the file of a public key"),
        (lambda: read_public_keys(["RWQf6LRCGA9i53"]), "neither the file of a public key"),
        (lambda: new_key(secret), "keys are never overwritten"),
        (lambda: new_key(tmp_path / "archivo.key" / "k"), "it can't be written"),
    ):
        with pytest.raises(ConfigError, match=problem):
            call()
    monkeypatch.setitem(sys.modules, "minisign", None)
    for call in (lambda: read_signer(secret), lambda: read_public_keys(["RW"]), lambda: new_key(tmp_path / "n")):
        with pytest.raises(ConfigError, match=r"latam-corpus\[sign\]"):
            call()


def test_commands_sign_and_verify(
    tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands sign with a generated key, and report wrong signatures in each language with exit code 1."""
    secret, out = tmp_path / "archivo.key", ("--out", tmp_path / "out")
    result = command_line("release", "keygen", secret, "--json")
    line = result.json["key"]
    assert command_line("release", "keygen", secret).code == 2
    run = kept_run("a-1", [document(n) for n in range(5)], release={"admit": ["open"], "uses": ["train"]})
    monkeypatch.setenv("LATAM_CORPUS_KEY", str(secret))
    assert command_line("release", "build", "puerto", run, *out).code == 0
    monkeypatch.delenv("LATAM_CORPUS_KEY")
    assert command_line("release", "verify", "puerto", "--key", line, *out).code == 0
    receipt = tmp_path / "r.html"
    request = ("--doc", document(3)["doc_id"], "--because", "lo pide la familia", "--receipt", receipt)
    assert command_line("release", "withdraw", "puerto", *request, "--sign", secret, *out).code == 0
    verify_receipt = (
        "release",
        "verify-receipt",
        receipt,
        "--store",
        tmp_path / "out" / "store",
        "--key",
        f"{secret}.pub",
    )
    assert command_line(*verify_receipt).code == 0
    assert "auténtica" in command_line(*verify_receipt, "--lang", "es").out
    wrong_key = ("release", "verify", "puerto", "--key", "RWxx", *out)
    assert "no es ni el archivo de una clave pública ni su línea" in command_line(*wrong_key, "--lang", "es").err
    assert "não é nem o arquivo de uma chave pública nem a sua linha" in command_line(*wrong_key, "--lang", "pt").err
    assert "autêntico" in command_line(*verify_receipt, "--lang", "pt").out
    command_line("release", "keygen", tmp_path / "otra.key")
    result = command_line("release", "verify-receipt", receipt, "--key", tmp_path / "otra.key.pub", "--json")
    assert (result.code, result.json["problems"]) == (1, ["the signature is forged or made with another key"])
    assert command_line("pull", "puerto", "--to", tmp_path / "no", "--key", tmp_path / "otra.key.pub", *out).code == 1
    assert command_line("release", "purge", "--sign", tmp_path / "no.key", *out).code == 2
    assert command_line("release", "purge", "--sign", secret, *out).code == 0
    entries = read_log(Store.at(tmp_path / "out" / "store")).sequence
    assert command_line("release", "verify", "puerto", "--key", f"{secret}.pub", *out).code == 0
    assert (entries, len(list((tmp_path / "out" / "store" / "withdrawals").glob(f"*{SIGNATURE}")))) == (3, 3)
