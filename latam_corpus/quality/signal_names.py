"""What signals are called, in the three languages that pages and commands speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.messages import Message, _, same

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGNALS: Final[Mapping[str, Message]] = {
    "word_count": _("words"),
    "mean_word_length": _("letters a word"),
    "alphabetic_word_share": _("words that have a letter"),
    "mixed_case_word_share": _("words with capitals inside"),
    "unique_words_per_200": _("different words in 200"),
    "longest_word": _("longest word"),
    "all_caps_word_share": _("words in capitals"),
    "ocr_damage_share": _("words damaged by OCR"),
    "unique_word_share": _("different words"),
    "word_entropy": _("entropy of words"),
    "stop_word_count": _("different stop words"),
    "stop_word_share": _("stop words"),
    "stop_word_margin": _("stop words, less those of another language"),
    "second_language_share": _("lines in another language"),
    "alphabet_fit": _("letters of its alphabet"),
    "dictionary_word_rate": _("words in the dictionary"),
    "words_per_line": _("words a line"),
    "closing_punctuation_share": _("lines that close a sentence"),
    "open_line_share": _("headlines and menus"),
    "newlines_per_word": _("line breaks a word"),
    "short_line_share": _("short lines"),
    "sparse_line_share": _("lines of few words"),
    "bullet_line_share": _("lines with a bullet"),
    "ellipsis_line_share": _("lines that end in an ellipsis"),
    "date_line_share": _("lines with dates"),
    "list_share": _("lines of lists"),
    "table_share": _("lines of tables"),
    "code_line_share": _("lines of code"),
    "sentence_count": _("sentences"),
    "duplicate_line_share": _("characters in repeated lines"),
    "duplicate_line_count_share": _("repeated lines"),
    "duplicate_paragraph_share": _("characters in repeated paragraphs"),
    "duplicate_paragraph_count_share": _("repeated paragraphs"),
    "compression_ratio": _("how far it compresses"),
    "upper_case_share": _("capitals"),
    "digit_share": _("digits"),
    "code_symbol_share": _("signs of code"),
    "mojibake_per_1000": _("wrongly decoded signs in 1,000"),
    "markup_per_1000": _("remains of markup in 1,000"),
    "curly_bracket_count": _("curly brackets"),
    "hashes_per_word": _("hash signs a word"),
    "ellipses_per_word": _("ellipses a word"),
    "char_entropy": _("entropy of characters"),
    "policy_phrase_count": _("phrases of legal notices"),
    "javascript_count": _("mentions of JavaScript"),
    "lorem_ipsum_count": _("“lorem ipsum”"),
    "scripture_per_1000": _("Bible formulas in 1,000"),
    "learned_quality": _("learned quality"),
    "outside_score": _("outside score"),
    "flagged_word_share": _("flagged words"),
    **{f"top_{n}_gram_share": _("the most frequent run of {n} words", n=n) for n in (2, 3, 4)},
    **{f"duplicate_{n}_gram_share": _("characters in repeated runs of {n} words", n=n) for n in range(2, 11)},
}


def signal_name(signal: str) -> Message:
    """Return what a signal is called; its key where nobody has named it.

    >>> signal_name("digit_share").translate("pt")
    'algarismos'
    """
    return _SIGNALS.get(signal, same(signal))


@dataclass(frozen=True)
class Definition(Message):
    """What a signal measures: its definition in English, where there is one, else what it is called.

    >>> one = Definition("Digits, as a share of characters", signal="digit_share")
    >>> str(one), one.translate("es"), Definition("Bells", signal="bells").translate("es")
    ('Digits, as a share of characters', 'cifras', 'Bells')
    """

    signal: str = ""

    def translate(self, language: str) -> str:
        """Return it in a language; a plug-in's has no name, and its definition is told."""
        named = _SIGNALS.get(self.signal)
        return self.msgid if language == "en" or named is None else named.translate(language)
