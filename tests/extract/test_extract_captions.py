"""Subtitles and timed lyrics become sentences and verses; the libraries srt and webvtt-py write the files."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import srt
import webvtt

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.interviews.captions import BLANK_LINES, BROKEN_TIMES, OUT_OF_ORDER, extract
from latam_corpus.extract.songs.lrc import extract as extract_lrc
from latam_corpus.formats.sniff import sniffed

if TYPE_CHECKING:
    from collections.abc import Sequence

_CUES = (
    (1.0, 3.0, "La barca salió\ndel puerto antes"),
    (3.1, 5.0, "del alba. Volvió"),
    (5.1, 6.0, "<i>vacía</i>."),
    (6.5, 8.0, "- ¿Quién vive?\n- Un vecino."),
    (20.0, 21.0, "♪ Palomita blanca,\nvidalitá ♪"),
)
_TEXT = "La barca salió del puerto antes del alba. Volvió vacía.\n¿Quién vive?\nUn vecino.\nPalomita blanca,\nvidalitá"


def _srt(cues: Sequence[tuple[float, float, str]]) -> bytes:
    subtitles = [
        srt.Subtitle(n, timedelta(seconds=start), timedelta(seconds=end), text)
        for n, (start, end, text) in enumerate(cues, 1)
    ]
    return str(srt.compose(subtitles, reindex=False)).encode()


def _vtt(cues: Sequence[tuple[str, str, str]]) -> bytes:
    captions = webvtt.WebVTT()
    for start, end, text in cues:
        captions.captions.append(webvtt.Caption(start, end, text))
    held = io.StringIO()
    captions.write(held)
    return held.getvalue().encode()


def test_cues_are_joined_into_sentences() -> None:
    """A sentence continues through cues; speeches after dashes and verses have lines of their own."""
    extracted = extract(_srt(_CUES), {})
    assert extracted.text == _TEXT
    assert [(turn.start, turn.end) for turn in extracted.turns] == [
        (1.0, 6.0), (6.5, 8.0), (6.5, 8.0), (20.0, 21.0), (20.0, 21.0),
    ]  # fmt: skip
    assert [extracted.text[turn.offset :].split("\n")[0] for turn in extracted.turns] == extracted.text.split("\n")


def test_old_files_are_read_as_they_are() -> None:
    """Windows-1252, its line ends, commas or points in times, and cues without numbers or blank lines are read."""
    raw = b"1\r\n00:00:01,000 --> 00:00:02,000\r\nMa\xf1ana ser\xe1\r\n2\r\n0:00:02.1 --> 0:00:03.0\r\notro d\xeda.\r\n"
    assert extract(raw, {}).text == "Mañana será otro día."


def test_a_voice_becomes_the_speaker() -> None:
    """WebVTT voices become speakers; notes and styles are left out."""
    raw = _vtt(
        [
            ("00:00:01.000", "00:00:02.000", "<v Rosa Ruiz>Nací en el puerto."),
            ("00:00:02.000", "00:00:03.000", "<v.e Juana>¿En qué casa?</v>"),
        ]
    ).replace(b"WEBVTT\n", b"WEBVTT - t\n\nSTYLE\n::cue { color: red }\n\nNOTE\nrevisado &amp; visto\n", 1)
    assert extract(raw, {}).text == "Rosa Ruiz: Nací en el puerto.\nJuana: ¿En qué casa?"


def test_each_voice_of_a_line_has_its_words() -> None:
    """A cue without a voice has no speaker."""
    raw = _vtt(
        [
            ("00:00:01.000", "00:00:02.000", "<v Ana>¿Y sus padres</v> <v Rosa>Mis padres eran</v>"),
            ("00:00:02.000", "00:00:03.000", "de Lares"),
        ]
    )
    assert extract(raw, {}).text == "Ana: ¿Y sus padres\nRosa: Mis padres eran\nde Lares"


def _lines(*cues: str) -> list[str]:
    return extract(_srt([(2.0 * n, 2.0 * n + 1.9, words) for n, words in enumerate(cues)]), {}).text.split("\n")


def test_a_label_begins_a_line_and_names_its_speaker() -> None:
    """Labels in capitals, or repeated ones, name speakers; in a conversation a speaker continues up to the next one."""
    talk = (
        "P: Cuénteme de su infancia",
        "R: Bueno yo nací",
        "en Calca. Era frío.",
        "Había nieve.",
        "P: Y luego",
        "R: Sí",
    )
    assert _lines(*talk) == [
        "P: Cuénteme de su infancia", "R: Bueno yo nací en Calca. Era frío.", "R: Había nieve.", "P: Y luego", "R: Sí",
    ]  # fmt: skip
    assert _lines("ROSA: Ven", "acá.", "Ya voy.", "[ríe]\nROSA: Hola") == [
        "ROSA: Ven acá.",
        "Ya voy.",
        "[ríe]",
        "ROSA: Hola",
    ]
    assert _lines("ROSA:", "Ven", "acá.") == ["ROSA: Ven acá."]
    extracted = extract(_srt([(1.0, 2.0, "ROSA: Ven.\nLUIS: No")]), {})
    assert [turn.speaker for turn in extracted.turns] == ["ROSA", "LUIS"]


def test_headlines_are_not_labels() -> None:
    """Headlines are not labels, even if everything is in capitals."""
    shouted = ("EL MINISTRO FUE CLARO: NO HAY DINERO.", "LA GENTE SALIÓ A LA CALLE.", "EL PUERTO CERRÓ.")
    assert _lines(*shouted) == [*shouted]
    assert _lines("ONU: cumbre de ayer.", "La sesión empezó tarde.", "OEA: otra reunión.", "Nadie vino.") == [
        "ONU: cumbre de ayer.", "La sesión empezó tarde.", "OEA: otra reunión.", "Nadie vino.",
    ]  # fmt: skip


def test_words_before_a_quotation_are_not_a_label() -> None:
    """Words before a quotation are not a label, even if they are repeated."""
    sentences = ("Y yo dije: vamos.", "Y fuimos.", *(f"Pasó el día {n}." for n in range(6)), "Y yo dije: basta.")
    extracted = extract(_srt([(2.0 * n, 2.0 * n + 1.9, words) for n, words in enumerate(sentences)]), {})
    assert (extracted.text.split("\n"), {turn.speaker for turn in extracted.turns}) == ([*sentences], {None})


def test_a_change_of_speaker_begins_a_line() -> None:
    """`>>` begins a line, also within a line, with or without a label after it."""
    assert _lines(">> Cuénteme", ">> Yo nací", "en Calca &gt;&gt; Ya", ">> ROSA: Eso") == [
        "Cuénteme", "Yo nací en Calca", "Ya", "ROSA: Eso",
    ]  # fmt: skip


def test_rolling_captions_are_taken_once() -> None:
    """Lines repeated by rolling captions are read once; repeated words elsewhere are kept."""
    rolling = _vtt(
        [
            ("00:00:01.000", "00:00:03.000", "la barca salió"),
            ("00:00:03.000", "00:00:03.010", "la barca salió"),
            ("00:00:03.010", "00:00:05.000", "la barca salió\ndel<00:00:04.000><c> puerto</c>"),
            ("00:00:05.000", "00:00:05.010", "del puerto"),
            ("00:00:05.010", "00:00:07.000", "del puerto\nantes del alba"),
        ]
    )
    assert extract(rolling, {}).text == "la barca salió del puerto antes del alba"
    repeated = [
        (1.0, 2.0, "No."),
        (2.0, 3.0, "No."),
        (3.0, 4.0, "Ya te dije."),
        (4.0, 5.0, "Sí."),
        (5.0, 6.0, "Bueno."),
    ]
    assert extract(_srt(repeated), {}).text == "No.\nNo.\nYa te dije.\nSí.\nBueno."


def test_cues_out_of_order_are_sorted_with_a_note() -> None:
    """Cues are sorted by time; a note reports that, and unreadable times."""
    extracted = extract(
        _srt([(5.0, 6.0, "Después."), (1.0, 2.0, "Antes.")]) + b"\n3\n00:xx --> 00:00:09,000\nNada.\n", {}
    )
    assert extracted.text == "Antes.\nNada.\nDespués."
    assert {*extracted.notes} >= {OUT_OF_ORDER, BROKEN_TIMES}


def test_a_blank_line_in_a_cue_loses_no_words() -> None:
    """Words below a blank line in a cue are not mistaken for the next cue's number, unless the cue is empty."""
    times = "00:00:01,000 --> 00:00:02,000"
    raw = f"1\n{times}\nHola,\n\nvecina.\n\n2\n{times}\n¿Qué tal?\n".encode()
    extracted = extract(raw, {})
    assert (extracted.text, extracted.notes) == ("Hola, vecina.\n¿Qué tal?", (BLANK_LINES,))
    empty = b"1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:02,000 --> 00:00:03,000\nHola.\n"
    assert (extract(empty, {}).text, extract(empty, {}).notes) == ("Hola.", ())


