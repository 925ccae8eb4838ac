"""The page of a preview: each item next to its original, with the reasons for keeping or dropping it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import TIERS, USES, language_name
from latam_corpus.codes import admits, short
from latam_corpus.messages import Message, _, decimal, enumerated, same
from latam_corpus.pipeline.stored_runs.reasons import UNSURE
from latam_corpus.report.templating import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PAGE_TEXT: Final = 20_000
_OTHER_LANGUAGE: Final = _("its language seems to be {found}, but the source states {stated}")
_NOTES: Final[Mapping[str, Message]] = {
    "metadata not read": _("its metadata (XMP) can't be read, so any rights stated there are unknown"),
    "pages without text": _("some pages have no text: they are scans and need OCR"),
    "pages recognised": _("the text of some pages comes from OCR and may contain errors"),
    "cues out of order": _("its subtitles were out of order, and were sorted by time"),
    "cues with broken times": _("some subtitles have times that can't be read"),
    "several versions of a segment": _("some segments have several versions in one language; the first was used"),
    "segments without times": _("some segments have no times, and were put at the end"),
    "hidden text left out": _("its hidden text was left out"),
}
_NARROWED: Final = _("its own terms allow less than the source's rights ({tier}), and apply to this document")
_LANGUAGE: Final = _("language: {name} (certainty {score})")
_OF_100: Final = _("{value} of every 100")
_OR_MORE: Final = _("{bound} or more are asked for")
_AT_MOST: Final = _("at most {bound} is allowed")
KEPT: Final = _("it is kept")
DROPPED: Final = _("it is dropped")
ORIGINAL: Final = _("original")
EXTRACTED: Final = _("text")
_COUNT: Final = _("Texts examined: {n}; kept: {kept}, dropped: {dropped}. Recognised personal data is masked.")
_NAMES: Final = _(
    "Names of persons aren't recognised. To mask those of third persons, name a list of them in the source "
    "(third_persons in [consent])."
)
_CODED: Final = _(
    "Codes replace the names of speakers in interviews ({n} {n:text|texts}). "
    "Other names of persons aren't recognised. "
    "To mask those of third persons, name a list of them in the source (third_persons in [consent])."
)
_NEVER_RELEASED: Final = _("Without known rights, nothing of this source is released.")


@dataclass(frozen=True)
class Measured:
    """The value of a signal for one text, with the bounds of its language and genre.

    Attributes:
        value: the value for the text; None if the signal needs a list that the language lacks.
        minimum: the smallest value that is kept; None if there is none.
        maximum: the largest value that is kept; None if there is none.
        file: the policy with the bound, such as `languages/quy.toml`.
        compared: the values compared with the minimum and the maximum, which are adjusted for shares of short texts.
    """

    signal: str
    label: Message
    value: float | None
    minimum: float | None
    maximum: float | None
    file: str = ""
    compared: tuple[float | None, float | None] = (None, None)

    @property
    def sentence(self) -> Message:
        """The value and its bounds as a sentence, with shares as numbers per 100.

        >>> share = Measured("stop_word_share", same("palabras gramaticales"), 0.3421, 0.38, None)
        >>> share.sentence.translate("en")
        'palabras gramaticales: 34.2 of every 100; 38 or more are asked for'
        """
        is_share = self.signal.endswith(("_share", "_rate"))
        value, low, high = (
            None if number is None else decimal(f"{round(100 * number, 1):g}" if is_share else f"{number:.3g}")
            for number in (self.value, self.minimum, self.maximum)
        )
        parts = [] if value is None else [_OF_100.fill(value=value) if is_share else value]
        parts += [_OR_MORE.fill(bound=low)] if low else []
        parts += [_AT_MOST.fill(bound=high)] if high else []
        return Message("{name}: {value}", {"name": self.label, "value": enumerated(parts, "; ")})


@dataclass(frozen=True)
class Item:
    """An item of a preview: the original and the result of a run.

    Attributes:
        where: its URL, or its file and its place in the file.
        language: the identified language; None if the item was dropped earlier.
        score: the score of the identification, from 0 to 1.
        reason: the drop reason; None for an item that is kept.
        why: the reason as sentences, and notes for a person who checks the item.
        original: the whole redacted text before extraction.
        text: the redacted extracted text.
        has_codes: whether the names of its speakers are replaced by codes.
        file: its path in the folder; empty if it has none.
        member: its place in an archive; None for a separate file.
        measured: the signals that have a bound for its language and genre; empty if it was dropped before `filter`.
    """

    where: str
    title: str | None
    language: str | None
    score: float | None
    reason: str | None
    why: tuple[Message, ...]
    original: str
    text: str
    has_codes: bool = False
    file: str = ""
    member: str | None = None
    measured: tuple[Measured, ...] = ()

    @property
    def identified_language(self) -> Message:
        """The identified language with its certainty; empty if none was identified."""
        if not self.language:
            return same("")
        if self.language == "und":
            return UNSURE
        name = language_name(self.language.split("_")[0])
        return _LANGUAGE.fill(name=name, score=decimal(f"{self.score:.2f}")) if self.score is not None else name

    @property
    def kept(self) -> bool:
        """Whether a run would keep the item."""
        return self.reason is None

    def as_dict(self, language: str) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "where": self.where,
            "title": self.title,
            "language": self.language,
            "language_score": self.score,
            "kept": self.kept,
            "reason": self.reason,
            "why": [sentence.translate(language) for sentence in self.why],
            "original": self.original,
            "text": self.text,
        }


def to_look_at(text: str, language: str | None, languages: Sequence[str]) -> tuple[Message, ...]:
    """Return notes on a text that a person should check: another language than stated, or a very short text."""
    code = short(language or "")
    sentences = []
    if code == "und":
        sentences.append(UNSURE)
    elif code and languages and not any(admits(stated, code) for stated in languages):
        sentences.append(
            _OTHER_LANGUAGE.fill(found=language_name(code), stated=enumerated(map(language_name, languages)))
        )
    words = len(text.split())
    if words < 20:  # noqa: PLR2004  (a paragraph's worth; fewer are mostly a caption or a menu)
        sentences.append(_("very short (words: {n})", n=words))
    return tuple(sentences)


def page_statements(states: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return sentences about a page's section, licences and other notes of `extract`.

    >>> page_statements({"section": "Cultura"})[0].translate("pt")
    'seção: Cultura'
    """
    sentences = [_("section: {name}", name=states["section"])] if states.get("section") else []
    sentences += [_NOTES.get(note.partition(":")[0], same(note)) for note in states.get("notes", ())]
    sentences += [_("it states this licence: {address}", address=address) for address in states.get("licences", ())]
    sentences += [_("it reserves its rights: {words}", words=words) for words in states.get("notices", ())]
    sentences += [_("it forbids a use: {words}", words=words) for words in states.get("refusals", ())]
    if "tier_before" in states:
        sentences.append(_NARROWED.fill(tier=TIERS[states["tier_before"]]))
    return tuple(sentences)


