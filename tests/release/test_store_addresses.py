"""A store's address that is wrong, empty or unreachable is an error that names it, never an empty store."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.storing.store import Store
from latam_corpus.storage import remote

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("{here}/nota.txt", "it is a file"),
        ("file://{here}/nota.txt", "it is a file"),
        ("{here}/stroe", "there is no store at this address"),
        ("", "the address is empty"),
        ("s3://", "the address doesn't name a bucket"),
        ("github://a/b", "missing 2 required"),
        ("nada://a/b", "nada"),
    ],
)
def test_a_wrong_address_is_an_error(tmp_path: Path, command_line: CommandLine, address: str, problem: str) -> None:
    """`release list` ends with exit code 2 and names the problem of the address."""
    (tmp_path / "nota.txt").write_text("hola")
    listing = command_line("release", "list", "--store", address.format(here=tmp_path))
    assert (listing.code, problem in listing.err, "Traceback" in listing.err) == (2, True, False), listing.err


def test_a_missing_bucket_is_an_error(object_store: str, command_line: CommandLine) -> None:
    """A misspelt bucket or folder is an error, not an empty store."""
    for address, code, problem in (
        (f"{object_store}-otra/store", 1, "bucket does not exist"),
        (f"{object_store}/otra", 2, "there is no store at this address"),
    ):
        for command in (("list",), ("show", "puerto")):
            result = command_line("release", *command, "--store", address)
            assert (result.code, problem in result.err) == (code, True), result.err


def test_an_unreachable_server_is_an_error(kept_run: Any, document: Any) -> None:
    """Building into or reading from an unreachable server is an error that names it."""
    address = "http://127.0.0.1:1/store"
    with pytest.raises(ReleaseError, match=r"127\.0\.0\.1:1/store"):
        build("puerto", [kept_run("a-1", [document(1)])], address, **TERMS)
    with pytest.raises(ReleaseError, match=r"127\.0\.0\.1"):
        Store.at("ftp://127.0.0.1:1/store")


@pytest.mark.parametrize(("address", "extra"), [("s3://corpus/store", "s3"), ("https://corpus.example/store", "http")])
def test_a_missing_client_names_its_extra(address: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy can be copied into a terminal."""

    def without_client(*_arguments: Any, **_options: Any) -> None:
        raise ImportError

    monkeypatch.setattr(remote, "file_system", without_client)
    with pytest.raises(ConfigError) as raised:
        Store.at(address)
    assert raised.value.remedy == f"pip install 'latam-corpus[{extra}]'"