def _both(words: str) -> list[str]:
    """Return the texts of a cue with these words, and of one before it, from SRT and WebVTT."""
    cues = ((1.0, 2.0, "Escuche."), (2.0, 3.0, words))
    named = (("00:00:01.000", "00:00:02.000", "Escuche."), ("00:00:02.000", "00:00:03.000", words))
    return [extract(raw, {}).text for raw in (_srt(cues), _vtt(named))]


@pytest.mark.parametrize("words", ["NOTE usted lo que pasó.", "REGION METROPOLITANA.", "STYLE", "NOTE", "REGION"])
def test_a_cue_that_begins_like_a_note_is_kept(words: str) -> None:
    """In WebVTT, only the first line of a block makes it a note or a region; SRT has neither."""
    assert _both(words) == [f"Escuche.\n{words}"] * 2
    assert _both(f"Aquí:\n{words}") == [f"Escuche.\nAquí: {words}"] * 2
    paragraphs = _srt([(1.0, 2.0, f"Escuche.\n\n{words}")])
    assert extract(paragraphs, {}).text == f"Escuche.\n{words}"


def test_notes_between_webvtt_cues_are_dropped() -> None:
    """A note ends at an empty line or a time; a cue may be named NOTE."""
    cue = "00:0{0}.000 --> 00:0{0}.900\n"
    raw = (
        f"WEBVTT\n\nNOTE\n{cue.format(1)}Uno.\n\nNOTE\ncambiar\nesto\n\nsegundo\n{cue.format(2)}Dos.\n\n"
        f"NOTE revisado\notra vez\n{cue.format(3)}Tres.\n\nSTYLE\n::cue {{ color: red }}\n\n{cue.format(4)}Cuatro.\n"
    )
    assert extract(raw.encode(), {}).text == "Uno.\nDos.\nTres.\nCuatro."


