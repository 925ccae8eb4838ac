"""The report of a run: counts, contents, dropped documents with the reasons, and the next commands."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.catalog.display_names import language_name
from latam_corpus.catalog.rights import obligations_of
from latam_corpus.messages import Message, enumerated, same, translated
from latam_corpus.pipeline.execution.contracts import input_lines, terms_lines
from latam_corpus.pipeline.planning.own_policies import policies_recorded
from latam_corpus.pipeline.planning.survival import Loss
from latam_corpus.pipeline.stored_runs.reasons import bound_of, meaning
from latam_corpus.release.pages.obligations import DUTIES
from latam_corpus.report.figures import Figures
from latam_corpus.report.names import value_name
from latam_corpus.report.page_words import ASPECTS, WORDS
from latam_corpus.report.run_report.signals_page import histogram, intervals
from latam_corpus.report.templating import render, sections_of
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.report.run_report.run_facts import EarlierRun, Reason, RunFacts, TermsCount

_SECTIONS: Final = ("flow", "holds", "why", "survival", "copies", "small", "owing", "speed", "since", "how")
_MOST: Final = 40  # rows of a table
_VALUES: Final = 12  # maximum rows of a table of contents
_CAUSES: Final = 3  # maximum drop reasons listed per stage or source
_LOSSES: Final = 10


class Rows(NamedTuple):
    """The first rows of a table, with the number of other rows and of their documents."""

    rows: Sequence[Any]
    more: int = 0
    more_documents: int = 0


def run_page(
    facts: RunFacts,
    language: str,
    out: str,
    released: Manifest | None = None,
    *,
    held_back: Mapping[str, int] | None = None,
    internal: bool = False,
) -> str:
    """Return the page as HTML.

    `out` is the value of `--out` in commands on the page. `held_back` is the number of kept documents that no version
    may contain because of their terms, by reason.

    Raises:
        ConfigError: pages aren't available in the language.
    """
    values, figures, name = facts.record.values, Figures(language), facts.record.folder.resolve().name
    losses = [Loss(**loss).message for loss in values.get("losses", ())]
    titles = {source["id"]: source.get("title") or source["id"] for source in values.get("sources", ())}
    recipe = values.get("recipe", {})
    return render(
        "run.html",
        language,
        kind="run_report",
        title=translated(recipe.get("title") or name, language),
        name=name,
        recipe=recipe.get("name", ""),
        finished_on=figures.moment(values.get("written", "")),
        internal=internal,
        sections=sections_of(key for key in _SECTIONS if key != "small" or facts.small),
        facts=facts,
        released=released,
        limit=values.get("limit"),
        failed=sum(bool(part.get("failed")) for part in values.get("parts", ())),
        losses=losses[:_LOSSES],
        more_losses=max(len(losses) - _LOSSES, 0),
        accepted=values.get("accepted_loss"),
        policies=[policy.sentence for policy in policies_recorded(values)],
        flow=list(_flow(facts, figures)),
        sources=_sources(facts, titles, figures),
        reasons=[_reason(reason, facts, figures) for reason in facts.reasons if reason.sources],
        others=first_rows(
            [(meaning(reason.reason), reason.documents) for reason in facts.reasons if not reason.sources], _MOST
        ),
        held=first_rows([(meaning(reason), n) for reason, n in Counter(held_back or {}).most_common()], _MOST),
        about_inputs=list(input_lines(values)),
        about_terms=list(terms_lines(values)),
        contents=[
            (column, contents(column, tallies))
            for column, tallies in facts.contents.items()
            if any(value for value, _n in tallies)
        ],
        survival=_survival(facts, titles),
        small=first_rows([(language_name(small.language), small) for small in facts.small], _MOST),
        seconds=values.get("seconds", 0.0),
        terms=Rows([_owed(terms, titles) for terms in facts.terms[:_MOST]], max(len(facts.terms) - _MOST, 0)),
        changes=first_rows(list(_changes(facts.earlier, titles, figures)) if facts.earlier else [], _MOST),
        commands=list(_commands(facts, name, out, released)),
    )


def first_rows(rows: Sequence[Any], number: int) -> Rows:
    """Return the first rows, and the sum of the other rows' numbers in the second column.

    >>> first_rows([("a", 5), ("b", 3), ("c", 2)], 1)
    Rows(rows=[('a', 5)], more=2, more_documents=5)
    """
    remaining = rows[number:]
    return Rows(rows[:number], len(remaining), sum(row[1] for row in remaining if isinstance(row[1], int)))


def contents(column: str, counts: Sequence[tuple[str, int]]) -> Rows:
    """Return the number of documents for each value of a column, largest first; decades are in chronological order.

    >>> [(str(name), n) for name, n in contents("decade", [("1890", 2), ("", 1), ("1880", 1)]).rows]
    [('1880–1889', 1), ('1890–1899', 2), ('not stated', 1)]
    """
    if column == "decade":
        counts = sorted(counts, key=lambda pair: (not pair[0], pair[0]))
    return first_rows([(value_name(column, value), n) for value, n in counts], _VALUES if column != "decade" else _MOST)


def _causes(reasons: Counter[str] | Mapping[str, int], figures: Figures) -> Message | None:
    """Return the most frequent reasons as text."""
    costliest = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:_CAUSES]
    causes = [Message("{reason} ({n})", {"reason": meaning(reason), "n": figures.number(n)}) for reason, n in costliest]
    return enumerated(causes, " · ") if causes else None


def _flow(facts: RunFacts, figures: Figures) -> Iterator[dict[str, Any]]:
    remaining = facts.rows_in  # includes pieces, if a stage split documents
    for stage, count in facts.stages.items():
        reasons = count["dropped"] | count["failed"]
        lost = sum(count["dropped"].values()) + sum(count["failed"].values())
        remaining -= lost
        if stage != "collect" or lost:
            yield {"stage": stage, "left": remaining, "lost": lost, "why": _causes(reasons, figures)}


def _sources(facts: RunFacts, titles: Mapping[str, str], figures: Figures) -> Rows:
    rows: list[dict[str, Any]] = [
        {
            "title": titles.get(source, source),
            "rows_in": rows_in,
            "kept": kept_count,
            "lost": rows_in - kept_count,
            "why": _causes(reasons, figures),
        }
        for source, (rows_in, kept_count, reasons) in facts.sources.items()
    ]
    return Rows(rows[:_MOST], max(len(rows) - _MOST, 0), sum(row["rows_in"] for row in rows[_MOST:]))


def _reason(reason: Reason, facts: RunFacts, figures: Figures) -> dict[str, Any]:
    cost = WORDS["cost"].fill(
        n=figures.number(reason.documents),
        share=figures.share(reason.documents, facts.rows_in),
        sources=", ".join(f"{source} ({figures.number(n)})" for source, n in reason.sources),
    )
    values: dict[str, Any] = {"fact": reason, "meaning": meaning(reason.reason), "cost": cost, "drawing": ""}
    values["near"] = [{"value": near.value, "dropped": near.dropped, **near.shown._asdict()} for near in reason.near]
    bound = bound_of(reason.reason)
    if not reason.bins or bound is None:
        return values
    label = WORDS["histogram"].fill(
        signal=signal_label(reason.signal),
        low=figures.short(reason.edges[0]),
        high=figures.short(reason.edges[-1]),
        limit=figures.short(reason.limit),
    )
    limits = (reason.limit, None) if bound[1] == "<" else (None, reason.limit)
    values["drawing"] = histogram(reason.bins, reason.edges, limits, figures.short, label.translate(figures.language))
    values["bins"] = intervals(reason.bins, reason.edges)
    return values


def _survival(facts: RunFacts, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return the stages that dropped documents, and for each source how many documents each stage kept and dropped."""
    dropping_stages = {stage for _, stage in facts.lost}
    stages = [stage for stage in facts.stages if stage in dropping_stages] or sorted(dropping_stages - {""})
    rows = []
    for source, (rows_in, _kept, _why) in list(facts.sources.items())[:_MOST]:
        remaining, cells = rows_in, []
        for stage in stages:
            lost = facts.lost[source, stage]
            remaining -= lost
            cells.append((remaining, lost))
        rows.append((titles.get(source, source), rows_in, cells))
    return {"stages": stages, "rows": rows}


