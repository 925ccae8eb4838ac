"""Texts with parallel segments in several languages: one document per language, one line per segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.extract.document import Extracted, UnusableError, as_lines
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.extract.document import Utterance


def parallel(
    segments: Mapping[str | None, Sequence[Utterance]],
    extractor: str,
    original: str | None = None,
    *,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Extracted:
    """Return the text of the original, with the other languages as its versions.

    Args:
        segments: the numbered segments of each language, in order; the key None is a language that the file doesn't
            name.
        extractor: its name and version.
        original: the language of the original; by default, or if it has no segments, the first language that has some.
        title: the file's title.
        notes: notes on repairs and omissions.

    Raises:
        UnusableError: no segment has a word.
    """
    texts = {language: as_lines(utterances) for language, utterances in segments.items()}
    texts = {language: text for language, text in texts.items() if text[0]}
    if not texts:
        raise UnusableError("no text", N_("none of its segments has a text"), N_("check that the file is whole"))
    first = original if original in texts else next(iter(texts))
    versions = tuple(
        Extracted(text, extractor, turns=turns, declared_language=language or None, composition="translation")
        for language, (text, turns) in texts.items()
        if language != first
    )
    text, turns = texts[first]
    return Extracted(
        text,
        extractor,
        title=title,
        declared_language=first or None,
        turns=turns,
        versions=versions,
        notes=notes,
    )
