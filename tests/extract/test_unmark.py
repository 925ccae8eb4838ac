"""The marks of transcriptions go as the genre's policy says, words stay, and turns follow their lines."""

from __future__ import annotations

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
def test_marks_go_and_words_stay(marked: str, removed: str) -> None:
    """AVENUE, CHAT, COSER, and what anybody writes in brackets."""
    assert without_marks(marked, "remove")[0] == removed


@pytest.mark.parametrize(
    "text", ["Rosa: En 1930 (o 1931) vine (con mi hermana) al puerto.", "P: ¿Él/ella? ¡No! [sic] 5 < 6."]
)
def test_what_is_said_in_brackets_stays(text: str) -> None:
    """A remark of the speaker, a year or a sign is no mark of the transcriber."""
    words = [word for word in text.replace("<", "").split() if word != "[sic]"]
    assert [word for word in without_marks(text, "remove")[0].split() if word != "[sic]"] == words


def _batch(genre: str) -> Batch:
    text = "A: uno <Noise>\nB: <Noise>\nA: dos"
    turns = [{"speaker": who, "start": None, "end": None, "language": None, "offset": at, "segment": None}
             for who, at in (("A", 0), ("B", 15), ("A", 26))]  # fmt: skip
    return Batch(pl.DataFrame({"doc_id": ["a"], "text": [text], "genre": [genre], "turns": [turns]}))


def test_a_turn_of_marks_alone_goes_with_its_line() -> None:
    """The turns that are left point at their lines."""
    frame = Unmark()(_batch("oral_history")).frame
    assert frame["text"][0] == "A: uno\nA: dos"
    assert [turn["offset"] for turn in frame["turns"].to_list()[0]] == [0, 7]


def test_other_genres_keep_their_signs() -> None:
    """The policy of the genre decides, and a changed one is another digest."""
    batch = _batch("literature")
    assert Unmark()(batch) is batch


def test_a_policy_may_normalise(tmp_path: Path) -> None:
    """A folder of one's own says otherwise."""
    folder = tmp_path / "filters"
    shutil.copytree(data_folder("filters"), folder)
    file = folder / "genres" / "oral_history.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"remove"', '"normalise"'), encoding="utf-8")
    stage = Unmark(policies=str(folder))
    assert stage(_batch("oral_history")).frame["text"][0].startswith("A: uno [noise]\n")
    assert stage.fingerprint() != Unmark().fingerprint()
