"""Describe the history of a document in words, for `explain` and for notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from latam_corpus.audit.copies import lines as copy_lines
from latam_corpus.catalog.display_names import (
    COUNTRIES,
    TIERS,
    USES,
    extractor_name,
    genre_name,
    language_label,
    stage_names,
)
from latam_corpus.messages import Message, _, decimal, enumerated, same, sentence
from latam_corpus.pipeline.stored_runs.held_documents import UNKNOWN
from latam_corpus.pipeline.stored_runs.reasons import bound_of, meaning, reason_label
from latam_corpus.report.figures import Figures
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from collections.abc import Iterator

# Pieces of a line, each with its style: "", "bold", "green" or "red". Words of documents in them aren't escaped.
Line: TypeAlias = "list[tuple[str, str]]"
_BASES: Final = {"declared": _("according to its source"), "predicted": _("according to its words")}
_VERDICTS: Final = {"passed": _("passed"), "dropped": _("dropped"), "changed": _("changed"), "failed": _("set aside")}
# Labels for the evidence in ledgers.
_EVIDENCE: Final = {
    "error": _("what is wrong"),
    "remedy": _("what to do"),
    "why": _("why"),
    "file": _("file"),
    "name": _("name"),
    "names": _("names"),
    "row": _("row"),
    "several": _("files with this name"),
    "list": _("list"),
    "record": _("record number"),
    "line": _("line"),
    "lines": _("lines"),
    "column": _("column"),
    "score": _("score"),
    "languages": _("languages"),
    "bytes": _("bytes"),
    "limit_bytes": _("maximum number of bytes"),
    "limit_members": _("maximum number of files"),
    "near": _("text near it"),
    "found": _("found"),
    "expected": _("expected"),
    "stated": _("stated"),
    "counted": _("counted"),
    "format": _("format"),
    "url": _("address"),
    "speakers": _("speakers with codes"),
    "obtained": _("obtained"),
}
_SENTENCES: Final = ("error", "remedy", "why", "format")  # keys of evidence whose values are sentences
_MAX_CUES: Final = 12
_WIDTH: Final = 12  # characters of the first column


def lineage_lines(lineage: dict[str, Any], language: str = "en") -> list[Line]:
    """Return the lines of a document's history (`lineage.lineage`), with styles."""
    say = Speaker(language)
    label = lineage["title"] or lineage["beginning"].strip().split("\n")[0][:70] or say(_("without text"))
    run, verdict = say(_("run")), [("green", say(_("kept")))]
    if lineage["verdict"] == "withdrawn":
        verdict = [("red", say(_("withdrawn: the run kept it, and readers no longer get it")))]
    elif lineage["verdict"] != "kept":
        verdict = [("red", say(_("set aside"))), ("", f": {say(reason_label(lineage['reason']))}")]
    return [
        [("bold", label), ("", f"   {lineage['doc_id']}")],
        [("", f"  {run:<9} {lineage['run']}")],
        *([("", line)] for line in (*_fact_lines(lineage, say), *_step_lines(lineage, say))),
        [("", _labelled(say(_("verdict")), "")), *verdict],
        *([("", line)] for line in _release_lines(lineage, say)),
    ]


@dataclass(frozen=True)
class Speaker:
    """Translates messages into one language."""

    language: str

    def __call__(self, message: Message) -> str:
        """Return the message in the language."""
        return message.translate(self.language)


def facts(lineage: dict[str, Any], say: Speaker) -> Iterator[tuple[Message, str, list[str]]]:
    """Yield facts about a document: the label, the value, and further lines about the value."""
    source = {"source": lineage["source"]["id"], "when": _moment(lineage["source"]["obtained"], say)}
    origin = lineage["source"]["origin"] or {}
    place = "#".join(str(part) for part in (origin.get("file"), origin.get("member")) if part)
    origin_line = _("{source}: {place}, obtained {when}") if place else _("{source}, obtained {when}")
    if not source["when"]:
        origin_line = Message("{source}: {place}" if place else "{source}")
    genre = say(genre_name(lineage["genre"])) if lineage["genre"] and say.language != "en" else lineage["genre"]
    country = say(COUNTRIES.get(lineage["country"], same(lineage["country"] or "")))
    about_language = [*_cues(lineage["language"]), *_spelling_lines(lineage["language"], say)]
    rows = [
        (_("from"), say(origin_line.fill(place=place, **source)), []),
        (_("url"), lineage["url"], []),
        (_("rights"), _rights(lineage["rights"], say), []),
        (_("language"), _language(lineage["language"], say), about_language),
        (_("genre"), " · ".join(part for part in (genre, country) if part), []),
        (_("read as"), lineage["extractor"] and say(extractor_name(lineage["extractor"])), []),
        (_("section"), lineage["stated"].get("section"), []),
        (_("licence"), _licences(lineage["stated"], say), []),
    ]
    yield from (row for row in rows if row[1])


