"""The report of a run: how many documents came and stayed, what is in it, what fell and why, and how to go on."""

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
from latam_corpus.report.figures import Figures
from latam_corpus.report.names import value_name
from latam_corpus.report.page_words import ASPECTS, OWED, WORDS
from latam_corpus.report.run_report.signals_page import histogram, intervals
from latam_corpus.report.templating import render, sections_of
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.report.run_report.run_facts import Earlier, Owed, Reason, RunFacts

_SECTIONS: Final = ("flow", "holds", "why", "survival", "copies", "small", "owing", "speed", "since", "how")
_MOST: Final = 40  # rows of a table
_VALUES: Final = 12  # rows of a table of what documents are
_CAUSES: Final = 3  # reasons beside a stage or a source
_LOSSES: Final = 10


class Rows(NamedTuple):
    """The first rows of a table, how many more there are, and the documents of those."""

    rows: Sequence[Any]
    more: int = 0
    more_documents: int = 0


def run_page(
    facts: RunFacts,
    language: str,
    out: str,
    released: Manifest | None = None,
    *,
    held: Mapping[str, int] | None = None,
    internal: bool = False,
    served: bool = False,
) -> str:
    """Return the page as HTML.

    Args:
        facts: of the run.
        language: of the page.
        out: the folder of runs as a command names it.
        released: the version that holds the run's documents.
        held: how many kept documents their terms keep out of any version, by reason.
        internal: whether it is stamped as not for outside.
        served: whether it has a search.

    Raises:
        ConfigError: pages don't speak the language.
    """
    values, figures, name = facts.record.values, Figures(language), facts.record.folder.resolve().name
    losses = [Loss(**one).message for one in values.get("losses", ())]
    titles = {one["id"]: one.get("title") or one["id"] for one in values.get("sources", ())}
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
        served=served,
        sections=sections_of(_SECTIONS),
        facts=facts,
        released=released,
        limit=values.get("limit"),
        failed=sum(bool(part.get("failed")) for part in values.get("parts", ())),
        losses=losses[:_LOSSES],
        more_losses=max(len(losses) - _LOSSES, 0),
        accepted=values.get("accepted_loss"),
        policies=[one.sentence for one in policies_recorded(values)],
        flow=list(_flow(facts, figures)),
        sources=_sources(facts, titles, figures),
        reasons=[_reason(one, facts, figures) for one in facts.reasons if one.sources],
        others=first_rows([(meaning(one.reason), one.documents) for one in facts.reasons if not one.sources], _MOST),
        held=first_rows([(meaning(one), n) for one, n in Counter(held or {}).most_common()], _MOST),
        about_inputs=list(input_lines(values)),
        about_terms=list(terms_lines(values)),
        contents=[(column, contents(column, tallies)) for column, tallies in facts.contents.items() if _tells(tallies)],
        survival=_survival(facts, titles),
        small=first_rows([(language_name(one.language), one) for one in facts.small], _MOST),
        seconds=values.get("seconds", 0.0),
        terms=Rows([_owed(one, titles) for one in facts.terms[:_MOST]], max(len(facts.terms) - _MOST, 0)),
        changes=first_rows(list(_changes(facts.earlier, titles, figures)) if facts.earlier else [], _MOST),
        commands=list(_commands(facts, name, out, released)),
    )


def first_rows(rows: Sequence[Any], most: int) -> Rows:
    """Return the first rows; of pairs of a name and a number the others are summed.

    >>> first_rows([("a", 5), ("b", 3), ("c", 2)], 1)
    Rows(rows=[('a', 5)], more=2, more_documents=5)
    """
    rest = rows[most:]
    return Rows(rows[:most], len(rest), sum(row[1] for row in rest if isinstance(row[1], int)))


def contents(column: str, counted: Sequence[tuple[str, int]]) -> Rows:
    """Return what documents are, by name, most first; decades in their order.

    >>> [(str(name), n) for name, n in contents("decade", [("1890", 2), ("", 1), ("1880", 1)]).rows]
    [('1880–1889', 1), ('1890–1899', 2), ('not stated', 1)]
    """
    if column == "decade":
        counted = sorted(counted, key=lambda one: (not one[0], one[0]))
    return first_rows(
        [(value_name(column, value), n) for value, n in counted], _VALUES if column != "decade" else _MOST
    )


def _tells(counted: Sequence[tuple[str, int]]) -> bool:
    return any(value for value, _ in counted)


def _causes(why: Counter[str] | Mapping[str, int], figures: Figures) -> Message | None:
    """Return the reasons that cost most, in words."""
    most = sorted(why.items(), key=lambda pair: (-pair[1], pair[0]))[:_CAUSES]
    causes = [Message("{reason} ({n})", {"reason": meaning(one), "n": figures.number(n)}) for one, n in most]
    return enumerated(causes, " · ") if causes else None


