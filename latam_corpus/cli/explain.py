"""`latam-corpus explain`: a document's story: from where, through which stages, why it is in or out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.cli import completed
from latam_corpus.cli.show import console, print_json, styled, table
from latam_corpus.cli.stores import existing_store
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.history import finished_runs

if TYPE_CHECKING:
    from latam_corpus.cli.story import Found

# What every run does beside its recipe's stages, in words.
_NAMES: Final = {"supersede": "records"}
_MOST_CUES: Final = 12


def explain(
    query: Annotated[str, typer.Argument(metavar='DOC_ID|URL|"WORDS"', help="A doc_id, a URL, or words of the text.")],
    out: Annotated[Path, typer.Option("--out", help="The folder of runs.")] = Path("out"),
    run: Annotated[
        str,
        typer.Option(
            help="A run, however it is named; all runs by default, the latest first.", autocompletion=completed.runs
        ),
    ] = "",
    store: Annotated[str | None, typer.Option(help="Release store; OUT/store by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell a document's whole story."""
    from latam_corpus.cli.documents import run_meant
    from latam_corpus.cli.story import find, story

    if not query.strip():
        raise ConfigError("explain", "nothing is asked for", "give a doc_id, an address, or some words of the text")
    meant = run_meant(run, out) if run else None
    runs = [meant] if meant else [record.folder for record in finished_runs(out)]
    if not runs:
        raise ConfigError(str(out), "there is no finished run here", "name the folder of runs with --out")
    found = find(out, query, meant)
    if not found:
        where = f"{len(runs)} runs" if len(runs) > 1 else runs[0].name
        raise ConfigError(f"«{query}»", f"no document of {where} has it", "quote words as they stand in the text")
    stories = [story(one, existing_store(store, out)) for one in _latest(found)]
    if as_json:
        print_json(stories)
        return
    if len(stories) > 1 and len({s["doc_id"] for s in stories}) > 1:
        rows = [(s["doc_id"], s["verdict"], s["reason"], s["title"] or s["beginning"][:50]) for s in stories]
        table(
            f"{len(rows)} documents have it; explain one by its doc_id", ["doc_id", "verdict", "reason", "title"], rows
        )
        return
    tell(stories[0])


def _latest(found: list[Found]) -> list[Found]:
    """Each document once, from the latest run that has it."""
    return list({one.row["doc_id"]: one for one in reversed(found)}.values())[::-1]


def tell(told: dict[str, Any]) -> None:
    """Print a story."""
    from latam_corpus.cli.copies import lines

    label = told["title"] or told["beginning"].strip().split("\n")[0][:70] or "without text"
    console.print(styled(("bold", label), f"   {told['doc_id']}"))
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
            console.print(f"  {name:<10}{value}")
        if name == "language":
            for line in _cues(told["language"]):
                console.print(f"{'':<12}{line}")
    for step in told["stages"]:
        console.print(f"  {_NAMES.get(step['stage'], step['stage']):<13}{_step(step)}")
        if step["stage"] == "filter":
            for bound in told["bounds"]:
                console.print(f"     {bound_line(bound)}")
        if step["stage"] == "dedupe":
            for line in lines(told["copies"]):
                console.print(f"     {line}")
    verdict = [("green", "kept")] if told["verdict"] == "kept" else [("red", "set aside"), f": {told['reason']}"]
    console.print(styled(f"  {'verdict':<13}", *verdict))
    for release in told["releases"]:
        shard = (release["evidence"] or {}).get("shard", "")
        said = f"in, shard {shard}" if release["verdict"] == "released" else f"left out: {release['reason']}"
        console.print(f"  {'release':<13}{release['release']}: {said}")


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
    return f"{mark} {bound['signal']:<26}{value:>8}  {' '.join(limits):<16}{bound['file']}"
