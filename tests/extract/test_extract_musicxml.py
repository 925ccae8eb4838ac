"""The sung words of a score become stanzas."""

from __future__ import annotations

import pytest
from written_files import zip_file

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.songs import musicxml

_SUNG = (
    (("Sa", "begin"), ("lió", "end"), ("la", "single"), ("bar", "begin"), ("ca,", "end")),
    (("Ba", "begin"), ("jó", "end"), ("el", "single"), ("río", "single"), ("a", "single")),
)


def _lyric(number: int, text: str, syllabic: str, end: str = "") -> str:
    return f'<lyric number="{number}"><syllabic>{syllabic}</syllabic><text>{text}</text>{end}</lyric>'


def _part(name: str, lines: bool = False) -> str:
    notes = ""
    for place in range(len(_SUNG[0])):
        end = "<end-line/>" if lines and place == 2 else ""
        notes += "<note>" + "".join(_lyric(n, *verse[place], end) for n, verse in enumerate(_SUNG, 1)) + "</note>"
    elided = "<syllabic>single</syllabic><text>fue</text><elision> </elision><syllabic>single</syllabic><text>al</text>"
    notes += f'<note><lyric number="1">{elided}</lyric>{_lyric(2, "la", "single")}</note>'
    notes += "<note>" + _lyric(1, "Norte.", "single") + _lyric(2, "mar.", "single") + "</note><note><rest/></note>"
    return f'<part id="{name}"><measure number="1">{notes}</measure></part>'


def _score(parts: str, about: str = "") -> bytes:
    head = '<?xml version="1.0"?><!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "x.dtd">'
    return f'{head}<score-partwise version="4.0">{about}{parts}</score-partwise>'.encode()


_ABOUT = (
    "<work><work-title>La barca</work-title></work><identification><creator type='composer'>Luis Ríos</creator>"
    "<creator type='lyricist'>Ana Paz</creator><rights>CC BY 4.0</rights></identification>"
)


def test_a_verse_is_a_stanza() -> None:
    """Syllables are joined, an elision separates two words, and a second voice with the same words is left out."""
    document = musicxml.extract(_score(_part("P1", lines=True) + _part("P2", lines=True), _ABOUT), {})
    assert document.text == "Salió la\nbarca, fue al Norte.\n\nBajó el\nrío a la mar."
    assert (document.title, document.creators, document.licences) == ("La barca", ("Ana Paz",), ("CC BY 4.0",))


def test_without_marked_lines_they_begin_with_a_capital_after_a_stop() -> None:
    """Without marked lines, a capital after a stop begins a line, but a name within a line doesn't."""
    assert musicxml.extract(_score(_part("P1")), {}).text.split("\n\n")[0] == "Salió la barca, fue al Norte."
    sung = [("La", "single"), ("luna,", "single"), ("El", "single"), ("sol.", "single")]
    notes = "".join(f"<note>{_lyric(1, *syllable)}</note>" for syllable in sung)
    score = _score(f'<part id="P1"><measure>{notes}</measure></part>')
    assert musicxml.extract(score, {}).text == "La luna,\nEl sol."


def test_verses_in_two_languages_are_two_documents() -> None:
    """Verses in two languages become two documents, by the languages that the score states."""
    about = '<defaults><lyric-language number="1" xml:lang="es"/><lyric-language number="2" xml:lang="qu"/></defaults>'
    document = musicxml.extract(_score(_part("P1"), about), {})
    assert (document.declared_language, document.versions[0].declared_language) == ("es", "qu")
    assert document.versions[0].text == "Bajó el río a la mar."


def test_a_compressed_score_is_read_as_its_container_says() -> None:
    """The score that the container names is read; other members, such as pictures, are ignored."""
    container = '<container><rootfiles><rootfile full-path="a/obra.xml"/></rootfiles></container>'
    members: dict[str, str | bytes] = {
        "META-INF/container.xml": container,
        "a/obra.xml": _score(_part("P1")),
        "../../x": "no",
    }
    assert musicxml.extract(zip_file(members), {}).text.startswith("Salió")


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (_score('<part id="P1"><measure><note><rest/></note></measure></part>'), "no text"),
        (b"<score-partwise>", "not XML"),
        (b"<obra/>", "not XML"),
        (b"PK\x03\x04....", "damaged file"),
    ],
)
def test_a_score_without_words_is_refused(raw: bytes, cause: str) -> None:
    """An instrumental piece is refused."""
    with pytest.raises(UnusableError) as caught:
        musicxml.extract(raw, {})
    assert caught.value.cause == cause
