"""The part of a text in an unknown language, with and without a declaration."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from latam_corpus.language.declared import declared_judgements
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import LanguageLabel

FUNCTION_WORDS = "la de el que en no es los del me su una y lo"
GROUPS = ("grn", "spa", "tar", "und", "zap")
SPANISH = (
    "La señora de la tienda dijo que el camino de la sierra ya no es como era.\n"
    "Los vecinos de la orilla del río no tienen la culpa de lo que pasó en el pueblo.\n"
    "Mi abuela me contó que en la casa de su madre no había más que una cama.\n"
)
# Made-up words; only the model's answer for them matters.
OTHER = (
    "barakali delomiru fanutoga gasikora lamedone nopirare sutakeme\n"
    "varenoki wilanora zumekali barakeru delomane fanutore gasikeme\n"
    "lamedoki nopirali sutakora varenone wilanoki zumekare barakora\n"
)
SHORT = OTHER.replace("fanutoga ", "fanutoga\n").replace("barakeru ", "barakeru\n").replace("varenone ", "varenone\n")
LIKE = {
    "spread": (0.38, 0.02, 0.05, 0.03, 0.38),
    "likest tar": (0.02, 0.02, 0.9, 0.03, 0.03),
    "names": (0.1, 0.02, 0.1, 0.68, 0.1),
}


def _model(like: str) -> Any:
    """Return a model that knows Spanish by its function words, and gives everything else a fixed answer."""
    words = {"spa": frozenset(FUNCTION_WORDS.split()), "tar": frozenset(OTHER.split())}

    def probabilities(lines: Any) -> Any:
        spanish = [sum(word in words["spa"] for word in line.split()) / len(line.split()) for line in lines]
        rows = [(0.01, 0.96, 0.01, 0.01, 0.01) if share > 0.2 else LIKE[like] for share in spanish]
        return np.array(rows, np.float32)

    return SimpleNamespace(
        groups=GROUPS,
        group_of=np.arange(5),
        labels=tuple(LanguageLabel(code, "Latn", code) for code in GROUPS),
        members=tuple(np.array([n]) for n in range(5)),
        single_groups={group: n for n, group in enumerate(GROUPS)},
        words=words,
        bounds={},
        consonants={},
        probabilities=probabilities,
        by_group=lambda chances: chances,
        needs_words=lambda group: group in ("grn", "tar", "zap"),
    )


def _told(like: str, text: str) -> tuple[str, list[str]]:
    judged = judge(_model(like), [text])[0]
    return judged.language, [code for code, _ in judged.languages]


@pytest.mark.parametrize(
    "text", [SPANISH + OTHER, "".join(map("{}\n{}\n".format, SPANISH.split("\n"), OTHER.split("\n")))]
)
def test_a_part_in_no_language_that_is_known_is_told(text: str) -> None:
    """A half in an unknown language is `und` in `languages`, and the known language names the text."""
    language, languages = _told("spread", text)
    assert (language, set(languages)) == ("spa_Latn", {"spa_Latn", "und"})


@pytest.mark.parametrize(("like", "text"), [
    ("names", SPANISH + OTHER),
    ("spread", SPANISH * 8),
    ("spread", SPANISH + SHORT),
    ("spread", SPANISH + OTHER[: OTHER.index("\n")]),
    ("spread", SPANISH + "jajaja jeje jajaja jeje jajaja jeje jajaja\n" * 3),
], ids=["names", "Spanish alone", "short pieces that disagree", "seven words", "laughter"])  # fmt: skip
def test_what_may_be_anything_is_not_told(like: str, text: str) -> None:
    """Names, scraps without agreement, a few words and laughter don't count as an unknown language."""
    assert _told(like, text) == ("spa_Latn", [])


def test_short_pieces_that_agree_are_told() -> None:
    """Short pieces that together resemble one language of the Americas count as an unknown language."""
    assert set(_told("likest tar", SPANISH + SHORT)[1]) == {"spa_Latn", "und"}


@pytest.mark.parametrize(("declared", "code"), [("tar", "tar_Latn"), ("qu", "und"), ("es", "und"), (None, "und")])
def test_a_declaration_counts_for_the_part_that_shows_nothing_else(declared: str | None, code: str) -> None:
    """A declaration decides on the unknown part only, whatever Spanish is in the rest."""
    model, texts = _model("spread"), pl.Series([SPANISH + OTHER])
    shown = judge(model, texts)
    judged = declared_judgements(model, texts, shown, [declared]).get(0, shown[0])
    assert {label for label, _ in judged.languages} == {"spa_Latn", code}
    assert judged.language == (judged.languages[0][0] if code == "tar_Latn" else "spa_Latn")
