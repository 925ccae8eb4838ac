"""Versions, the log of withdrawals and receipts are signed by a key, and whatever it didn't sign is named."""

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
    """The file of a secret key; the public one is beside it."""
    new_key(tmp_path / "archivo.key")
    return tmp_path / "archivo.key"


@pytest.fixture
def keys(secret: Path) -> tuple[PublicKey, ...]:
    """Its public key."""
    return read_public_keys([str(public_file(secret))])


@pytest.fixture
def strangers(tmp_path: Path) -> tuple[PublicKey, ...]:
    """Another's public key."""
    return read_public_keys([new_key(tmp_path / "otra.key")])


@pytest.fixture
def store(tmp_path: Path, secret: Path, document: Any, kept_run: Any) -> Store:
    """A store with a signed version of five documents."""
    opened = Store.at(tmp_path / "store", read_signer(secret))
    build("puerto", [kept_run("a-1", [document(n) for n in range(5)])], opened, **TERMS)
    return opened


def manifest_of(store: Store, version: str = "2026.11.0") -> tuple[str, str, str, str]:
    """Where the manifest of a version is."""
    assert load_manifest(store, "puerto", version).version == version
    return ("releases", "puerto", version, "manifest.json")


def test_every_changed_byte_of_a_signature_is_told(store: Store, keys: Any) -> None:
    """In all of its four lines, the first of which nobody signs; so is what is cut short or added to."""
    place = manifest_of(store)
    data, signature = store.read(*place), store.read(*place[:-1], place[-1] + SIGNATURE)
    assert signature_problem(data, signature, keys) is None
    for at in range(len(signature)):
        changed = bytearray(signature)
        changed[at] ^= 1
        assert signature_problem(data, bytes(changed), keys), at
    for changed_whole in (signature[:-1], signature + b"\n", b"", signature[: len(signature) // 2]):
        assert signature_problem(data, changed_whole, keys)
    assert str(signature_problem(data + b" ", signature, keys)) == "the signature is forged or made with another key"


def test_what_a_key_has_not_signed_is_told_by_verify(store: Store, keys: Any, strangers: Any) -> None:
    """Without a key nothing is said of signatures; of several keys one is enough."""
    forged = "manifest.json: the signature is forged or made with another key"
    for given, told in (((), []), (keys, []), (strangers, [forged]), ((*strangers, *keys), [])):
        assert verify(store, "puerto", "2026.11.0", keys=given) == told
    place = manifest_of(store)
    manifest = load_manifest(store, "puerto", "2026.11.0").model_copy(update={"title": "Otro"})
    store.write(manifest.dumped(), *place)
    store.write(sums(manifest, hashlib.sha256(manifest.dumped()).hexdigest()), *place[:-1], "SHA256SUMS")
    assert verify(store, "puerto", "2026.11.0") == []
    assert verify(store, "puerto", "2026.11.0", keys=keys) == [forged]
    store.remove(*place[:-1], place[-1] + SIGNATURE)
    assert verify(store, "puerto", "2026.11.0", keys=keys) == ["manifest.json: it isn't signed"]


def test_who_builds_without_a_key_leaves_no_signature_of_another(
    store: Store, keys: Any, document: Any, kept_run: Any
) -> None:
    """A killed build may have left one under the number; a version asked for again gets the signature that it lacks."""
    unsigned = Store.at(store.url)
    place = ("releases", "puerto", "2026.11.1", "manifest.json")
    unsigned.write(b"x", *place[:-1], place[-1] + SIGNATURE)
    run = kept_run("b-1", [document(9)])
    build("puerto", [run], unsigned, parent="latest", **TERMS)
    assert not unsigned.exists(*place[:-1], place[-1] + SIGNATURE)
    assert verify(store, "puerto", "2026.11.1", keys=keys) == ["manifest.json: it isn't signed"]
    again = build("puerto", [run], store, parent="latest", **TERMS)
    assert (again.version, verify(store, "puerto", "2026.11.1", keys=keys)) == ("2026.11.1", [])


def test_the_log_is_signed_as_far_as_its_last_entry(store: Store, keys: Any, document: Any) -> None:
    """An entry names the digest of the one before; one that was forged, or added by somebody else, is named."""
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(3)["doc_id"], "lo pide la familia"), NOW)
    assert verify(store, "puerto", "2026.11.1", keys=keys) == []
    withdraw(Store.at(store.url), WithdrawalRequest.of("puerto", "doc", document(2)["doc_id"], "lo pide otra"), NOW)
    told = ["manifest.json: it isn't signed", "withdrawals/0002.json: it isn't signed"]
    assert verify(store, "puerto", "2026.11.2", keys=keys) == told
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(1)["doc_id"], "lo pide la familia"), NOW)
    assert verify(store, "puerto", "2026.11.3", keys=keys) == []
    entry = unsealed(store.read("withdrawals", "0003.json")) | {"because": "nadie lo pide"}
    store.write(sealed(entry, indent=1), "withdrawals", "0003.json")
    assert verify(store, "puerto", "2026.11.3") == []
    forged = ["withdrawals/0003.json: the signature is forged or made with another key"]
    assert verify(store, "puerto", "2026.11.3", keys=keys) == forged


