"""Interviews of all formats yield one line per turn, `Speaker: …`; pympi and pylangacq are the references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl
import pylangacq
import pympi
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import plain
from latam_corpus.extract.interviews import avenue, chat, conllu, elan
from latam_corpus.extract.interviews.interview import turns_of
from latam_corpus.extract.stage import Extract
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.privacy.redact import Redact

if TYPE_CHECKING:
    from pathlib import Path

_TURNS = (
    ("Juana", 0, 2000, "¿Dónde nació usted?"),
    ("Rosa", 2100, 6000, "En el puerto viejo."),
    ("Juana", 6100, 7000, "¿Y su madre?"),
    ("Rosa", 7100, 9000, "También, en la misma casa."),
)


def _eaf(path: Path, *, times: bool = True) -> bytes:
    transcript = pympi.Elan.Eaf(author="Ana Ruiz")
    transcript.add_linguistic_type("ref", "Symbolic_Association", timealignable=False)
    for who in ("Juana", "Rosa"):
        transcript.add_tier(f"tx@{who}", part=who)
        for number, (speaker, start, end, words) in enumerate(_TURNS):
            if speaker == who:
                transcript.add_annotation(f"tx@{who}", start, end, words)
                if number == 0:
                    transcript.add_tier("ft@Juana", ling="ref", parent="tx@Juana")
                    transcript.add_tier("ge@Juana", ling="ref", parent="tx@Juana")
    transcript.add_ref_annotation("ft@Juana", "tx@Juana", 1000, "Where were you born?")
    transcript.add_ref_annotation("ft@Juana", "tx@Juana", 6500, "And your mother?")
    transcript.add_ref_annotation("ge@Juana", "tx@Juana", 1000, "donde nacer-3SG usted")
    transcript.to_file(str(path))
    written = path.read_bytes()
    return written if times else re.sub(rb' TIME_VALUE="\d+"', b"", written)


def test_elan_gives_a_turn_a_line_in_the_order_of_time(tmp_path: Path) -> None:
    """Tiers of two participants become one conversation; glosses are left out."""
    extracted = elan.extract(_eaf(tmp_path / "a.eaf"), {})
    assert extracted.text == "\n".join(f"{speaker}: {words}" for speaker, _, _, words in _TURNS)
    assert [(turn.speaker, turn.start, turn.end) for turn in extracted.turns] == [
        (speaker, start / 1000, end / 1000) for speaker, start, end, _ in _TURNS
    ]


def test_a_translation_is_a_document_of_its_own(tmp_path: Path) -> None:
    """The segments of a translation have the numbers of the originals; glosses are left out."""
    extracted = elan.extract(_eaf(tmp_path / "a.eaf"), {})
    (translation,) = extracted.versions
    assert translation.text == "Juana: Where were you born?\nJuana: And your mother?"
    assert ([turn.segment for turn in translation.turns], translation.composition) == ([0, 2], "translation")


def test_elan_without_times_keeps_the_words(tmp_path: Path) -> None:
    """Segments without times are in the file's order, and a note reports that."""
    extracted = elan.extract(_eaf(tmp_path / "a.eaf", times=False), {})
    assert sorted(extracted.text.split("\n")) == sorted(f"{speaker}: {words}" for speaker, _, _, words in _TURNS)
    assert extracted.notes == (elan.NO_TIMES,)


def _eaf_with_slots(path: Path, *, timed: tuple[int, ...], last_first: bool = False) -> bytes:
    """Return a file of six consecutive segments, of which only these have times."""
    transcript = pympi.Elan.Eaf(author="Ana Ruiz")
    for who in ("Juana", "Rosa"):
        transcript.add_tier(f"tx@{who}", part=who)
    numbers = [6, 1, 2, 3, 4, 5] if last_first else [1, 2, 3, 4, 5, 6]
    for number in numbers:
        transcript.add_annotation(
            "tx@Rosa" if number % 3 else "tx@Juana", 1000 * number, 1000 * number + 900, f"Parte {number}."
        )
    for slot, time in transcript.timeslots.items():
        if time // 1000 not in timed:
            transcript.timeslots[slot] = None
    transcript.to_file(str(path))
    return path.read_bytes()


@pytest.mark.parametrize("timed", [(1, 4), (), (2, 6), (1, 2, 3, 4, 5, 6)])
def test_segments_without_times_keep_their_place(tmp_path: Path, timed: tuple[int, ...]) -> None:
    """Segments without times are placed by the order of time slots, and have no time."""
    extracted = elan.extract(_eaf_with_slots(tmp_path / "a.eaf", timed=timed), {})
    assert [line.split()[-1] for line in extracted.text.split("\n")] == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert [turn.start for turn in extracted.turns] == [float(n) if n in timed else None for n in range(1, 7)]


def test_segments_without_times_follow_their_tier_if_slots_are_unsorted(tmp_path: Path) -> None:
    """If slots aren't in order of time, a segment without times follows the previous one in its tier."""
    extracted = elan.extract(_eaf_with_slots(tmp_path / "a.eaf", timed=(1, 2, 3, 6), last_first=True), {})
    assert [line.split()[-1] for line in extracted.text.split("\n")] == ["1.", "2.", "4.", "5.", "3.", "6."]


