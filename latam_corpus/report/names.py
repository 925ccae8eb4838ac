"""What genres and signals are called, in the three languages that pages speak."""

from __future__ import annotations

from typing import Final

from latam_corpus.catalog.display_names import GENRES
from latam_corpus.said import Said, same

_SIGNALS: Final[dict[str, tuple[str, str, str]]] = {
    "word_count": ("palabras", "palavras", "words"),
    "mean_word_length": ("letras por palabra", "letras por palavra", "letters a word"),
    "alphabetic_word_share": ("palabras con letras", "palavras com letras", "words that have a letter"),
    "mixed_case_word_share": (
        "palabras con mayúsculas dentro", "palavras com maiúsculas no meio", "words with capitals inside",
    ),
    "unique_words_per_200": (
        "palabras distintas cada 200", "palavras distintas a cada 200", "different words in 200",
    ),
    "longest_word": ("palabra más larga", "palavra mais longa", "longest word"),
    "all_caps_word_share": ("palabras en mayúsculas", "palavras em maiúsculas", "words in capitals"),
    "ocr_damage_share": ("palabras dañadas por el OCR", "palavras danificadas pelo OCR", "words damaged by OCR"),
    "unique_word_share": ("palabras distintas", "palavras distintas", "different words"),
    "word_entropy": ("entropía de las palabras", "entropia das palavras", "entropy of words"),
    "stop_word_count": (
        "palabras gramaticales distintas", "palavras gramaticais distintas", "different stop words",
    ),
    "stop_word_share": ("palabras gramaticales de su idioma", "palavras gramaticais da sua língua", "stop words"),
    "stop_word_margin": (
        "palabras gramaticales, menos las de otro idioma", "palavras gramaticais, menos as de outra língua",
        "stop words, less those of another language",
    ),
    "second_language_share": ("líneas en otro idioma", "linhas em outra língua", "lines in another language"),
    "alphabet_fit": ("letras de su alfabeto", "letras do seu alfabeto", "letters of its alphabet"),
    "dictionary_word_rate": ("palabras en el diccionario", "palavras no dicionário", "words in the dictionary"),
    "words_per_line": ("palabras por línea", "palavras por linha", "words a line"),
    "closing_punctuation_share": (
        "líneas que cierran con punto", "linhas que fecham com ponto", "lines that close a sentence",
    ),
    "open_line_share": ("titulares y menús", "títulos e menus", "headlines and menus"),
    "newlines_per_word": ("saltos de línea por palabra", "quebras de linha por palavra", "line breaks a word"),
    "short_line_share": ("líneas cortas", "linhas curtas", "short lines"),
    "sparse_line_share": ("líneas de pocas palabras", "linhas de poucas palavras", "lines of few words"),
    "bullet_line_share": ("líneas con viñeta", "linhas com marcador", "lines with a bullet"),
    "ellipsis_line_share": (
        "líneas que acaban en puntos suspensivos", "linhas que acabam em reticências", "lines that end in an ellipsis",
    ),
    "date_line_share": ("líneas con fechas", "linhas com datas", "lines with dates"),
    "list_share": ("líneas de listas", "linhas de listas", "lines of lists"),
    "table_share": ("líneas de tablas", "linhas de tabelas", "lines of tables"),
    "code_line_share": ("líneas de código", "linhas de código", "lines of code"),
    "sentence_count": ("oraciones", "frases", "sentences"),
    "duplicate_line_share": (
        "letras en líneas repetidas", "letras em linhas repetidas", "characters in repeated lines",
    ),
    "duplicate_line_count_share": ("líneas repetidas", "linhas repetidas", "repeated lines"),
    "duplicate_paragraph_share": (
        "letras en párrafos repetidos", "letras em parágrafos repetidos", "characters in repeated paragraphs",
    ),
    "duplicate_paragraph_count_share": ("párrafos repetidos", "parágrafos repetidos", "repeated paragraphs"),
    "compression_ratio": ("cuánto se comprime", "quanto se comprime", "how far it compresses"),
    "upper_case_share": ("mayúsculas", "maiúsculas", "capitals"),
    "digit_share": ("cifras", "algarismos", "digits"),
    "code_symbol_share": ("signos de programación", "sinais de programação", "signs of code"),
    "mojibake_per_1000": (
        "signos mal decodificados, por mil", "sinais mal decodificados, por mil", "wrongly decoded signs in 1,000",
    ),
    "markup_per_1000": ("restos de etiquetas, por mil", "restos de etiquetas, por mil", "remains of markup in 1,000"),
    "curly_bracket_count": ("llaves", "chaves", "curly brackets"),
    "hashes_per_word": ("almohadillas por palabra", "cerquilhas por palavra", "hash signs a word"),
    "ellipses_per_word": ("puntos suspensivos por palabra", "reticências por palavra", "ellipses a word"),
    "char_entropy": ("entropía de las letras", "entropia das letras", "entropy of characters"),
    "policy_phrase_count": ("frases de avisos legales", "frases de avisos legais", "phrases of legal notices"),
    "javascript_count": ("menciones de JavaScript", "menções a JavaScript", "mentions of JavaScript"),
    "lorem_ipsum_count": ("«lorem ipsum»", "«lorem ipsum»", "“lorem ipsum”"),
    "scripture_per_1000": ("fórmulas bíblicas, por mil", "fórmulas bíblicas, por mil", "Bible formulas in 1,000"),
    "learned_quality": ("calidad aprendida", "qualidade aprendida", "learned quality"),
    "outside_score": ("puntuación externa", "pontuação externa", "outside score"),
    "flagged_word_share": ("palabras señaladas", "palavras sinalizadas", "flagged words"),
    **{
        f"top_{n}_gram_share": (
            f"la secuencia de {n} palabras más repetida", f"a sequência de {n} palavras mais repetida",
            f"the most frequent run of {n} words",
        )
        for n in (2, 3, 4)
    },
    **{
        f"duplicate_{n}_gram_share": (
            f"letras en secuencias repetidas de {n} palabras", f"letras em sequências repetidas de {n} palavras",
            f"characters in repeated runs of {n} words",
        )
        for n in range(2, 11)
    },
}  # fmt: skip


def signal_name(signal: str) -> Said:
    """What a signal is called; its key where nobody has named it.

    >>> signal_name("digit_share").pt
    'algarismos'
    """
    return Said(*_SIGNALS.get(signal, (signal, signal, signal)))


def genre_name(genre: str) -> Said:
    """What a genre is called.

    >>> genre_name("oral_history").es
    'historia oral'
    """
    return GENRES.get(genre, same(genre))