def summary(items: Sequence[Item], tier: str, uses: Sequence[str]) -> list[Message]:
    """Return sentences about the number of kept items, the masked names and the rights."""
    kept_count = sum(item.kept for item in items)
    counted = _COUNT.fill(n=len(items), kept=kept_count, dropped=len(items) - kept_count)
    allowed = enumerated(USES[use] for use in uses) if uses else same("—")
    rights = _("Rights: {tier}; uses: {uses}.", tier=TIERS[tier], uses=allowed)
    with_codes = sum(item.has_codes for item in items)
    names = _CODED.fill(n=with_codes) if with_codes else _NAMES
    return [counted, names, _NEVER_RELEASED if tier == "unknown" else rights]


def lines_left_out(original: str, text: str, title: str | None = None) -> Iterator[tuple[str, bool]]:
    r"""Yield each line of the original, and whether its words are missing from both text and title.

    >>> list(lines_left_out("Inicio\nLa barca salió.", "La barca salió."))
    [('Inicio', True), ('La barca salió.', False)]
    """
    words_of_text, heading = " ".join(text.split()), " ".join((title or "").split())
    for line in original.splitlines():
        words = " ".join(line.split())
        if words:
            yield line.rstrip(), words not in words_of_text and words != heading


def preview_page(
    name: str, items: Sequence[Item], sentences: Sequence[Message], language: str, *, internal: bool
) -> str:
    """Return the page as HTML."""
    return render(
        "preview.html",
        language,
        kind="preview",
        title=name,
        sections=[(f"item-{number}", item.title or item.where) for number, item in enumerate(items, 1)],
        internal=internal,
        sentences=sentences,
        items=[(item, KEPT if item.kept else DROPPED, _passages(item), item.text[:_PAGE_TEXT]) for item in items],
        heads=(ORIGINAL, EXTRACTED),
    )


def _passages(item: Item) -> list[tuple[bool, str]]:
    """Return the original as passages of consecutive lines, each with a flag whether it was left out of the text."""
    lines = lines_left_out(item.original[:_PAGE_TEXT], item.text, item.title)
    groups = groupby(lines, lambda pair: pair[1])
    return [(is_left_out, "\n".join(line for line, _ in group)) for is_left_out, group in groups]
