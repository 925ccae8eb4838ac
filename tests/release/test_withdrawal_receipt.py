"""Receipts detect every changed byte, state the same in three languages, and are listed in the log."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.errors import ReleaseError
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, receipt_files, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.storage.durable import sealed, unsealed

if TYPE_CHECKING:
    from conftest import CommandLine

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SCRIPT = Path(__file__).parents[2] / "docs" / "verify_receipt.py"


@pytest.fixture
def receipts(tmp_path: Path, document: Any, kept_run: Any) -> dict[str, bytes]:
    """Return the receipt of a document's withdrawal from the store `store`, in each format."""
    build("puerto", [kept_run("a-1", [document(n) for n in range(5)])], tmp_path / "store", **TERMS)
    store = Store.at(tmp_path / "store")
    done = withdraw(
        store, WithdrawalRequest.of("puerto", "doc", document(3)["doc_id"], 'lo pide <la familia> & "otros"'), NOW
    )
    return write_receipt_entry(store, done, NOW)


@pytest.mark.parametrize("kind", ["json", "html"])
def test_every_changed_byte_is_found(receipts: dict[str, bytes], kind: str) -> None:
    """A changed, shortened or extended receipt is detected without a store."""
    data = receipts[kind]
    assert problems_of(data, None) == []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        try:
            assert problems_of(bytes(changed), None), place
        except ValueError:  # its first byte says what kind of file it is
            pytest.fail(str(place))
        except Exception as error:  # noqa: BLE001  (a receipt that can't be told for one is an error that says so)
            assert type(error).__name__ == "ConfigError"  # noqa: PT017
    for changed_whole in (data[:-1], data + b"\n", data[: len(data) // 2]):
        assert problems_of(changed_whole, None)


def test_a_forged_receipt_isnt_in_the_log(receipts: dict[str, bytes], tmp_path: Path) -> None:
    """A receipt that is sealed again after a change is detected by its entry or by the store."""
    store = Store.at(tmp_path / "store")
    for data in receipts.values():
        assert problems_of(data, store) == []
    values = unsealed(receipts["json"])
    for key, value, message in (
        ("documents", 4, "doesn't list this receipt"),
        ("release", "faro", "its release differs from its entry in the log"),
        ("request", "W9", "its request differs from its entry in the log"),
        ("asked", values["asked"] | {"value": "f" * 32}, "its what was asked differs from"),
    ):
        for forged in receipt_files(values | {key: value}).values():
            assert any(message in problem for problem in problems_of(forged, store)), key
    page = receipts["html"].replace(b"Documentos retirados de puerto: 1", b"Documentos retirados de puerto: 9")
    assert problems_of(page, None)
    assert problems_of(sealed({"format": 1}), None)
    assert problems_of(b'{"a": 1}', None)


def test_a_receipt_of_another_store_or_manifest_is_refused(receipts: dict[str, bytes], tmp_path: Path) -> None:
    """The store has another entry, another manifest, or none."""
    second_store = Store.at(tmp_path / "other")
    assert "is missing or differs" in problems_of(receipts["json"], second_store)[0]
    store = Store.at(tmp_path / "store")
    manifest = tmp_path / "store" / "releases" / "puerto" / "2026.11.1" / "manifest.json"
    data = manifest.read_bytes()
    manifest.write_bytes(data.replace(b'"Cuentos"', b'"Cuentas"'))
    assert problems_of(receipts["html"], store) == ["puerto@2026.11.1: its manifest isn't the one of the receipt"]
    manifest.unlink()
    assert problems_of(receipts["html"], store) == ["puerto@2026.11.1: the version isn't in the store"]


def test_the_command_exits_with_1_for_a_forged_receipt(
    receipts: dict[str, bytes], tmp_path: Path, command_line: CommandLine
) -> None:
    """It exits with 2 if the file is missing or is not a receipt."""
    page = tmp_path / "r.html"
    page.write_bytes(receipts["html"])
    assert command_line("release", "verify-receipt", page).code == 0
    result = command_line("release", "verify-receipt", page, "--store", tmp_path / "store")
    assert (result.code, "listed in the log" in result.out) == (0, True)
    assert "auténtica; --store la compara" in command_line("release", "verify-receipt", page, "--lang", "es").out
    assert "autêntico; --store o compara" in command_line("release", "verify-receipt", page, "--lang", "pt").out
    page.write_bytes(receipts["html"].replace(b"familia", b"familie", 1))
    result = command_line("release", "verify-receipt", page, "--json")
    assert (result.code, result.json["genuine"]) == (1, False)
    page.write_bytes(b"hola")
    assert command_line("release", "verify-receipt", page).code == 2
    assert command_line("release", "verify-receipt", tmp_path / "no.html").code == 2


def test_the_page_is_in_three_languages(receipts: dict[str, bytes]) -> None:
    """It states the request, the versions and the limits, and escapes the words of users."""
    page = receipts["html"].decode()
    for words in (
        "Documentos retirados de puerto: 1.",
        "A versão sem eles é puerto@2026.11.1; a anterior era puerto@2026.11.0.",
        "models trained on them",
        "lo pide &lt;la familia&gt; &amp;",
        'name="viewport"',
        '<th scope="col">documentos<br>documentos<br>documents</th>',
    ):
        assert words in page
    assert "<la familia>" not in page.partition("<script")[0]


def test_a_script_verifies_a_receipt_without_the_package(receipts: dict[str, bytes], tmp_path: Path) -> None:
    """A script of at most a hundred lines of plain Python gives the same result as the command."""
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 100
    assert "latam_corpus" not in source.replace("latam_corpus toolkit", "")
    for kind, data in receipts.items():
        file = tmp_path / f"r.{kind}"
        for written, code in ((data, 0), (data.replace(b"2026.11.0", b"2026.11.9", 1), 1)):
            file.write_bytes(written)
            for more in ((), (str(tmp_path / "store"),)):
                command = [sys.executable, "-I", str(SCRIPT), str(file), *more]
                result = subprocess.run(command, capture_output=True, text=True, check=False)
                assert result.returncode == code, result.stdout + result.stderr


@pytest.mark.parametrize("file", ["0001.json", "0002.json"])
def test_an_edited_log_is_reported_instead_of_the_receipt(
    receipts: dict[str, bytes], tmp_path: Path, file: str
) -> None:
    """Both the script and the command report that the log is damaged."""
    receipt, entry = tmp_path / "r.json", tmp_path / "store" / "withdrawals" / file
    receipt.write_bytes(receipts["json"])
    entry.write_bytes(entry.read_bytes().replace(b"puerto", b"puerta", 1))
    command = [sys.executable, "-I", str(SCRIPT), str(receipt), str(tmp_path / "store")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert checked.stdout.startswith(f"{tmp_path / 'store'}: its log is damaged: {entry}: ")
    assert "not genuine" not in checked.stdout
    with pytest.raises(ReleaseError, match=file):
        problems_of(receipts["json"], Store.at(tmp_path / "store"))


def test_a_repeated_receipt_is_the_same(receipts: dict[str, bytes], tmp_path: Path, document: Any) -> None:
    """No entry is added to the log, and the values are those of the log."""
    store = Store.at(tmp_path / "store")
    done = withdraw(store, WithdrawalRequest.of("puerto", "doc", document(3)["doc_id"], "otra vez"), NOW)
    assert write_receipt_entry(store, done, NOW) == receipts
    assert read_log(store).sequence == 2
    values = json.loads(receipts["json"])
    assert values["versions"] == [
        {"version": "puerto@2026.11.0", "documents": 1, "shards": values["versions"][0]["shards"]}
    ]
