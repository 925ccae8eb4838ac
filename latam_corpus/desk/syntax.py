"""What people mostly did where a file is no TOML, in three languages: the first that fits the broken line is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.said import Said

if TYPE_CHECKING:
    from latam_corpus.toml_model import Mistake

# What stays open, so that the TOML reader complains of the end of the file.
_OPEN: Final = (
    (
        r"""[^#=]*=\s*"[^"]*$""",
        Said("falta la comilla que cierra", "falta a aspa que fecha", "the closing quote is missing"),
        Said('un texto empieza y termina con "', 'um texto começa e termina com "', 'a text begins and ends with "'),
    ),
    (
        r"[^#=]*=\s*\[[^\]]*$",
        Said("falta el corchete que cierra la lista", "falta o colchete que fecha a lista", "a list isn't closed"),
        Said("una lista termina con ]", "uma lista termina com ]", "a list ends with ]"),
    ),
)
# A TOML reader's complaints, and what people mostly did: the first that fits is told.
_SYNTAX: Final = (
    (
        r"(?=.*[“”„‟«»])[^#]*=\s*[“”„‟«»]",
        Said("las comillas son tipográficas", "as aspas são tipográficas", "the quotes are typographic"),
        Said('use comillas rectas: "…"', 'use aspas retas: "…"', 'use straight quotes: "…"'),
    ),
    (
        r"""\s*[\w.-]*[^\x00-\x7f\s="'#\[][^="'#]*=""",
        Said(
            "el nombre de una clave no lleva acentos ni espacios", "o nome de uma chave não leva acentos nem espaços",
            "a key has no accents or spaces",
        ),
        Said(
            "las claves están en inglés: id, title, holder, …", "as chaves estão em inglês: id, title, holder, …",
            "the keys are: id, title, holder, …",
        ),
    ),
    (
        r"""[^#"']*=\s*[A-Za-zÀ-ÿ][^"'\[\]{}]*$""",
        Said("el texto no está entre comillas", "o texto não está entre aspas", "the text isn't in quotes"),
        Said('escriba {key} = "…"', 'escreva {key} = "…"', 'write {key} = "…"'),
    ),
    *_OPEN,
    (
        r"\s*[^#=\[\]]+$",
        Said("falta el signo =", "falta o sinal =", "the sign = is missing"),
        Said(
            "cada línea es clave = valor; lo que es comentario empieza por #",
            "cada linha é chave = valor; o que é comentário começa por #",
            "each line is key = value; a comment begins with #",
        ),
    ),
)  # fmt: skip
_TWICE: Final = (
    Said("está dos veces", "está duas vezes", "it is there twice"),
    Said("deje una sola", "deixe uma só", "keep one of them"),
)
_NOT_TOML: Final = (
    Said("no se entiende ({error})", "não se entende ({error})", "it can't be read ({error})"),
    Said(
        "los textos van entre comillas, las listas entre corchetes",
        "os textos vão entre aspas, as listas entre colchetes",
        "texts stand in quotes, lists in brackets",
    ),
)


def syntax_mistake(mistake: Mistake, text: str) -> tuple[int | None, Said, Said]:
    """The line, what is wrong there, and the remedy."""
    told = str(mistake.raised)
    if re.search(r"overwrite|twice|more than once|Cannot declare", told):
        return mistake.line, *_TWICE
    lines = list(enumerate(text.splitlines(), 1))
    suspects = [entry for entry in lines if entry[0] == mistake.line] if mistake.line else lines
    for number, line in suspects:
        for pattern, problem, remedy in _SYNTAX if mistake.line else _OPEN:
            if re.match(pattern, line):
                return number, problem, remedy.plain(key=line.partition("=")[0].strip())
    return mistake.line, _NOT_TOML[0].plain(error=told), _NOT_TOML[1]
