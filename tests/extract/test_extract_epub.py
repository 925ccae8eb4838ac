"""An EPUB yields the chapters of its spine, in order, without the parts that the book marks as not being text."""

from __future__ import annotations

import io
import zipfile

import pytest
from written_files import zip_file

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents.epub import extract

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
    'full-path="OEBPS/libro.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_META = (
    "<dc:title>El puerto viejo</dc:title><dc:creator id='a'>Ana Ruiz</dc:creator><dc:creator opf:role='ill'>Luis Paz"
    "</dc:creator><dc:language>es-CL</dc:language><dc:date>1901-05</dc:date><dc:rights>CC BY-SA 4.0</dc:rights>"
    "<dc:identifier>https://libros.example/puerto</dc:identifier>"
)
_CHAPTERS = {
    "tapa.xhtml": "<p>TAPA</p>",
    "Capítulo 1.xhtml": "<h1>I</h1><p>La barca<a epub:type='noteref' href='#n1'>1</a> salió&#160;del <i>puer</i>to.</p>"
    "<p>Palomita blanca,<br/>vidalitá,</p><span epub:type='pagebreak'>12</span><p>pecho colorado.</p>"
    "<aside epub:type='footnote' id='n1'><p>Embarcación menor.</p></aside>",
    "dos.xhtml": "<h1>II</h1><p>Volvió&nbsp;vacía.</p><script>f()</script>",
    "nav.xhtml": "<nav epub:type='toc'><ol><li>I</li></ol></nav>",
}


def _epub(chapters: dict[str, str], more: dict[str, str] | None = None, left_out: str = "") -> bytes:
    items = "".join(
        f'<item id="c{n}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"'
        f"{' properties=' + chr(34) + 'nav' + chr(34) if name == 'nav.xhtml' else ''}/>"
        for n, name in enumerate(chapters)
    )
    spine = "".join(
        f'<itemref idref="c{n}"{" linear=" + chr(34) + "no" + chr(34) if name == "tapa.xhtml" else ""}/>'
        for n, name in enumerate(chapters)
    )
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:opf="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{_META}</metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": _CONTAINER, "OEBPS/libro.opf": opf}
    for name, body in chapters.items():
        if name != left_out:
            page = f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>T</title></head><body>{body}</body></html>'
            members[f"OEBPS/{name}"] = f"<!DOCTYPE html>{page}"
    return zip_file(members | (more or {}))


def test_chapters_come_in_the_order_of_the_spine() -> None:
    """The cover, contents, notes with their marks, and page numbers are left out; words and verses are whole."""
    extracted = extract(_epub(_CHAPTERS), {})
    assert extracted.text == (
        "I\n\nLa barca salió del puerto.\n\nPalomita blanca,\nvidalitá,\n\npecho colorado.\n\nII\n\nVolvió vacía."
    )


def test_the_package_describes_the_book() -> None:
    """Title, author (not the illustrator), language, date, address and rights are read from the package."""
    extracted = extract(_epub(_CHAPTERS), {})
    assert (extracted.title, extracted.creators) == ("El puerto viejo", ("Ana Ruiz",))
    assert (extracted.published, extracted.declared_language) == ("1901-05", "es-CL")
    assert (extracted.url, extracted.licences) == ("https://libros.example/puerto", ("CC BY-SA 4.0",))


def test_a_book_without_a_chapter_is_refused() -> None:
    """A book with a missing page is refused, and the page is named."""
    with pytest.raises(UnusableError, match=r"dos\.xhtml") as caught:
        extract(_epub(_CHAPTERS, left_out="dos.xhtml"), {})
    assert caught.value.cause == "damaged file"


def test_an_encrypted_book_is_refused_but_not_obfuscated_fonts() -> None:
    """A book under DRM is refused; obfuscated fonts don't matter."""
    name = "META-INF/encryption.xml"
    block = "<encryption xmlns='urn:x'><EncryptedData><EncryptionMethod Algorithm='{}'/></EncryptedData></encryption>"
    fonts = extract(_epub(_CHAPTERS, {name: block.format("http://www.idpf.org/2008/embedding")}), {})
    assert fonts.text.startswith("I\n")
    with pytest.raises(UnusableError) as caught:
        extract(_epub(_CHAPTERS, {name: block.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc")}), {})
    assert caught.value.cause == "encrypted"


def test_malformed_pages_are_parsed_as_browsers_do() -> None:
    """An unclosed element loses no sentence."""
    assert extract(_epub({"a.xhtml": "<p>Una<br>dos<p>Tres &copy; cuatro"}), {}).text == "Una\ndos\n\nTres © cuatro"


def test_preformatted_verses_keep_their_lines() -> None:
    """In a `<pre>` lines are kept and an empty one separates stanzas; elsewhere a line end is a space."""
    body = "<p>Dice\nasí:</p><pre>\nPalomita <i>blanca,\nvida</i>litá,\n\npecho colorado;</pre><p>Fin.</p>"
    text = extract(_epub({"uno.xhtml": body}), {}).text
    assert text == "Dice así:\n\nPalomita blanca,\nvidalitá,\n\npecho colorado;\n\nFin."


def test_an_unsupported_page_is_noted_or_read_from_its_fallback() -> None:
    """A drawing is left out with a note, unless the book names a fallback page."""
    raw = _epub({"uno.xhtml": "<p>Uno.</p>", "mapa.svg": "<p>x</p>", "dos.xhtml": "<p>Dos.</p>"})

    def edited(more: bytes) -> bytes:
        held = io.BytesIO()
        svg = b'href="mapa.svg" media-type="application/xhtml+xml"'
        with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(held, "w") as target:
            for info in source.infolist():
                data = source.read(info).replace(svg, b'href="mapa.svg" media-type="image/svg+xml"' + more)
                target.writestr(info, data)
        return held.getvalue()

    extracted = extract(edited(b""), {})
    assert (extracted.text, extracted.notes) == ("Uno.\n\nDos.", ("pages left out: mapa.svg",))
    extracted = extract(edited(b' fallback="c2"'), {})
    assert (extracted.text, extracted.notes) == ("Uno.\n\nDos.\n\nDos.", ())


@pytest.mark.parametrize(
    "layout",
    [
        "<p><b>{name}:</b> {said}</p>",
        "<p><b>{name}</b><span>\xa0\xa0\xa0\xa0 </span>{said}</p>",
        "<table><tr><td>{name}</td><td>{said}</td></tr></table>",
        "<table><tr><td><p>00:01</p></td><td><p>{name}</p></td><td><p>{said}</p></td></tr></table>",
    ],
)
def test_an_interview_in_a_book_has_turns(layout: str) -> None:
    """Speakers are recognised by labels with a colon or a tab, and in the cells of a table."""
    utterances = [
        ("Rosa", "¿Dónde nació usted?"),
        ("Juana", "En el puerto, señora."),
        ("Rosa", "¿Y su madre de usted?"),
    ] * 2
    body = "".join(layout.format(name=name, said=words) for name, words in utterances)
    extracted = extract(_epub({"uno.xhtml": body}), {})
    assert [turn.speaker for turn in extracted.turns] == [name for name, _ in utterances]
    assert extracted.text == "\n".join(f"{name}: {words}" for name, words in utterances)