def steps(lineage: dict[str, Any], say: Speaker) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each stage's name, its effect on the document, and lines about copies."""
    for step in lineage["stages"]:
        about_copies = copy_lines(lineage["copies"], step["evidence"]) if step["stage"] == "dedupe" else []
        yield say(stage_names(step["stage"])), _step(step, say), [say(line) for line in about_copies]


def _moment(value: Any, say: Speaker) -> Any:
    """Format a time; return days and other values unchanged."""
    return Figures(say.language).moment(value) if isinstance(value, str) and "T" in value else value


def _fact_lines(lineage: dict[str, Any], say: Speaker) -> Iterator[str]:
    for name, value, more in facts(lineage, say):
        yield f"  {say(name):<9} {value}"
        yield from (f"{'':<12}{line}" for line in more)


def _step_lines(lineage: dict[str, Any], say: Speaker) -> Iterator[str]:
    described = list(steps(lineage, say))
    width = max((_WIDTH, *(len(name) for name, _action, _copies in described)))
    for step, (name, action, about_copies) in zip(lineage["stages"], described, strict=True):
        yield f"  {name:<{width}} {action}"
        if step["stage"] == "filter":
            yield from (f"     {bound_line(bound, say.language)}" for bound in lineage["bounds"])
        yield from (f"     {line}" for line in about_copies)


def _labelled(name: str, value: str) -> str:
    return f"  {name:<{_WIDTH}} {value}"


def _release_lines(lineage: dict[str, Any], say: Speaker) -> Iterator[str]:
    withdrawn = lineage.get("withdrawn")
    if withdrawn:
        entry = f"{withdrawn['time'][:10]}, {withdrawn['request']}: {withdrawn['because']}"
        yield _labelled(say(_("withdrawn")), entry)
    for name, where in releases(lineage, say):
        yield _labelled(say(_("release")), f"{name}: {where}")


def releases(lineage: dict[str, Any], say: Speaker) -> Iterator[tuple[str, str]]:
    """Yield each version with a decision about a document, and the decision.

    >>> one = {"release": "cantos@2026.11.0", "verdict": "dropped", "reason": "rights_tier=unknown", "evidence": None}
    >>> [decision for _name, decision in releases({"releases": [one]}, Speaker("es"))]
    ['no incluido: sus derechos no se conocen o no se entienden']
    """
    for release in lineage["releases"]:
        shard = (release["evidence"] or {}).get("shard", "")
        where = _("in, shard {shard}", shard=shard)
        if release.get("withdrawn"):
            where = _("was in this version; readers no longer get it")
        if release["verdict"] != "released":
            reason = release["reason"] or ""
            if lineage.get("held") and reason.endswith(UNKNOWN):
                reason += f":{lineage['held']}"
            where = _("left out: {reason}", reason=meaning(reason))
        yield release["release"], say(where)


def _rights(rights: dict[str, Any], say: Speaker) -> str:
    statement = rights["rights"] or _("none stated")
    tier = same(rights["rights_tier"])
    if say.language != "en":
        tier = TIERS.get(rights["rights_tier"], tier)
    if not rights["uses"]:
        return say(_("{rights} ({tier}); allows no use", rights=statement, tier=tier))
    uses = enumerated(USES.get(use, same(use)) for use in rights["uses"])
    return say(_("{rights} ({tier}); allows {uses}", rights=statement, tier=tier, uses=uses))