def test_a_receipt_of_a_forged_log_is_told(store: Store, keys: Any, document: Any) -> None:
    """Who can write into the store can make a whole log that agrees with a receipt, and can't sign either."""
    done = withdraw(store, WithdrawalRequest.of("puerto", "doc", document(3)["doc_id"], "lo pide la familia"), NOW)
    page = write_receipt_entry(store, done, NOW)["html"]
    assert store.signer
    signature = store.signer.signature(page, "receipt")
    assert problems_of(page, store, keys, signature) == []
    assert problems_of(page, None, keys) == ["it isn't signed"]
    for n in (1, 2):
        store.remove("withdrawals", f"{n:04d}.json{SIGNATURE}")
    assert problems_of(page, store, keys, signature) == ["withdrawals/0002.json: it isn't signed"]
    store.write(signature, "withdrawals", f"0002.json{SIGNATURE}")
    told = ["withdrawals/0002.json: the signature is forged or made with another key"]
    assert problems_of(page, store, keys, signature) == told


def test_nothing_is_pulled_that_the_key_has_not_signed(store: Store, keys: Any, strangers: Any, tmp_path: Path) -> None:
    """The signature is pulled with the manifest, so that it can be looked at later."""
    with pytest.raises(ReleaseError, match="the signature is forged or made with another key"):
        pull("puerto", store, tmp_path / "no", keys=strangers)
    assert not (tmp_path / "no").exists()
    pull("puerto", store, tmp_path / "pulled", keys=keys)
    names = [tmp_path / "pulled" / f"manifest.json{suffix}" for suffix in ("", SIGNATURE)]
    assert signature_problem(names[0].read_bytes(), names[1].read_bytes(), keys) is None


def test_a_stranger_checks_signatures_without_this_package(
    store: Store, secret: Path, tmp_path: Path, strangers: Any
) -> None:
    """A script of at most a hundred lines, which knows nothing but Python, says of a file what minisign says."""
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 100
    assert "latam_corpus" not in source.replace("latam_corpus toolkit", "")
    file = tmp_path / "manifest.json"
    data = store.read(*manifest_of(store))
    signature = store.read(*manifest_of(store)[:-1], file.name + SIGNATURE)
    line = public_file(secret).read_text().splitlines()[1]
    other = strangers[0].key.to_base64().decode()
    for written, signed, key, said in (
        (data, signature, line, "signed by"),
        (data, signature, str(public_file(secret)), "as releases/puerto/2026.11.0/manifest.json"),
        (data + b" ", signature, line, "forged"),
        (data, signature.replace(b"2026.11.0", b"2026.11.1"), line, "forged"),
        (data, signature[:100] + b"Q" + signature[101:], line, "forged"),
        (data, signature, other, "another key"),
        (data, b"hola", line, "4 lines are expected"),
        (data, signature, "hola", "the key is no public key"),
    ):
        file.write_bytes(written)
        file.with_name(file.name + SIGNATURE).write_bytes(signed)
        command = [sys.executable, "-I", str(SCRIPT), str(file), key]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert said in done.stdout, (done.stdout, done.stderr)
        assert done.returncode == (0 if said in ("signed by", "as releases/puerto/2026.11.0/manifest.json") else 1)