_CHAT = """@UTF8
@Begin
@Languages:\tspa
@Participants:\tINV Juana Investigator, ROS Rosa Adult
@ID:\tspa|puerto|INV|||||Investigator|||
@Date:\t07-MAY-1998
*INV:\t¿dónde nació usted ? \x150_2000\x15
%com:\tmira la foto
*ROS:\ten el puerto viejo
\ty en la misma casa (.) &=laughs . \x152100_6000\x15
*INV:\t¿y su madre ?
@End
"""


def test_chat_gives_the_utterances_that_pylangacq_reads() -> None:
    """Speakers and times equal the reference's; continuation lines are joined, and the marks of utterances are kept."""
    extracted = chat.extract(_CHAT.encode(), {})
    assert extracted.text == (
        "INV: ¿dónde nació usted ?\nROS: en el puerto viejo y en la misma casa (.) &=laughs .\nINV: ¿y su madre ?"
    )
    reference = pylangacq.CHAT.from_strs([_CHAT], strict=False).utterances()
    assert [turn.speaker for turn in extracted.turns] == [utterance.participant for utterance in reference]
    marks = [utterance.time_marks for utterance in reference]
    assert [(turn.start, turn.end) for turn in extracted.turns] == [
        (None, None) if mark is None else (mark[0] / 1000, mark[1] / 1000) for mark in marks
    ]
    assert (extracted.declared_language, extracted.published) == ("spa", "1998-05-07")