def _licences(page_terms: dict[str, Any], say: Speaker) -> str:
    """Describe the licences and refusals that the document states, and whether they narrowed its terms."""
    licences = ", ".join(
        [*page_terms.get("licences", ()), *page_terms.get("notices", ()), *page_terms.get("refusals", ())]
    )
    if "agreement" in page_terms:
        agreed = _("{licences} (as the document states; more is permitted by the agreement {agreement})")
        return say(agreed.fill(licences=licences, agreement=page_terms["agreement"]))
    if page_terms.get("refusals") and "tier_before" not in page_terms:
        return say(_("{licences} (as the document states; it withholds uses)", licences=licences))
    if "tier_before" not in page_terms:
        return licences and say(_("{licences} (as the document states; it changes no terms)", licences=licences))
    previous = f"{page_terms['rights_before']} ({page_terms['tier_before']})"
    if page_terms.get("because") == "unread":
        unread = _("{licences} (as the document states; the program doesn't know what it allows; before: {before})")
        return say(unread.fill(licences=licences, before=previous))
    return say(_("{licences} (as the document states; less open than {before})", licences=licences, before=previous))


def _language(language: dict[str, Any], say: Speaker) -> str:
    parts = [language_label(language["language"]) if language["language"] else _("not identified")]
    if language["language_score"] is not None:
        parts.append(_("score {score}", score=decimal(f"{language['language_score']:.2f}")))
    if language["declared_language"]:
        parts.append(_("declared {code}", code=language_label(language["declared_language"])))
    if language["variety"] and language["variety"] != language["declared_language"]:
        basis = language["variety_basis"]
        variety = same(language["variety"])
        parts.append(Message("{variety} ({basis})", {"variety": variety, "basis": _BASES[basis]}) if basis else variety)
    return say(enumerated(parts))


def _cues(language: dict[str, Any]) -> list[str]:
    """Return the words by which the variety was predicted, with one line per region."""
    return [
        f"{region}: {', '.join(words[:_MAX_CUES])}{' …' if len(words) > _MAX_CUES else ''}"
        for region, words in (language["variety_cues"] or {}).items()
    ]


def _spelling_lines(language: dict[str, Any], say: Speaker) -> list[str]:
    """Return a line about a text's apostrophes, which are treated as one letter, and one line for each known spelling.

    >>> spelling = {"name": "Aymara: old and new", "source": "a page", "old": 3, "modern": 1}
    >>> _spelling_lines({"written": {"apostrophes": {"ʼ": 4}, "spellings": [spelling]}}, Speaker("en"))
    ['apostrophes, read as one letter: ʼ (4)', 'Aymara: old and new: 3 signs of the first, 1 of the second; a page']
    """
    written = language.get("written") or {"apostrophes": {}, "spellings": []}
    signs = ", ".join(f"{sign} ({times})" for sign, times in written["apostrophes"].items())
    spelt = _("{name}: {old} {old:sign|signs} of the first, {modern} of the second; {source}")
    return [
        *([say(_("apostrophes, read as one letter: {signs}", signs=signs))] if signs else []),
        *(
            say(spelt.fill(**{name: spelling[name] for name in ("name", "old", "modern", "source")}))
            for spelling in written["spellings"]
        ),
    ]


def _step(step: dict[str, Any], say: Speaker) -> str:
    verdict = say(_VERDICTS.get(step["verdict"], same(step["verdict"])))
    if step["stage"] == "supersede" and step["evidence"]:
        obtained = {name: _moment(value, say) for name, value in step["evidence"].items()}
        return say(_record(step["verdict"], obtained))
    if step["verdict"] == "passed":
        return verdict
    if step["stage"] == "dedupe":  # the lines about copies show the evidence
        return f"{verdict} {say(reason_label(step['reason']))}"
    evidence = step["evidence"]
    if step["stage"] == "extract" and step["verdict"] == "changed":  # the facts show the terms of the page
        narrowed = _("passed; its own statement of rights narrowed its terms")
        return say(narrowed if "tier_before" in evidence or "refusals" in evidence else _VERDICTS["passed"])
    if step["verdict"] == "changed" and step["stage"] in _NOTED:
        return say(_NOTED[step["stage"]](evidence))
    reason = say(reason_label(step["reason"])) if step["reason"] != step["stage"] else ""
    shown = _evidence(step, say)
    return " ".join(part for part in (verdict, reason, shown and f"({shown})") if part)


def _identified(evidence: dict[str, Any]) -> Message:
    message = _("declared by its source as {declared} (prior {prior}); the text alone: {shown}, score {score}")
    figures = {"prior": decimal(f"{evidence['prior']:g}"), "score": decimal(f"{evidence['score']:.2f}")}
    return message.fill(declared=evidence["declared"], shown=evidence["shown"], **figures)


