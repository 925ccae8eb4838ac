"""Worse copies as other pages, scanners and machines make them than those of `culture.py`, on which rules were chosen.

Other headings or none, notices of one or two lines, menus on one side, other misreadings, texts cut at their beginning.
No rule was chosen on them; that notices of two lines were missed was seen, and one bound loosened for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .culture import menu, summary
from .damage import cut, misread, without_accents

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from .culture import Change
    from .shelf import Shelf

SEED: Final = 909
# Letters and what a scanner took them for; none of them from the pages that `ocr.confusions` reads.
_MISREAD: Final = {
    "a": "neg",
    "e": "aso",
    "i": "tr!",
    "o": "acnQ",
    "u": "av",
    "n": "rm",
    "r": "ivs",
    "s": "egz",
    "t": "fc",
    "l": "Jf!",
    "d": "ao",
    "c": "ot",
    "m": "nw",
    "b": "ld",
    "p": "vr",
    "h": "nk",
    "v": "ro",
    "g": "py",
    "y": "vj",
    "j": "i;",
    "á": "d4",
    "é": "ó8",
    "í": "lt",
    "ó": "ád",
}
_SUMMARIES: Final = ("Síntesis", "Resumo", "Em resumo", "Ideas principales", "En pocas palabras", "Resumen ejecutivo")
_LINKS: Final = ("Relacionado", "Veja também:", "También te puede interesar:", "Mais lidas", "Leer más")
_COOKIES: Final = """\
Este sitio usa cookies para mejorar su experiencia. Al seguir navegando acepta nuestra política de privacidad.
© Biblioteca digital. Contacto"""
_SHARING: Final = """\
Compartilhar
Facebook
WhatsApp
Telegram
E-mail
Imprimir
Assine nossa newsletter
Comentários
Deixe seu comentário
Política de privacidade"""
_NOTICES: Final = (_COOKIES, _SHARING)
# Under 18 words, and under eight lines.
_SHORT_NOTICES: Final = (
    "Este sitio usa cookies para mejorar su experiencia. Al seguir acepta nuestra política.\n© Biblioteca. Contacto",
    "Compartilhar\nFacebook\nWhatsApp\nTelegram\nAssine nossa newsletter\nComentários\nPolítica de privacidade",
)
_QUESTIONS: Final = (
    *(("Cuestionario", "P", "R"), ("", "P1", "R1"), ("Para pensar", "Pergunta", "Resposta")),
    *(("Preguntas de comprensión", "Pregunta", "Respuesta"), ("", "", "")),
)


def otherwise(shelf: Shelf, chance: random.Random) -> Sequence[Change]:
    """Yield copies that are worse than their originals, kind by kind, with all kinds of damage in turn."""
    created = _kinds(shelf, chance)
    return [(kind, _in_turn(change, len(created))) for kind, change in created]


def _in_turn(change: Callable[[str, int], str], kinds: int) -> Callable[[str, int], str]:
    return lambda text, number: change(text, number // kinds)


def _kinds(shelf: Shelf, chance: random.Random) -> Sequence[Change]:
    misreadings = {letter: dict.fromkeys(read, 1) for letter, read in _MISREAD.items()}
    return (
        ("misread_half", lambda text, _: misread(text, 0.005, misreadings, chance)),
        ("misread_1", lambda text, _: misread(text, 0.01, misreadings, chance)),
        ("misread_3", lambda text, _: misread(text, 0.03, misreadings, chance)),
        ("accents", lambda text, _: without_accents(text)),
        ("mojibake", lambda text, _: text.encode().decode("cp1252", errors="ignore")),
        ("cut_end", lambda text, _: cut(text, 0.7)),
        ("cut_beginning", lambda text, _: cut(text, 0.7, end=False)),
        ("menu_before", lambda text, n: f"{menu(shelf, n + 3)[0]}\n{text}"),
        ("menu_after", lambda text, n: f"{text}\n{menu(shelf, n + 5)[1]}"),
        ("two_menus", lambda text, n: f"{menu(shelf, n + 11)[0]}\n\n{text}\n\n{menu(shelf, n + 2)[1]}"),
        ("summary", lambda text, n: f"{text}\n\n{_SUMMARIES[n % len(_SUMMARIES)]}\n{summary(text)}"),
        ("questions", lambda text, n: f"{text}\n\n{_questions(text, *_QUESTIONS[n % len(_QUESTIONS)])}"),
        ("links", lambda text, n: f"{text}\n{_LINKS[n % len(_LINKS)]}\n{menu(shelf, n + 7)[1]}"),
        ("notice", lambda text, n: f"{text}\n{_NOTICES[n % len(_NOTICES)]}"),
        ("notice_short", lambda text, n: f"{text}\n{_SHORT_NOTICES[n % len(_SHORT_NOTICES)]}"),
    )


def _questions(text: str, heading: str, question: str, answer: str) -> str:
    """Five questions and answers made of the text's words, with these labels, or numbered."""
    words = text.split()
    runs = [words[start : start + 9] for start in range(0, len(words) - 9, max(9, len(words) // 6))][:5]
    lines = [heading] if heading else []
    for number, run in enumerate(runs, 1):
        requested = f"¿Qué se dice de «{' '.join(run[:3])}»?"
        said = f"Que {' '.join(run).lower()}."
        lines += [f"{question}: {requested}", f"{answer}: {said}"] if question else [f"{number}. {requested}", said]
    return "\n".join(lines)
