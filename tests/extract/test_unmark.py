"""Marks of transcriptions are treated by the genre's policy; words are kept, and turns follow their lines."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.unmark import Unmark, without_marks
from latam_corpus.paths import data_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("marked", "removed"),
    [
        ("nmlch: akule <uh> <*SPA>pu' *pelotukefin müli <!1müli> <P>", "nmlch: akule pu' pelotukefin müli"),
        ("lfjmc: -/me/- <*SPA>no +/pek/+ meli <%> <*SPA", "lfjmc: no meli"),
        ("ROS: <yo quería> [//] yo (es)taba (..) &=laughs allí@s:spa +...", "ROS: yo quería yo estaba allí"),
        ("E1: ¿Y su madre? [risas] (tose) [inaudible] [00:12:31]", "E1: ¿Y su madre?"),
        ("I: [HS:E1 Ajá] Sí [Asent], claro // y luego (pausa larga) nada", "I: Sí, claro y luego nada"),
    ],
)  # fmt: skip
def test_transcription_marks_are_removed_and_words_kept(marked: str, removed: str) -> None:
    """Marks of AVENUE, CHAT and COSER, and common ones in brackets, are removed."""
    assert without_marks(marked, "remove")[0] == removed


@pytest.mark.parametrize(
    "text",
    [
        "Rosa: En 1930 (o 1931) vine (con mi hermana) al puerto.",
        "P: ¿Él/ella? ¡No! [sic] 5 < 6.",
        "El zorro dijo:\ntod@s  l@s compañer@s, ancianos(as), al 12 % desde entonces",
        "(música de mi pueblo) (golpes de Estado) (llantas) [= la casa ] siglo (XX)",
        "Y el burro contestó *sí*, pu' / así nomás",
        "mbohapyÿ ŸVY",
    ],
)
def test_speech_that_looks_like_marks_is_kept(text: str) -> None:
    """A speaker's remark, a year, a sign, a letter, and a line that ends in a colon are kept."""
    assert without_marks(text, "remove")[0] == text


@pytest.mark.parametrize("extractor", [None, "plain 3", "chat 3", "avenue 3"])
def test_addresses_dates_and_telephones_are_not_marks(extractor: str | None) -> None:
    """Addresses, places, dates and telephone numbers are never changed as marks."""
    text = (
        "ROS: rosa.quispe@gmail.com, 12/03/1945, 12°02'47\"S 77°02'34\"W, N° 82 y 3°, www.x.org, (11) 4567-8901, "
        "https://comunidad.org/x/y/z?a=1&b=2, +56 (9) 8765-4321, [+51 987 654 321], ana@s.com.pe"
    )
    assert without_marks(text, "remove", None, extractor)[0] == text


def test_a_convention_is_recognised_by_file_or_by_many_signs() -> None:
    """The same signs are marks in CHAT, but not in a text that quotes one of them once."""
    utterance = "ROS: tod@s dij(er)on (..) °sí°"
    assert without_marks(utterance, "remove")[0] == utterance
    assert without_marks(utterance, "remove", None, "chat 3")[0] == "ROS: tod dijeron sí"
    assert without_marks(f"{utterance}\nROS: &=ríe", "remove")[0] == "ROS: tod dijeron sí"
    cited = "\n".join([utterance, *["ROS: vine al puerto con mi madre."] * 99, "ROS: el signo &=ríe"])
    assert without_marks(cited, "remove")[0] == cited


def test_a_label_without_words_is_removed_but_not_a_sentence() -> None:
    """A line of only a label is removed if the label is a code or is repeated."""
    text = "INV: (risas)\nRosa: (risas)\nRosa: sí\nEl zorro dijo: (risas)\nEl burro dijo:"
    assert without_marks(text, "remove")[0] == "Rosa: sí\nEl zorro dijo:\nEl burro dijo:"


def _batch(genre: str) -> Batch:
    text = "A: uno <Noise>\nB: <Noise>\nA: dos"
    turns = [{"speaker": who, "start": None, "end": None, "language": None, "offset": at, "segment": None}
             for who, at in (("A", 0), ("B", 15), ("A", 26))]  # fmt: skip
    return Batch(pl.DataFrame({"doc_id": ["a"], "text": [text], "genre": [genre], "turns": [turns]}))


def test_a_turn_of_only_marks_is_removed_with_its_line() -> None:
    """Turns of only marks are removed, and the offsets of the others match their lines."""
    frame = Unmark()(_batch("oral_history")).frame
    assert frame["text"][0] == "A: uno\nA: dos"
    assert [turn["offset"] for turn in frame["turns"].to_list()[0]] == [0, 7]
    assert json.loads(frame["evidence"][0]) == {"marks": "remove", "characters": 19, "lines": 1}


def test_other_genres_keep_their_signs() -> None:
    """The genre's policy decides, and a changed policy changes the fingerprint."""
    batch = _batch("literature")
    assert Unmark()(batch) is batch


def test_a_policy_may_normalise(tmp_path: Path) -> None:
    """A folder of policies may normalise marks."""
    folder = tmp_path / "filters"
    shutil.copytree(data_folder("filters"), folder)
    file = folder / "genres" / "oral_history.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"remove"', '"normalise"'), encoding="utf-8")
    stage = Unmark(policies=str(folder))
    assert stage(_batch("oral_history")).frame["text"][0].startswith("A: uno [noise]\n")
    assert stage.fingerprint() != Unmark().fingerprint()
