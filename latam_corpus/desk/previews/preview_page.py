"""What a run would make of a handful of a source's items: each beside its original, and why it stays or falls."""

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
_OTHER_LANGUAGE: Final = _("it seems to be in {found}, and the source says {stated}")
_SECTION: Final = _("section: {name}")
_LICENCE: Final = _("it states this licence: {address}")
_NOTES: Final[Mapping[str, Message]] = {
    "metadata not read": _("its metadata (XMP) can't be read: what they state of its rights isn't known"),
    "pages without text": _("some pages have no text: they are scans, whose text must be recognised (OCR)"),
    "pages recognised": _("some pages were recognised (OCR); their letters may be wrong"),
    "cues out of order": _("its cues are out of order; they were sorted by their times"),
    "cues with broken times": _("some cues have times that can't be read"),
    "several versions of a segment": _("some segments have several versions in one language; the first was taken"),
    "segments without times": _("some segments have no times; they stand last"),
    "hidden text left out": _("it has hidden text, which is left out"),
}
_NARROWED: Final = _("that allows less than the source's rights ({tier}): for this document it counts")
_NOTICE: Final = _("it reserves its rights: {words}")
_REFUSAL: Final = _("it refuses a use: {words}")
_SHORT: Final = _("very short (words: {n})")
_LANGUAGE: Final = _("language: {name} (certainty {score})")
KEPT: Final = _("it stays")
DROPPED: Final = _("it falls")
ORIGINAL: Final = _("original")
EXTRACTED: Final = _("text")
_COUNT: Final = _(
    "Texts tried: {n}; {kept} {kept:stays|stay}, {dropped} {dropped:falls|fall}. Personal data that is recognised "
    "is covered."
)
_NAMES: Final = _(
    "Names aren't recognised: those of third persons are covered where the source names a list of them "
    "(third_persons in [consent])."
)
_CODED: Final = _(
    "Speakers of interviews have codes in place of their names ({n} {n:text|texts}). Other names aren't recognised: "
    "those of third persons are covered where the source names a list of them (third_persons in [consent])."
)
_WOULD_BE_RELEASED: Final = _("Rights: {tier}; uses: {uses}.")
_NEVER_RELEASED: Final = _("Without known rights, nothing of this source is released.")


@dataclass(frozen=True)
class Item:
    """An item as it came and as a run would have it.

    Attributes:
        where: its address, or its file and place there.
        title: as catalogued or found.
        language: as identified; None where it fell before.
        score: of the identification.
        reason: why it would be set aside; None for one that stays.
        why: the same in plain words, and what else is to be looked at.
        original: what it was before anything was taken out, redacted.
        text: as extracted, redacted.
        has_codes: whether its speakers are under codes.
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

    @property
    def identified_language(self) -> Message:
        """The language that was identified and how surely; empty where none was looked for."""
        if not self.language:
            return same("")
        if self.language == "und":
            return UNSURE
        name = language_name(self.language.split("_")[0])
        return _LANGUAGE.fill(name=name, score=decimal(f"{self.score:.2f}")) if self.score is not None else name

    @property
    def kept(self) -> bool:
        """Whether it would stay."""
        return self.reason is None

    def as_dict(self, language: str) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "where": self.where,
            "title": self.title,
            "language": self.language,
            "language_score": self.score,
            "kept": self.kept,
            "reason": self.reason,
            "why": [one.translate(language) for one in self.why],
            "original": self.original,
            "text": self.text,
        }


def to_look_at(text: str, language: str | None, languages: Sequence[str]) -> tuple[Message, ...]:
    """Return what a person should look at in an item that stays."""
    code = short(language or "")
    sentences = []
    if code == "und":
        sentences.append(UNSURE)
    elif code and languages and not any(admits(one, code) for one in languages):
        sentences.append(
            _OTHER_LANGUAGE.fill(found=language_name(code), stated=enumerated(map(language_name, languages)))
        )
    words = len(text.split())
    if words < 20:  # noqa: PLR2004  (a paragraph's worth; fewer are mostly a caption or a menu)
        sentences.append(_SHORT.fill(n=words))
    return tuple(sentences)


def page_statements(states: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return what a page states of its section and its licences, as `extract` notes it.

    >>> page_statements({"section": "Cultura"})[0].translate("pt")
    'seção: Cultura'
    """
    sentences = [_SECTION.fill(name=states["section"])] if states.get("section") else []
    sentences += [_NOTES.get(note.partition(":")[0], same(note)) for note in states.get("notes", ())]
    sentences += [_LICENCE.fill(address=address) for address in states.get("licences", ())]
    sentences += [_NOTICE.fill(words=words) for words in states.get("notices", ())]
    sentences += [_REFUSAL.fill(words=words) for words in states.get("refusals", ())]
    if "tier_before" in states:
        sentences.append(_NARROWED.fill(tier=TIERS[states["tier_before"]]))
    return tuple(sentences)


def summary(items: Sequence[Item], tier: str, uses: Sequence[str]) -> list[Message]:
    """How many stay, and whether their rights let them be released."""
    kept = sum(item.kept for item in items)
    counted = _COUNT.fill(n=len(items), kept=kept, dropped=len(items) - kept)
    allowed = enumerated(USES[use] for use in uses) if uses else same("—")
    rights = _WOULD_BE_RELEASED.fill(tier=TIERS[tier], uses=allowed)
    with_codes = sum(item.has_codes for item in items)
    names = _CODED.fill(n=with_codes) if with_codes else _NAMES
    return [counted, names, _NEVER_RELEASED if tier == "unknown" else rights]


def lines_left_out(original: str, text: str, title: str | None = None) -> Iterator[tuple[str, bool]]:
    r"""Each line of the original, and whether its words are neither in the text nor the title.

    >>> list(lines_left_out("Inicio\nLa barca salió.", "La barca salió."))
    [('Inicio', True), ('La barca salió.', False)]
    """
    whole, heading = " ".join(text.split()), " ".join((title or "").split())
    for line in original.splitlines():
        words = " ".join(line.split())
        if words:
            yield line.rstrip(), words not in whole and words != heading


def preview_page(
    name: str, items: Sequence[Item], sentences: Sequence[Message], language: str, *, internal: bool
) -> str:
    """Return the page as HTML.

    Args:
        name: the source's title.
        items: what was tried.
        sentences: of `summary`.
        language: of the page.
        internal: whether it is stamped as not for outside.
    """
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
    """Return the original's lines, those together that became text and those that didn't, and whether they did not."""
    lines = lines_left_out(item.original[:_PAGE_TEXT], item.text, item.title)
    return [(out, "\n".join(line for line, _ in held)) for out, held in groupby(lines, lambda pair: pair[1])]
