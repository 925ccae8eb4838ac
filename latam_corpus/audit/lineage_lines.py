"""A document's story in words, a line a fact, as `explain` prints it and a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from latam_corpus.audit.copies import lines as copy_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

# Pieces of a line, each with its style: "", "bold", "green" or "red". They hold other people's words as they are.
Line: TypeAlias = "list[tuple[str, str]]"
# What every run does beside its recipe's stages, in words.
_NAMES: Final = {"supersede": "records"}
_MOST_CUES: Final = 12


def lineage_lines(told: dict[str, Any]) -> list[Line]:
    """The lines of a story (see `story`), the verdict in its colour.

    Args:
        told: what `story` gave.
    """
    label = told["title"] or told["beginning"].strip().split("\n")[0][:70] or "without text"
    verdict = [("green", "kept")] if told["verdict"] == "kept" else [("red", "set aside"), ("", f": {told['reason']}")]
    return [
        [("bold", label), ("", f"   {told['doc_id']}")],
        *([("", line)] for line in (*_facts(told), *_steps(told))),
        [("", f"  {'verdict':<13}"), *verdict],
        *([("", line)] for line in _releases(told)),
    ]


def _facts(told: dict[str, Any]) -> Iterator[str]:
    origin = told["source"]["origin"] or {}
    place = "#".join(str(part) for part in (origin.get("file"), origin.get("member")) if part)
    facts = [
        ("from", f"{told['source']['id']}: {place}, obtained {told['source']['obtained']}"),
        ("url", told["url"]),
        ("rights", _rights(told["rights"])),
        ("language", _language(told["language"])),
        ("genre", " · ".join(part for part in (told["genre"], told["country"], told["extractor"]) if part)),
    ]
    facts += [("section", told["stated"].get("section")), ("licence", _licences(told["stated"]))]
    for name, value in facts:
        if value:
            yield f"  {name:<10}{value}"
        if name == "language":
            yield from (f"{'':<12}{line}" for line in (*_cues(told["language"]), *_written(told["language"])))


def _steps(told: dict[str, Any]) -> Iterator[str]:
    for step in told["stages"]:
        yield f"  {_NAMES.get(step['stage'], step['stage']):<13}{_step(step)}"
        if step["stage"] == "filter":
            yield from (f"     {bound_line(bound)}" for bound in told["bounds"])
        if step["stage"] == "dedupe":
            yield from (f"     {line}" for line in copy_lines(told["copies"]))


def _releases(told: dict[str, Any]) -> Iterator[str]:
    withdrawn = told.get("withdrawn")
    if withdrawn:
        yield f"  {'withdrawn':<13}{withdrawn['time'][:10]}, {withdrawn['request']}: {withdrawn['because']}"
    for release in told["releases"]:
        shard = (release["evidence"] or {}).get("shard", "")
        said = f"in, shard {shard}" if release["verdict"] == "released" else f"left out: {release['reason']}"
        yield f"  {'release':<13}{release['release']}: {said}"


def _rights(rights: dict[str, Any]) -> str:
    uses = ", ".join(rights["uses"] or []) or "no use"
    return f"{rights['rights'] or 'none stated'} ({rights['rights_tier']}); allows {uses}"


def _licences(stated: dict[str, Any]) -> str:
    """The licences that the page links to, and whether they narrowed its terms."""
    named = ", ".join(stated.get("licences", ()))
    if "tier_before" not in stated:
        return named and f"{named} (the page's own link; it changes no terms)"
    return f"{named} (the page's own link; less open than {stated['rights_before']} ({stated['tier_before']}))"


def _language(language: dict[str, Any]) -> str:
    parts = [f"{language['language'] or 'not identified'}"]
    if language["language_score"] is not None:
        parts.append(f"score {language['language_score']:.2f}")
    if language["declared_language"]:
        parts.append(f"declared {language['declared_language']}")
    if language["variety"] and language["variety"] != language["declared_language"]:
        parts.append(f"{language['variety']} {language['variety_basis'] or ''}".rstrip())
    return ", ".join(parts)


def _cues(language: dict[str, Any]) -> list[str]:
    """The words by which the variety was predicted, a line a region."""
    return [
        f"{region}: {', '.join(words[:_MOST_CUES])}{' …' if len(words) > _MOST_CUES else ''}"
        for region, words in (language["variety_cues"] or {}).items()
    ]


def _written(language: dict[str, Any]) -> list[str]:
    """The apostrophes of a text, which are read as one letter, and the spellings whose signs it has, a line each.

    >>> one = {"name": "Aymara: old and new", "source": "a page", "old": 3, "modern": 1}
    >>> _written({"written": {"apostrophes": {"ʼ": 4}, "spellings": [one]}})
    ['apostrophes, read as one letter: ʼ (4)', 'Aymara: old and new: 3 signs of the first, 1 of the second; a page']
    """
    written = language.get("written") or {"apostrophes": {}, "spellings": []}
    signs = ", ".join(f"{sign} ({times})" for sign, times in written["apostrophes"].items())
    return [
        *([f"apostrophes, read as one letter: {signs}"] if signs else []),
        *(
            f"{one['name']}: {one['old']} signs of the first, {one['modern']} of the second; {one['source']}"
            for one in written["spellings"]
        ),
    ]


def _step(step: dict[str, Any]) -> str:
    if step["stage"] == "supersede" and step["evidence"]:
        return _record(step["verdict"], step["evidence"])
    if step["verdict"] == "passed":
        return "passed"
    if step["stage"] == "dedupe":  # told in words below
        return f"{step['verdict']} {step['reason']}"
    evidence = step["evidence"]
    if step["stage"] == "extract" and step["verdict"] == "changed":  # what the page states is told above
        return "passed, its terms narrowed by the page's licence" if "tier_before" in evidence else "passed"
    if step["stage"] == "identify" and step["verdict"] == "changed":
        return (
            f"by its source's word, {evidence['declared']} (prior {evidence['prior']:g}); "
            f"its text alone shows {evidence['shown']}, score {evidence['score']:.2f}"
        )
    shown = ", ".join(f"{key} = {value}" for key, value in evidence.items()) if isinstance(evidence, dict) else ""
    return f"{step['verdict']} {step['reason'] if step['reason'] != step['stage'] else ''} {shown}".strip()


def _record(verdict: str, evidence: dict[str, Any]) -> str:
    """What became of two records of one document.

    >>> _record("passed", {"obtained": "2024-05-01", "obtained_winner": "2025-01-01"})
    'another record of it, obtained 2024-05-01, gave way to this one'
    """
    mine, kept = evidence["obtained"], evidence["obtained_winner"]
    if verdict == "passed":
        return f"another record of it, obtained {mine}, gave way to this one"
    when = f"obtained {kept}, this one {mine}" if kept != mine else "obtained at the same moment"
    return f"this record gave way to another of the same document, {when}"


def bound_line(bound: dict[str, Any]) -> str:
    """A bound with the measured value, as one line: `✓ stop_word_share 0.54 ≥ 0.29  genres/literature.toml`."""
    limits = [f"≥ {bound['min']:g}"] if bound["min"] is not None else []
    limits += [f"≤ {bound['max']:g}"] if bound["max"] is not None else []
    value = "no list" if bound["value"] is None else f"{bound['value']:.3g}"
    mark = "✓" if bound["kept_to"] else "✗"
    held = bound.get("held_as")
    short = "" if held is None else f"  (few words: held as {held:.3g})"
    return f"{mark} {bound['signal']:<26}{value:>8}  {' '.join(limits):<16}{bound['file']}{short}"