def _owed(terms: TermsCount, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return the obligations under the terms of a source; unknown terms allow no use."""
    asks = [DUTIES[name] for name in obligations_of(terms.rights or None, terms.tier)]
    return {
        "title": titles.get(terms.source, terms.source),
        "rights": terms.rights or WORDS["not_stated"],
        "tier": value_name("rights_tier", terms.tier),
        "asks": [WORDS["no_rights"]] if terms.tier == "unknown" else asks,
        "documents": terms.documents,
    }


_WHAT: Final = {
    "recipe": "recipe",
    "stage": "stage",
    "policy": "policy",
    "source": "source",
    "input": "files",
    "run": "run",
}
_FILES: Final = {"new": "files_new", "gone": "files_gone", "content": "files_other", "reading": "files_reading"}


def _changes(earlier: EarlierRun, titles: Mapping[str, str], figures: Figures) -> Iterator[tuple[object, ...]]:
    """Yield the changed counts by source and stage, then the changed inputs, as numbers of files by source."""

    def cell(value: object) -> object:
        return "—" if value is None else WORDS["is_there"] if value == "there" else value

    for what, changed_counts in sorted(earlier.counts.items()):  # sources first, then stages
        for change in changed_counts:
            pairs = ((change.kept_a, change.in_a), (change.kept_b, change.in_b))
            cells = [
                "—" if n is None or of is None else f"{figures.number(n)} / {figures.number(of)}" for n, of in pairs
            ]
            yield (
                {"stages": WORDS["stage"], "sources": WORDS["source"]}[what],
                titles.get(change.name, change.name),
                *cells,
            )
    files = Counter[tuple[str, str]]()
    for difference in earlier.differences:
        if difference.what == "input":
            kind = difference.aspect or ("new" if difference.a is None else "gone")
            files[difference.name.partition(": ")[0], kind] += 1
            continue
        names = [same(difference.name)]
        if difference.aspect:
            names.append(ASPECTS.get(difference.aspect, same(difference.aspect)))
        yield WORDS[_WHAT[difference.what]], enumerated(names, " · "), cell(difference.a), cell(difference.b)
    for (source, kind), n in sorted(files.items()):
        counts = ("—", figures.number(n)) if kind != "gone" else (figures.number(n), "—")
        yield WORDS["files"], enumerated([same(titles.get(source, source)), WORDS[_FILES[kind]]], " · "), *counts


def _commands(facts: RunFacts, name: str, out: str, released: Manifest | None) -> Iterator[tuple[str, str]]:
    def line(*words: str) -> str:
        return shlex.join(["latam-corpus", *words, *(["--out", out] if out != "out" else [])])

    if facts.example:
        yield "how_explain", line("explain", facts.example, "--run", name)
        yield "how_life", line("explain", facts.example, "--run", name, "--html", f"{facts.example}.html")
    if released:
        yield "how_withdraw_any", line("release", "withdraw", released.name, "--doc", "DOC_ID", "--because", "…")
    yield "how_sample", line("sample", name, "--set-aside", "--by", "drop_reason", "--n", "5")
    yield "how_measure", line("measure", name)
    if facts.earlier:
        yield "how_compare", line("compare", facts.earlier.name, name)
    yield "how_internal", line("report", name, "--internal", "--to", f"{name}.html")