def _flow(facts: RunFacts, figures: Figures) -> Iterator[dict[str, Any]]:
    left = facts.rows_in  # pieces that a stage made of a document among them
    for stage, count in facts.stages.items():
        why = count["dropped"] | count["failed"]
        lost = sum(count["dropped"].values()) + sum(count["failed"].values())
        left -= lost
        if stage != "collect" or lost:
            yield {"stage": stage, "left": left, "lost": lost, "why": _causes(why, figures)}


def _sources(facts: RunFacts, titles: Mapping[str, str], figures: Figures) -> Rows:
    rows: list[dict[str, Any]] = [
        {
            "title": titles.get(source, source),
            "rows_in": rows_in,
            "kept": kept,
            "lost": rows_in - kept,
            "why": _causes(why, figures),
        }
        for source, (rows_in, kept, why) in facts.sources.items()
    ]
    return Rows(rows[:_MOST], max(len(rows) - _MOST, 0), sum(row["rows_in"] for row in rows[_MOST:]))


def _reason(one: Reason, facts: RunFacts, figures: Figures) -> dict[str, Any]:
    cost = WORDS["cost"].fill(
        n=figures.number(one.documents),
        share=figures.share(one.documents, facts.rows_in),
        sources=", ".join(f"{source} ({figures.number(n)})" for source, n in one.sources),
    )
    values: dict[str, Any] = {"fact": one, "meaning": meaning(one.reason), "cost": cost, "drawing": ""}
    values["near"] = [{"value": near.value, "dropped": near.dropped, **near.shown._asdict()} for near in one.near]
    bound = bound_of(one.reason)
    if not one.bins or bound is None:
        return values
    label = WORDS["histogram"].fill(
        signal=signal_label(one.signal),
        low=figures.short(one.edges[0]),
        high=figures.short(one.edges[-1]),
        limit=figures.short(one.limit),
    )
    limits = (one.limit, None) if bound[1] == "<" else (None, one.limit)
    values["drawing"] = histogram(one.bins, one.edges, limits, figures.short, label.translate(figures.language))
    values["bins"] = intervals(one.bins, one.edges)
    return values


def _survival(facts: RunFacts, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return the stages that set something aside, and of each source what each of them left, and took."""
    taking = {stage for _, stage in facts.lost}
    stages = [one for one in facts.stages if one in taking] or sorted(taking - {""})
    rows = []
    for source, (rows_in, _kept, _why) in list(facts.sources.items())[:_MOST]:
        left, cells = rows_in, []
        for stage in stages:
            lost = facts.lost[source, stage]
            left -= lost
            cells.append((left, lost))
        rows.append((titles.get(source, source), rows_in, cells))
    return {"stages": stages, "rows": rows}


def _owed(one: Owed, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return what whoever uses documents of a source under these terms owes; of unknown ones, that nobody may."""
    asks = [OWED[name] for name in obligations_of(one.rights or None, one.tier)]
    return {
        "title": titles.get(one.source, one.source),
        "rights": one.rights or WORDS["not_stated"],
        "tier": value_name("rights_tier", one.tier),
        "asks": [WORDS["no_rights"]] if one.tier == "unknown" else asks,
        "documents": one.documents,
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


def _changes(earlier: Earlier, titles: Mapping[str, str], figures: Figures) -> Iterator[tuple[object, ...]]:
    """Yield what came of it by source and stage, and then what it rests on otherwise; files are counted by source."""

    def cell(value: object) -> object:
        return "—" if value is None else WORDS["is_there"] if value == "there" else value

    for what, listed in sorted(earlier.counts.items()):  # sources, then stages
        for two in listed:
            pairs = ((two.kept_a, two.in_a), (two.kept_b, two.in_b))
            cells = [
                "—" if n is None or of is None else f"{figures.number(n)} / {figures.number(of)}" for n, of in pairs
            ]
            yield {"stages": WORDS["stage"], "sources": WORDS["source"]}[what], titles.get(two.name, two.name), *cells
    files = Counter[tuple[str, str]]()
    for one in earlier.differences:
        if one.what == "input":
            kind = one.aspect or ("new" if one.a is None else "gone")
            files[one.name.partition(": ")[0], kind] += 1
            continue
        parts = [same(one.name), *([ASPECTS.get(one.aspect, same(one.aspect))] if one.aspect else [])]
        aspect = enumerated(parts, " · ")
        yield WORDS[_WHAT[one.what]], aspect, cell(one.a), cell(one.b)
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
    yield "how_search", line("report", name, "--serve")
    yield "how_internal", line("report", name, "--internal", "--to", f"{name}.html")
