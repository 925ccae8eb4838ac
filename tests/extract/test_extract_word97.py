"""Word 97 documents are read through LibreOffice if the recipe enables it, and run nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import word97
from latam_corpus.messages import known

if TYPE_CHECKING:
    from extract.conftest import Office

_YES = {"libreoffice": "yes"}


def test_the_text_of_a_word97_document_is_read(office: Office) -> None:
    """The text of a document saved by LibreOffice in the old format is read."""
    raw = office("<p>Nació en el puerto, como su madre.</p><p>—¿Y después?</p>", "doc")
    assert raw.startswith(b"\xd0\xcf\x11\xe0")
    document = word97.extract(raw, _YES)
    assert (document.text, document.extractor) == ("Nació en el puerto, como su madre.\n—¿Y después?", word97.EXTRACTOR)


def test_a_damaged_word97_document_is_refused(office: Office) -> None:
    """A truncated document, and a file of another format, are refused."""
    raw = office("<p>Nació en el puerto.</p>", "doc")
    with pytest.raises(UnusableError) as caught:
        word97.extract(raw[:700], _YES)
    assert caught.value.cause in ("damaged file", "no text")


def test_without_the_option_the_remedy_names_it() -> None:
    """Without the option, LibreOffice isn't started, and the remedy names the option."""
    with pytest.raises(UnusableError, match="libreoffice = true") as caught:
        word97.extract(b"\xd0\xcf\x11\xe0", {})
    assert caught.value.cause == "no extractor"
    assert known(caught.value.problem).translate("es") == "es un documento de Word 97-2003 (.doc)"
    assert "DOCX, ODT o texto" in known(caught.value.remedy).translate("es")
