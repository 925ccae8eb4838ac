"""Texts between one window and two: their pieces are looked at, and only those that differ are examined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latam_corpus.language import judge as judging
from latam_corpus.language.judge import judge
from latam_corpus.language.model import load

if TYPE_CHECKING:
    import pytest

_SPANISH = (
    "La barca salió del puerto antes del alba y los pescadores cantaban en voz baja.",
    "Cuando llegaron a la isla encontraron las casas cerradas y las calles llenas de arena.",
    "Nadie recordaba quién había plantado los naranjos que daban sombra a la plaza.",
)
_PORTUGUESE = (
    "O barco saiu do porto antes do amanhecer e os pescadores cantavam em voz baixa.",
    "Quando chegaram à ilha encontraram as casas fechadas e as ruas cheias de areia.",
    "Ninguém se lembrava de quem tinha plantado as laranjeiras que davam sombra à praça.",
)


def _texts() -> list[str]:
    """Texts of 600 to 800 characters: in one language, in two, and with rows of one letter."""
    spanish, portuguese = " ".join(_SPANISH * 3)[:700], " ".join(_PORTUGUESE * 3)[:700]
    mixed = [f"{spanish[:cut]}\n{portuguese[: 720 - cut]}" for cut in (60, 120, 250, 350, 450, 600, 660)]
    return [spanish, portuguese, *mixed, spanish[:450] + " jajaja" * 40, spanish[:450] + "\n" + "a " * 120]


def test_pieces_that_agree_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judgements are those of an examination of all texts, and a mixed text is seen to be one."""
    examined: list[Any] = []
    mixed = judging._mixed  # noqa: SLF001  (the slow part, whose calls are counted)

    def counted(*given: Any) -> Any:
        examined.append(given)
        return mixed(*given)

    monkeypatch.setattr(judging, "_mixed", counted)
    model, texts = load(), _texts()
    judged = judge(model, texts)
    some = len(examined)
    whole = judging.by_pieces
    monkeypatch.setattr(judging, "by_pieces", lambda *given: whole(*given[:4]))
    assert judge(model, texts) == judged
    assert 0 < some < len(examined) - some
    assert [dict(item.languages).keys() for item in judged[:2]] == [set(), set()]
    assert any(set(dict(item.languages)) == {"spa_Latn", "por_Latn"} for item in judged)