def test_times_are_read_as_programs_write_them() -> None:
    """Times without milliseconds, with microseconds, or with the spaces and arrows of translation programs are read."""
    raw = (
        "1\n00:00:01 --> 00:00:02\nUno.\n\n2\n00:00:02,000 --> 00:00:03\nDos.\n\n"
        "3\n00:00:03,250000 --> 00:00:04,5\nTres.\n\n4\n00: 00: 05, 000 -> 00: 00: 06, 000\nCuatro.\n"
    )
    extracted = extract(raw.encode(), {})
    assert (extracted.text, extracted.notes) == ("Uno.\nDos.\nTres.\nCuatro.", ())
    assert [(turn.start, turn.end) for turn in extracted.turns] == [(1.0, 2.0), (2.0, 3.0), (3.25, 4.5), (5.0, 6.0)]
    assert sniffed(raw.encode()) == "text/vtt"


def test_words_below_a_broken_first_time_are_kept() -> None:
    """Words below unreadable first times belong to the first cue with readable ones."""
    raw = b"1\n00:0x --> 00:00:02,000\nAntes.\n\n2\n00:00:03,000 --> 00:00:04,000\nDespues.\n"
    extracted = extract(raw, {})
    assert (extracted.text, BROKEN_TIMES in extracted.notes) == ("Antes.\nDespues.", True)


def test_a_paragraph_above_a_cue_without_a_number_is_kept() -> None:
    """In SRT, which has no names of cues, a paragraph that isn't a number is text."""
    raw = "1\n00:00:01,000 --> 00:00:02,000\nHola,\n\nvecina.\n00:00:03,000 --> 00:00:04,000\nPase.\n"
    assert extract(raw.encode(), {}).text == "Hola, vecina.\nPase."


def test_a_refused_file_names_the_line() -> None:
    """The error quotes the first unreadable time."""
    with pytest.raises(UnusableError, match="line 2 has a time that can't be read: «00:00:01;5 --> 00:00:02;5»"):
        extract(b"1\n00:00:01;5 --> 00:00:02;5\nHola.\n", {})


def test_a_file_without_cues_is_refused() -> None:
    """A file with only a header is refused."""
    with pytest.raises(UnusableError) as caught:
        extract(b"WEBVTT\n\nHola.\n", {})
    assert caught.value.cause == "not a transcript"


def test_a_song_keeps_its_stanzas_and_loses_its_times() -> None:
    """A refrain with several times is repeated, and tags become metadata."""
    raw = (
        "[ti:La vidalita]\n[ar:Grupo]\n[au:Anónimo]\n[00:01.00]Palomita blanca,\n"
        "[00:02.00] <00:02.00>vida<00:02.30>litá,\n"
        "[00:03.00]\n[00:04.00][00:07.00]pecho colorado;\n[00:05.5]\n[00:06:20]llévale a mi amante\n"
    )
    extracted = extract_lrc(raw.encode("utf-16"), {})
    assert extracted.text == "Palomita blanca,\nvida litá,\n\npecho colorado;\n\nllévale a mi amante\npecho colorado;"
    assert (extracted.title, extracted.creators) == ("La vidalita", ("Anónimo",))


def test_lines_of_verse_captions_are_kept() -> None:
    """Captions keep their lines if the source says that they are verse."""
    first = "1\n00:00:01,000 --> 00:00:03,000\nPalomita blanca\nque vuelas lejos\n\n"
    cues = f"{first}2\n00:00:03,100 --> 00:00:05,000\ndel mar\n"
    assert extract(cues.encode(), {"form": "verse"}).text == "Palomita blanca\nque vuelas lejos\ndel mar"
    assert extract(cues.encode(), {}).text == "Palomita blanca que vuelas lejos del mar"
