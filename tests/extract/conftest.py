"""Documents written by other programs."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# LibreOffice's export filters by suffix.
_FILTERS = {
    "docx": "MS Word 2007 XML",
    "odt": "writer8",
    "fodt": "OpenDocument Text Flat XML",
    "rtf": "Rich Text Format",
    "doc": "MS Word 97",
    "pdf": "writer_pdf_Export",
}


class Office(Protocol):
    """A writer of documents in the format of a word processor."""

    def __call__(self, body: str, suffix: str, origin: str = "html") -> bytes:
        """Return the document with this HTML as its body, or this whole file from elsewhere, saved under a suffix."""


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Return LibreOffice, which converts HTML to the format; without it the test is skipped."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice isn't installed")
    profile = tmp_path_factory.mktemp("libreoffice")

    def save(body: str, suffix: str, origin: str = "html") -> bytes:
        folder: Path = tmp_path_factory.mktemp("document")
        page = folder / f"texto.{origin}"
        whole = f'<html><head><meta charset="utf-8"></head><body>{body}</body></html>' if origin == "html" else body
        page.write_text(whole, encoding="utf-8")
        command = [program, f"-env:UserInstallation=file://{profile}", "--headless", "--norestore"]
        command += ["--infilter=HTML (StarWriter)"] if origin == "html" else []
        command += ["--convert-to", f"{suffix}:{_FILTERS[suffix]}", "--outdir", str(folder), str(page)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return (folder / f"texto.{suffix}").read_bytes()

    return save
