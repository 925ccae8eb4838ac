"""ELAN (EAF 2.7 to 3.0): the annotations of transcription tiers in order of time, each a turn of its participant.

Translation tiers become separate documents, segment by segment; glosses and other analyses are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.document import Extracted, UnusableError, Utterance, as_lines
from latam_corpus.extract.stated_rights.file_properties import title_and_creators
from latam_corpus.extract.stated_rights.file_refusals import refusals_in
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml import etree

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "elan 3"

NO_TIMES: Final = "segments without times"
LEFT_OUT: Final = "tiers left out: {names}"

# Names of tiers and tier types in the region's archives and in ELAN's own templates.
_TRANSLATION: Final = re.compile(
    r"(?:^|[^a-z])(?:ft|fe|fs|lt|trad\w*|transl\w*|free|libre|gloss?-?libre)(?:$|[^a-z])", re.IGNORECASE
)
_NO_TEXT: Final = re.compile(
    r"(?:^|[^a-z])(?:gl|ge|gls?|glos\w*|ps|pos|mb|mot?|morph?\w*|word\w*|palabra\w*|token\w*|note?s?|nota\w*|notes?"
    r"|coment\w*|comment\w*|gest\w*|id|ref|lexem\w*|parse|syn\w*|phon\w*|fono?\w*|pitch|topic\w*|tema\w*|cv)(?:$|[^a-z])",
    re.IGNORECASE,
)


# The name of a tier without a parent may be a speaker's initials.
_INITIALS: Final = re.compile(r"(?:gl|ge|gls?|ps|pos|mb|mot?|cv|id|syn|ft|fe|fs|lt)", re.IGNORECASE)

# Maximum depth of dependent tiers; ELAN's own templates have five levels.
_DEEPEST: Final = 16


@dataclass
class _Tier:
    name: str
    kind: str
    participant: str | None
    language: str | None
    parent: str | None
    annotations: list[_Annotation] = field(default_factory=list)


@dataclass
class _Annotation:
    number: str
    words: str
    start: float | None
    end: float | None
    refers: str | None
    # Sort key: the last known time at or before its time slot, and the slot's number if the slot has no time.
    place: tuple[float, int] | None = None


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of an annotated recording: a turn per line, in order of time.

    Args:
        raw: the XML.
        parameters: `properties`, see `title_and_creators`; the file's author is seldom a speaker.

    Raises:
        UnusableError: it isn't an ELAN document, or no tier has a transcription.
    """
    root = parse_xml(raw)
    if name_of(root) != "ANNOTATION_DOCUMENT":
        raise UnusableError("not a transcript", f"its root is <{name_of(root)}>", N_("save it with ELAN as EAF"))
    tiers = _tiers(root)
    texts = [tier for tier in tiers if tier.annotations and _is_transcription(tier, tiers)]
    if not texts:
        raise UnusableError(
            "not a transcript", N_("no tier has a transcription"), N_("name one «transcripción», or «tx»")
        )
    segments = sorted(
        ((tier, annotation) for tier in texts for annotation in tier.annotations),
        key=lambda pair: pair[1].place or (float("inf"), 0),
    )
    numbered = {annotation.number: index for index, (_, annotation) in enumerate(segments)}
    text, turns = as_lines(_utterances(segments))
    languages = {tier.language for tier in texts}
    author = root.get("AUTHOR")
    _, creators = title_and_creators(parameters, None, (author,) if author else ())
    notes: tuple[str, ...] = (NO_TIMES,) if any(annotation.start is None for _, annotation in segments) else ()
    left_out = [
        tier.name
        for tier in tiers
        if tier.parent is None and tier not in texts and any(map(_has_word, tier.annotations))
    ]
    notes += (LEFT_OUT.format(names=", ".join(left_out)),) if left_out else ()
    return Extracted(
        text, EXTRACTOR, turns=turns, notes=notes, versions=tuple(_translations(tiers, segments, numbered)),
        declared_language=languages.pop() if len(languages) == 1 else None,
        creators=creators,
        licences=stated_in(*root.iterfind("LICENSE")), refusals=refusals_in(*root.iterfind("HEADER")),
    )  # fmt: skip


def _utterances(segments: Sequence[tuple[_Tier, _Annotation]]) -> Iterator[Utterance]:
    for index, (tier, annotation) in enumerate(segments):
        yield Utterance(
            annotation.words, tier.participant or tier.name, annotation.start, annotation.end, tier.language, index
        )


