"""Bilingual and annotated material yields one document per language, aligned by segment, without glosses."""

from __future__ import annotations

import pytest

from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.interviews import flex, tmx, toolbox

_TMX = """<?xml version="1.0" encoding="utf-16"?>
<tmx version="1.4"><header srclang="es-PE" segtype="sentence" o-tmf="x" adminlang="en"/><body>
<tu><tuv xml:lang="quz"><seg>Allillanchu</seg></tuv><tuv xml:lang="es-PE"><seg>¿<bpt i="1">&lt;b></bpt>Cómo<ept i="1"/>
 está?</seg></tuv></tu>
<tu><tuv xml:lang="ES-pe"><seg>Solo aquí.</seg></tuv></tu>
<tu><prop type="x">nota</prop><tuv xml:lang="es-PE"><note>de Ana</note><seg>El <hi>río</hi> baja.</seg></tuv>
<tuv xml:lang="quz"><seg>Mayu uraykun.</seg></tuv><tuv xml:lang="quz"><seg>Otra vez.</seg></tuv></tu></body></tmx>"""
_FLEX = """<document version="2"><interlinear-text><item type="title" lang="es">La chacra</item><paragraphs><paragraph>
<phrases><phrase speaker="Rosa" begin-time-offset="1500" end-time-offset="4000"><item type="segnum" lang="en">1</item>
<words><word><item type="punct" lang="quz">¿</item></word><word><item type="txt" lang="quz">Maypi</item>
<item type="txt" lang="quz-fonipa">majpi</item><morphemes><morph><item type="txt" lang="quz">may</item>
<item type="gls" lang="es">dónde</item></morph></morphemes><item type="gls" lang="es">dónde-LOC</item></word>
<word><item type="txt" lang="quz">tiyan</item></word><word><item type="punct" lang="quz">?</item></word></words>
<item type="gls" lang="es">¿Dónde vive?</item><item type="lit" lang="es">¿Dónde-en se sienta?</item>
<item type="note" lang="es">preguntar</item></phrase>
<phrase><words><word><item type="txt" lang="quz">Chakrapi</item></word></words></phrase></phrases>
</paragraph></paragraphs></interlinear-text></document>"""
_TOOLBOX = """\\_sh v3.0  400  Text

\\id 001
\\ti La chacra
\\ref 001.1
\\ELANBegin 1.500
\\ELANEnd 4.000
\\ELANParticipant Rosa
\\tx maypi  tiyan
\\mb may -pi  tiya -n
\\ge dónde -LOC vivir -3
\\tx taytayki
\\ps pro -suf v -suf
\\fs ¿Dónde vive
tu padre?
\\nt preguntar

\\ref 001.2
\\tx chakrapi
\\ft In the field.
"""


def _pairs(document: Extracted, version: int = 0) -> list[tuple[str, str]]:
    """Return the lines of both documents that share a segment."""
    turns_by_segment = {turn.segment: turn for turn in document.versions[version].turns}

    def line(text: str, offset: int) -> str:
        return text[offset:].partition("\n")[0]

    return [
        (line(document.text, turn.offset), line(document.versions[version].text, turns_by_segment[turn.segment].offset))
        for turn in document.turns
        if turn.segment in turns_by_segment
    ]


def test_a_translation_memory_is_a_document_a_language() -> None:
    """Codes of other programs are left out; of two versions the first counts, and a note reports that."""
    document = tmx.extract(_TMX.encode("utf-16"), {})
    assert (document.declared_language, document.versions[0].declared_language) == ("es-PE", "quz")
    assert document.text == "¿Cómo está?\nSolo aquí.\nEl río baja."
    assert document.versions[0].text == "Allillanchu\nMayu uraykun."
    assert _pairs(document) == [("¿Cómo está?", "Allillanchu"), ("El río baja.", "Mayu uraykun.")]
    assert document.notes == (tmx.SEVERAL,)
    assert document.versions[0].composition == "translation"


def test_interlinear_text_yields_words_and_free_translations() -> None:
    """Words and free translations are read; glosses, literal translations, notes and other scripts are left out."""
    document = flex.extract(_FLEX.encode(), {})
    assert document.text == "Rosa: ¿Maypi tiyan?\nChakrapi"
    assert [(version.declared_language, version.text) for version in document.versions] == [
        ("es", "Rosa: ¿Dónde vive?")
    ]
    assert (document.title, document.declared_language) == ("La chacra", "quz")
    assert (document.turns[0].speaker, document.turns[0].start, document.turns[0].end) == ("Rosa", 1.5, 4.0)
    assert _pairs(document) == [("Rosa: ¿Maypi tiyan?", "Rosa: ¿Dónde vive?")]


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_toolbox_segments_are_joined_and_translations_separate(charset: str) -> None:
    """The lines of a Toolbox segment are joined, and each language of free translations is a document."""
    document = toolbox.extract(_TOOLBOX.replace("\n", "\r\n").encode(charset), {})
    assert document.text == "Rosa: maypi tiyan taytayki\nchakrapi"
    assert [(version.declared_language, version.text) for version in document.versions] == [
        ("spa", "Rosa: ¿Dónde vive tu padre?"),
        (None, "In the field."),
    ]
    assert (document.title, document.turns[0].end) == ("La chacra", 4.0)
    assert _pairs(document, 1) == [("chakrapi", "In the field.")]


@pytest.mark.parametrize(
    ("extract", "raw", "cause"),
    [
        (tmx.extract, b"<tmx><body/></tmx>", "no text"),
        (tmx.extract, b"<tmx><body><tu>", "not XML"),
        (tmx.extract, b"<tm/>", "not a transcript"),
        (flex.extract, b"<document/>", "not a transcript"),
        (flex.extract, b"<document><interlinear-text><phrase/></interlinear-text></document>", "no text"),
        (toolbox.extract, b"\\ref 1\n\\ge casa\n", "not a transcript"),
        (toolbox.extract, b"\\ref 1\n\\tx \n\\fs Casa.\n", "not a transcript"),
    ],
)
def test_a_file_without_segments_is_refused(extract: object, raw: bytes, cause: str) -> None:
    """A file with only glosses or translations is refused."""
    assert callable(extract)
    with pytest.raises(UnusableError) as caught:
        extract(raw, {})
    assert caught.value.cause == cause