@pytest.mark.parametrize(
    ("layout", "speakers"),
    [
        ("P: ¿Dónde nació usted?\nR: En el puerto viejo.\nP: ¿Y su madre?\nR: También, en la misma casa.", "PR"),
        (
            ("ENTREVISTA\n\nENTREVISTADORA: ¿Dónde nació usted?\n\nROSA: En el puerto\nviejo.\n\nENTREVISTADORA: ¿Y"
            " su madre?\n\nROSA (ríe): También, en la misma casa."),
            ("ENTREVISTADORA", "ROSA"),
        ),
        ("E.- ¿Dónde nació usted?\nI.- En el puerto viejo.\nE.- ¿Y su madre?\nI.- También, en la misma casa.", "EI"),
        (
            ("[00:00:00] E1: ¿Dónde nació usted?\n[00:00:02] H1: En el puerto viejo.\n[00:00:06] E1: ¿Y su madre?\n"
            "[00:00:07] H1: También, en la misma casa."),
            ("E1", "H1"),
        ),
        (
            "Rosa Ruiz — En el puerto viejo nací.\nJuana Paz — ¿Y su madre?\nRosa Ruiz — También.\nJuana Paz — Bueno.",
            ("Rosa Ruiz", "Juana Paz"),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["", "prose", "verse", "interview"])
def test_labels_are_speakers_whatever_the_form(layout: str, speakers: tuple[str, str] | str, form: str) -> None:
    """Each turn is a line after its label; lines before the first label are kept as they are."""
    extracted = plain.extract(layout.encode(), {"form": form} if form else {})
    assert [turn.speaker for turn in extracted.turns if turn.speaker] == list(speakers) * 2
    assert all(
        extracted.text[turn.offset :].startswith(f"{turn.speaker}: ") for turn in extracted.turns if turn.speaker
    )
    assert len(extracted.text.split("\n")) == len(extracted.turns)
    assert set(re.findall(r"\w{4,}", extracted.text)) == set(re.findall(r"\w{4,}", layout))


def test_dashes_are_turns_if_the_source_declares_an_interview() -> None:
    """A question after a dash is the interviewer's if the source declares an interview; otherwise it may be a novel."""
    talk = "—¿Dónde nació usted?\nEn el puerto viejo.\n—¿Y su madre?\nTambién, en la misma casa."
    assert [turn.speaker for turn in turns_of(talk, "interview")] == ["P", "R", "P", "R"]
    assert turns_of(talk) == []


@pytest.mark.parametrize(
    "text",
    [
        "Título: Coplas\nAutor: Anónimo\nAño: 1896\nLugar: Lima\n\nEra la hora de la siesta.",
        "Nota: todo es mentira.\nLa barca salió.\nNota: o casi.\nVolvió vacía.\nNadie dijo nada.\nEra tarde.",
        "—¿Quién vive? —dijo Juana.\n—Un vecino —dijo Pedro: el de siempre.\n—Pase.",
        "Juan dijo: vamos.\nJuan dijo: ya.\nAna dijo que no.\nAna dijo: sí.\n" + "Y así pasó la tarde.\n" * 20,
        "agua: líquido\nárbol: planta\nave: animal\nbarca: nave\ncasa: edificio",
    ],
)
def test_a_text_that_is_not_an_interview_is_unchanged(text: str) -> None:
    """Texts whose labels occur only once, or rarely, are unchanged."""
    assert turns_of(text) == []


def test_the_avenue_layout_gives_both_languages() -> None:
    """`M:` and `C:` under a turn's name become two documents with common segments; Latin-1 is decoded correctly."""
    raw = (
        "; File: conv1 \r\nTraduce: N.\r\n\r\n"
        "conv1_x_0000_nmlch_00:\r\nM: mari mari papay <uh>\r\nC: Buenos días señora.\r\n"
        "\r\nconv1 _1_0001_nfmam_00: \r\nM: küme\r\nM: felen\r\n C:  Estoy bien.\r\n"
    ).encode("latin-1")
    extracted = avenue.extract(raw, {})
    (translation,) = extracted.versions
    assert extracted.text == "nmlch: mari mari papay <uh>\nnfmam: küme felen"
    assert translation.text == "nmlch: Buenos días señora.\nnfmam: Estoy bien."
    assert (extracted.declared_language, translation.declared_language, translation.composition) == (
        "arn",
        "spa",
        "translation",
    )
    assert [turn.segment for turn in extracted.turns] == [turn.segment for turn in translation.turns] == [0, 1]


@pytest.mark.parametrize("name", [
    "\nconv1_x_0001_nfmam_00:", "\nconv1 _1_0001_nfmam_00: ", "\nconv1_ x_0001_nfmam_00:", "\nconv1_x_0001_nfmam_00",
    "\n_x_0001_nfmam_00079_nmlch_00:", "\n\x13lch1_x_0001_nfmam_00ch_00:", "\nconv1_x_0001_nfmam_005_nmlch_00:",
    "\nconv1_x_0001 _nfmam_00:", " nmlch-conv1_x_0001_nfmam_00:", "\n\nnmlch-conv1_x_ 001_nfmam_00:",
])  # fmt: skip
def test_a_turn_with_a_damaged_name_is_recognised(name: str) -> None:
    """Turn names that were overwritten, cut or put after words are recognised, and no part of them is in the text."""
    raw = f"conv1_x_0000_nmlch_00: mari mari{name} küme felen\nconv1_x_0002_nmlch_00: ya\n".encode("latin-1")
    extracted = avenue.extract(raw, {})
    assert extracted.text == "nmlch: mari mari\nnfmam: küme felen\nnmlch: ya"


def test_sentences_of_a_treebank_that_share_a_turn_are_one() -> None:
    """Sentences with a common turn are joined, with the stated text and the turn's times, as in COSER."""
    row = "{}\t{}" + "\t_" * 8 + "\n"
    treebank = (
        "# sent_id = 1\n# turn_id = 7\n# turn_time = 0:00:01.5 - 0:00:04\n# text = Nací aquí.\n" + row.format(1, "Nací")
        + "\n# sent_id = 2\n# turn_id = 7\n# turn_time = 0:00:01.5 - 0:00:04\n"
        + row.format("1-2", "Del") + row.format(1, "De") + row.format(2, "el") + row.format(3, "puerto") + "\n"
    )  # fmt: skip
    extracted = conllu.extract(treebank.encode(), {})
    assert extracted.text == "Nací aquí. Del puerto"
    assert [(turn.start, turn.end) for turn in extracted.turns] == [(1.5, 4.0)]


@pytest.mark.parametrize("extract", [elan.extract, chat.extract, avenue.extract, conllu.extract])
def test_a_transcript_without_words_fails(extract: Any) -> None:
    """A transcript without words fails with a reason."""
    with pytest.raises(UnusableError):
        extract(b"<ANNOTATION_DOCUMENT/>" if extract is elan.extract else b"@Begin\n@End\n", {})


def _row(raw: bytes, media_type: str) -> Batch:
    return Batch(pl.DataFrame({
        "doc_id": ["a"], "source_id": ["s"], "raw": [raw], "media_type": [media_type], "composition": ["original"],
    }))  # fmt: skip


def test_the_languages_of_a_file_are_rows_of_a_run(tmp_path: Path) -> None:
    """The transcription is the file's row and the translation its child, and no row is lost in a run."""
    batch = _row(_eaf(tmp_path / "a.eaf"), "text/x-eaf+xml")
    rows = pass_through(Extract(), batch).kept.frame
    assert rows["parent_id"].to_list() == [None, "a"]
    assert rows["composition"].to_list() == ["original", "translation"]
    assert rows["turns"].list.len().to_list() == [4, 2]


def test_turns_follow_their_lines_when_the_text_changes() -> None:
    """When a later stage changes the text, the turns move with their lines."""
    talk = "P: ¿Su correo?\nR: Es rosa@ejemplo.org.\nP: ¿Y su casa?\nR: En el puerto."
    passed = pass_through(Extract(), _row(talk.encode(), "text/plain")).kept
    frame = pass_through(Redact(), passed).kept.frame
    text, turns = frame["text"][0], frame["turns"].to_list()[0]
    assert "[EMAIL]" in text
    assert [text[turn["offset"] :].split("\n")[0][:3] for turn in turns] == ["E1:", "H1:", "E1:", "H1:"]