def _translations(
    tiers: Sequence[_Tier], segments: Sequence[tuple[_Tier, _Annotation]], numbered: Mapping[str, int]
) -> Iterator[Extracted]:
    """Yield a document for each language into which the segments are translated."""
    by_language: dict[str | None, list[Utterance]] = {}
    refers = {annotation.number: annotation.refers for tier in tiers for annotation in tier.annotations}
    for tier in tiers:
        if not _is_translation(tier):
            continue
        for annotation in tier.annotations:
            index = _segment(annotation, refers, numbered)
            if index is not None:
                spoken, segment = segments[index]
                utterance = Utterance(
                    annotation.words,
                    spoken.participant or spoken.name,
                    segment.start,
                    segment.end,
                    tier.language,
                    index,
                )
                by_language.setdefault(tier.language, []).append(utterance)
    for language, segment_words in by_language.items():
        text, turns = as_lines(sorted(segment_words, key=lambda utterance: utterance.segment or 0))
        if text:
            yield Extracted(text, EXTRACTOR, turns=turns, declared_language=language, composition="translation")


def _segment(annotation: _Annotation, refers: Mapping[str, str | None], numbered: Mapping[str, int]) -> int | None:
    """Return the index of the segment that an annotation translates, directly or through intermediate tiers."""
    current: str | None = annotation.number
    for _ in range(_DEEPEST):
        current = refers.get(current or "")
        if current is not None and current in numbered:
            return numbered[current]
    return None


def _tiers(root: etree._Element) -> list[_Tier]:
    times, places = _time_order(root)
    tiers = [
        _Tier(
            tier.get("TIER_ID") or "",
            tier.get("LINGUISTIC_TYPE_REF") or "",
            (tier.get("PARTICIPANT") or "").strip() or None,
            tier.get("LANG_REF") or tier.get("DEFAULT_LOCALE") or None,
            tier.get("PARENT_REF"),
        )
        for tier in root.iterfind("TIER")
    ]
    placed: dict[str | None, _Annotation] = {}
    for tier, element in zip(tiers, root.iterfind("TIER"), strict=True):
        for item in element.iterfind("ANNOTATION/*"):
            annotation = _Annotation(
                item.get("ANNOTATION_ID") or "",
                words(item.find("ANNOTATION_VALUE")),
                times.get(item.get("TIME_SLOT_REF1")),
                times.get(item.get("TIME_SLOT_REF2")),
                item.get("ANNOTATION_REF"),
                places.get(item.get("TIME_SLOT_REF1")),
            )
            placed[annotation.number] = annotation
            tier.annotations.append(annotation)
    for tier in tiers:
        last_place: tuple[float, int] | None = None
        for annotation in tier.annotations:  # an annotation without a time takes the time of the one it refers to
            ancestor, steps = annotation, 0
            while ancestor.start is None and ancestor.refers in placed and steps < _DEEPEST:
                ancestor, steps = placed[ancestor.refers], steps + 1
            annotation.start, annotation.end = ancestor.start, ancestor.end
            annotation.place = last_place = ancestor.place or last_place  # without a slot, it follows the previous one
    return tiers


def _time_order(root: etree._Element) -> tuple[dict[str | None, float], dict[str | None, tuple[float, int]]]:
    """Return the times of the slots that have one, and the sort key of each slot.

    If the slots with times aren't in order, as in files written by scripts, a slot without a time has no key.
    """
    times: dict[str | None, float] = {}
    places: dict[str | None, tuple[float, int]] = {}
    latest = 0.0
    is_sorted = True
    for number, slot in enumerate(root.iterfind("TIME_ORDER/TIME_SLOT"), 1):
        name, value = slot.get("TIME_SLOT_ID"), slot.get("TIME_VALUE") or ""
        has_time = value.isdecimal()
        if has_time:
            times[name] = int(value) / 1000
            is_sorted, latest = is_sorted and latest <= times[name], times[name]
        places[name] = (latest, 0 if has_time else number)
    return times, places if is_sorted else {name: (time, 0) for name, time in times.items()}


def _has_word(annotation: _Annotation) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", annotation.words))


def _is_translation(tier: _Tier) -> bool:
    return tier.parent is not None and bool(_TRANSLATION.search(tier.name) or _TRANSLATION.search(tier.kind))


def _is_transcription(tier: _Tier, tiers: Sequence[_Tier]) -> bool:
    """Return whether a tier has the spoken words; among dependent tiers, only the topmost one with words does."""
    names = [tier.kind] if tier.parent is None and _INITIALS.fullmatch(tier.name) else [tier.name, tier.kind]
    if _is_translation(tier) or any(map(_NO_TEXT.search, names)):
        return False
    parent = next((candidate for candidate in tiers if candidate.name == tier.parent), None)
    while parent is not None:
        if any(map(_has_word, parent.annotations)) and not any(
            _NO_TEXT.search(name) for name in (parent.name, parent.kind)
        ):
            return False
        parent = next(
            (candidate for candidate in tiers if candidate.name == parent.parent and candidate is not parent), None
        )
    return True