def _collected(evidence: dict[str, Any]) -> Message:
    """Describe the values of a record that weren't understood, and those that narrowed its terms."""
    cells = evidence.get("unread", {}).items()
    notes = [_("«{value}» isn't understood as «{name}»", name=name, value=value) for name, value in cells]
    narrowing = evidence.get("narrowed_by", {}).items()
    notes += [_("«{name}» narrows its terms: «{value}»", name=name, value=value) for name, value in narrowing]
    if "catalogue_row" in evidence:
        near = evidence.get("nearest")
        unlisted = _("the catalogue has no row for its file, so it is held back")
        closest = _("the catalogue has no row for its file, so it is held back; the closest name in it: «{near}»")
        notes.append(closest.fill(near=near) if near else unlisted)
    for file in evidence.get("unread_catalogues", ()):
        unnamed = _("«{file}» seems to be a catalogue, and the source doesn't name it, so the document is held back")
        notes.append(unnamed.fill(file=file))
    return enumerated(notes, "; ")


_NOTED: Final = {"collect": _collected, "identify": _identified}


def _evidence(step: dict[str, Any], say: Speaker) -> str:
    """Describe the evidence of a stage.

    In English, it is listed by its keys; in other languages with labels, and without bounds, which are shown in
    separate lines.
    """
    evidence = step["evidence"]
    if not isinstance(evidence, dict):
        return ""
    if say.language == "en":
        return ", ".join(f"{key} = {value}" for key, value in evidence.items() if key != "sentences")
    shown = [
        (key, sentence(evidence, str(value)) if key in _SENTENCES else _evidence_value(value))
        for key, value in evidence.items()
        if value not in (None, []) and bound_of(key) is None and key != "sentences"
    ]
    pairs = ({"key": _EVIDENCE.get(key, same(key)), "value": value} for key, value in shown)
    return say(enumerated(Message("{key}: {value}", pair) for pair in pairs))


def _evidence_value(value: object) -> Message:
    if isinstance(value, list):
        return enumerated(map(_evidence_value, value))
    return decimal(f"{value:g}") if isinstance(value, float) else same(value)


def _record(verdict: str, evidence: dict[str, Any]) -> Message:
    """Describe which of two records of a document was kept.

    >>> print(_record("passed", {"obtained": "2024-05-01", "obtained_winner": "2025-01-01"}))
    this record replaced another one of the same document, obtained 2024-05-01
    """
    own_time, kept_time = evidence["obtained"], evidence["obtained_winner"]
    if verdict == "passed":
        undated = _("this record replaced another one of the same document, which states no time")
        dated = _("this record replaced another one of the same document, obtained {when}")
        return dated.fill(when=own_time) if own_time else undated
    if not kept_time:
        return _("another record of the same document was kept; neither states when it was obtained")
    if not own_time:
        dated = _("another record of the same document was kept, obtained {kept}; this one states no time")
        return dated.fill(kept=kept_time)
    if kept_time == own_time:
        return _("another record of the same document was kept, obtained at the same time")
    message = _("another record of the same document was kept, obtained {kept}; this one was obtained {mine}")
    return message.fill(kept=kept_time, mine=own_time)


def bound_line(bound: dict[str, Any], language: str = "en") -> str:
    """Format a bound and the measured value: `✓ stop_word_share 0.54 ≥ 0.29  genres/literature.toml`."""
    limits = [f"≥ {bound['min']:g}"] if bound["min"] is not None else []
    limits += [f"≤ {bound['max']:g}"] if bound["max"] is not None else []
    limit = decimal(" ".join(limits)).translate(language)
    measured = _("no list") if bound["value"] is None else decimal(f"{bound['value']:.3g}")
    value = measured.translate(language)
    mark = "✓" if bound["kept_to"] else "✗"
    adjusted = bound.get("held_as")
    short = ""
    if adjusted is not None:
        short = "  " + _("(few words: counted as {value})", value=decimal(f"{adjusted:.3g}")).translate(language)
    where, name = f"{bound['file']}{short}", bound["signal"]
    if language != "en":  # in English, the key needs no label
        where, name = f"{bound['file']}: {name}{short}", signal_label(name).translate(language)
    return f"{mark} {name:<{26 if language == 'en' else 50}}{value:>8}  {limit:<16}{where}"