def test_a_key_may_have_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked of a variable; the file of the secret key is for its owner alone."""
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


def test_what_is_no_key_is_told(secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public one where the secret is asked for and the other way round, what isn't there, what is there already."""
    for call, told in (
        (lambda: read_signer(public_file(secret)), "this isn't a secret key"),
        (lambda: read_signer(tmp_path / "no.key"), "it can't be read"),
        (lambda: read_public_keys([str(secret)]), "neither the file of a public key"),
        (lambda: read_public_keys(["RWQf6LRCGA9i53"]), "neither the file of a public key"),
        (lambda: new_key(secret), "keys are never overwritten"),
        (lambda: new_key(tmp_path / "archivo.key" / "k"), "it can't be written"),
    ):
        with pytest.raises(ConfigError, match=told):
            call()
    monkeypatch.setitem(sys.modules, "minisign", None)
    for call in (lambda: read_signer(secret), lambda: read_public_keys(["RW"]), lambda: new_key(tmp_path / "n")):
        with pytest.raises(ConfigError, match=r"latam-corpus\[sign\]"):
            call()


def test_the_commands_sign_and_check(
    tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key made by one signs what the others make; what is wrong is told, in Spanish and Portuguese too, with 1."""
    secret, out = tmp_path / "archivo.key", ("--out", tmp_path / "out")
    told = command_line("release", "keygen", secret, "--json")
    line = told.json["key"]
    assert command_line("release", "keygen", secret).code == 2
    run = kept_run("a-1", [document(n) for n in range(5)], release={"admit": ["open"], "uses": ["train"]})
    monkeypatch.setenv("LATAM_CORPUS_KEY", str(secret))
    assert command_line("release", "build", "puerto", run, *out).code == 0
    monkeypatch.delenv("LATAM_CORPUS_KEY")
    assert command_line("release", "verify", "puerto", "--key", line, *out).code == 0
    receipt = tmp_path / "r.html"
    asked = ("--doc", document(3)["doc_id"], "--because", "lo pide la familia", "--receipt", receipt)
    assert command_line("release", "withdraw", "puerto", *asked, "--sign", secret, *out).code == 0
    checked = ("release", "verify-receipt", receipt, "--store", tmp_path / "out" / "store", "--key", f"{secret}.pub")
    assert command_line(*checked).code == 0
    assert "auténtica" in command_line(*checked, "--lang", "es").out
    wrong = ("release", "verify", "puerto", "--key", "RWxx", *out)
    assert "no es ni el archivo de una clave pública ni su línea" in command_line(*wrong, "--lang", "es").err
    assert "não é nem o arquivo de uma chave pública nem a sua linha" in command_line(*wrong, "--lang", "pt").err
    assert "autêntico" in command_line(*checked, "--lang", "pt").out
    command_line("release", "keygen", tmp_path / "otra.key")
    told = command_line("release", "verify-receipt", receipt, "--key", tmp_path / "otra.key.pub", "--json")
    assert (told.code, told.json["problems"]) == (1, ["the signature is forged or made with another key"])
    assert command_line("pull", "puerto", "--to", tmp_path / "no", "--key", tmp_path / "otra.key.pub", *out).code == 1
    assert command_line("release", "purge", "--sign", tmp_path / "no.key", *out).code == 2
    assert command_line("release", "purge", "--sign", secret, *out).code == 0
    entries = read_log(Store.at(tmp_path / "out" / "store")).sequence
    assert command_line("release", "verify", "puerto", "--key", f"{secret}.pub", *out).code == 0
    assert (entries, len(list((tmp_path / "out" / "store" / "withdrawals").glob(f"*{SIGNATURE}")))) == (3, 3)
