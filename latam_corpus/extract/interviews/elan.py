"""ELAN (EAF 2.7 to 3.0): the annotations of the transcription tiers by their time, each a turn of its participant.

Tiers that a translation is in give a document of their own, segment by segment; glosses and other analyses give none.
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

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "elan 3"

NO_TIMES: Final = "segments without times"
LEFT_OUT: Final = "tiers left out: {names}"

# Names that tiers and their types bear in the archives of the region and in ELAN's own templates.
_TRANSLATION: Final = re.compile(
    r"(?:^|[^a-z])(?:ft|fe|fs|lt|trad\w*|transl\w*|free|libre|gloss?-?libre)(?:$|[^a-z])", re.IGNORECASE
)
_NO_TEXT: Final = re.compile(
    r"(?:^|[^a-z])(?:gl|ge|gls?|glos\w*|ps|pos|mb|mot?|morph?\w*|word\w*|palabra\w*|token\w*|note?s?|nota\w*|notes?"
    r"|coment\w*|comment\w*|gest\w*|id|ref|lexem\w*|parse|syn\w*|phon\w*|fono?\w*|pitch|topic\w*|tema\w*|cv)(?:$|[^a-z])",
    re.IGNORECASE,
)


# Of a tier that depends on no other these may be a speaker's initials.
_INITIALS: Final = re.compile(r"(?:gl|ge|gls?|ps|pos|mb|mot?|cv|id|syn|ft|fe|fs|lt)", re.IGNORECASE)

# Tiers that depend on one another; ELAN's own templates have five.
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
    # Where it begins: the last known time up to its slot, and the number of its slot if that has no time.
    place: tuple[float, int] | None = None


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of an annotated recording: a turn a line, in the order of time.

    Args:
        raw: the XML.
        parameters: `properties`, see `title_and_creators`; who made the file is seldom who speaks.

    Raises:
        UnusableError: it is no ELAN document, or has no tier with a transcription.
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
        ((tier, one) for tier in texts for one in tier.annotations),
        key=lambda pair: pair[1].place or (float("inf"), 0),
    )
    numbered = {one.number: index for index, (_, one) in enumerate(segments)}
    text, turns = as_lines(_utterances(segments))
    languages = {tier.language for tier in texts}
    author = root.get("AUTHOR")
    _, creators = title_and_creators(parameters, None, (author,) if author else ())
    notes: tuple[str, ...] = (NO_TIMES,) if any(one.start is None for _, one in segments) else ()
    alone = [
        tier.name for tier in tiers if tier.parent is None and tier not in texts and any(map(_words, tier.annotations))
    ]
    notes += (LEFT_OUT.format(names=", ".join(alone)),) if alone else ()
    return Extracted(
        text, EXTRACTOR, turns=turns, notes=notes, versions=tuple(_translations(tiers, segments, numbered)),
        declared_language=languages.pop() if len(languages) == 1 else None,
        creators=creators,
        licences=stated_in(*root.iterfind("LICENSE")), refusals=refusals_in(*root.iterfind("HEADER")),
    )  # fmt: skip


def _utterances(segments: Sequence[tuple[_Tier, _Annotation]]) -> Iterator[Utterance]:
    for index, (tier, one) in enumerate(segments):
        yield Utterance(one.words, tier.participant or tier.name, one.start, one.end, tier.language, index)


def _translations(
    tiers: Sequence[_Tier], segments: Sequence[tuple[_Tier, _Annotation]], numbered: Mapping[str, int]
) -> Iterator[Extracted]:
    """Yield a document for each language that the segments are translated into."""
    by_language: dict[str | None, list[Utterance]] = {}
    refers = {each.number: each.refers for tier in tiers for each in tier.annotations}
    for tier in tiers:
        if not _is_translation(tier):
            continue
        for one in tier.annotations:
            index = _segment(one, refers, numbered)
            if index is not None:
                spoken, segment = segments[index]
                utterance = Utterance(
                    one.words, spoken.participant or spoken.name, segment.start, segment.end, tier.language, index
                )
                by_language.setdefault(tier.language, []).append(utterance)
    for language, segment_words in by_language.items():
        text, turns = as_lines(sorted(segment_words, key=lambda one: one.segment or 0))
        if text:
            yield Extracted(text, EXTRACTOR, turns=turns, declared_language=language, composition="translation")


def _segment(one: _Annotation, refers: Mapping[str, str | None], numbered: Mapping[str, int]) -> int | None:
    """Return the number of the segment that an annotation translates, through tiers between them."""
    here: str | None = one.number
    for _ in range(_DEEPEST):
        here = refers.get(here or "")
        if here is not None and here in numbered:
            return numbered[here]
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
        for annotation in element.iterfind("ANNOTATION/*"):
            one = _Annotation(
                annotation.get("ANNOTATION_ID") or "",
                words(annotation.find("ANNOTATION_VALUE")),
                times.get(annotation.get("TIME_SLOT_REF1")),
                times.get(annotation.get("TIME_SLOT_REF2")),
                annotation.get("ANNOTATION_REF"),
                places.get(annotation.get("TIME_SLOT_REF1")),
            )
            placed[one.number] = one
            tier.annotations.append(one)
    for tier in tiers:
        before: tuple[float, int] | None = None
        for one in tier.annotations:  # one without a time of its own has that of the annotation it depends on
            above, steps = one, 0
            while above.start is None and above.refers in placed and steps < _DEEPEST:
                above, steps = placed[above.refers], steps + 1
            one.start, one.end = above.start, above.end
            one.place = before = above.place or before  # without a slot it follows the annotation before it
    return tiers


def _time_order(root: etree._Element) -> tuple[dict[str | None, float], dict[str | None, tuple[float, int]]]:
    """Return the times of the slots that have one, and the place of each slot in the order of time.

    A slot without a time has no place if the others aren't in the order of time, as in files that scripts have written.
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


def _words(annotation: _Annotation) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", annotation.words))


def _is_translation(tier: _Tier) -> bool:
    return tier.parent is not None and bool(_TRANSLATION.search(tier.name) or _TRANSLATION.search(tier.kind))


def _is_transcription(tier: _Tier, tiers: Sequence[_Tier]) -> bool:
    """Whether the words of a tier are those that were said: of a chain of tiers the first that has any."""
    names = [tier.kind] if tier.parent is None and _INITIALS.fullmatch(tier.name) else [tier.name, tier.kind]
    if _is_translation(tier) or any(map(_NO_TEXT.search, names)):
        return False
    above = next((one for one in tiers if one.name == tier.parent), None)
    while above is not None:
        if any(map(_words, above.annotations)) and not any(_NO_TEXT.search(name) for name in (above.name, above.kind)):
            return False
        above = next((one for one in tiers if one.name == above.parent and one is not above), None)
    return True
