"""Make tables of systems' verdicts: false names, figures by language, confusions, cost."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import UNDETERMINED, groups
from latam_corpus.lab.language.evaluate import score

from ..machine import Table, rounded
from .samples import DECLARATIONS, NEIGHBOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .samples import Sample
    from .systems import Named, Share, Told
    from .windows import Window

_IBERIAN: Final = ("spa", "por")
_BESIDE: Final = ("glg", "cat", "ita", "pap")
_MANY: Final = 8  # languages of a source that a table names


def upper_bound(false: int, number: int) -> float:
    """Return the 95 % upper bound of a rate: the Poisson mean at which this few false ones have a chance of 5 %.

    >>> f"{upper_bound(0, 300_000):.1e}", f"{upper_bound(3, 20_000):.1e}"
    ('1.0e-05', '3.9e-04')
    """
    low, high = 0.0, 10.0 * false + 10.0
    for _ in range(60):
        mean = (low + high) / 2
        chance = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(false + 1))
        low, high = (mean, high) if chance > 0.05 else (low, mean)
    return high / number


def sources(windows: Sequence[Window], ours: Named) -> Table:
    """Count the windows by source: all, those in training texts, those named American."""
    of = set(groups().of)
    rows = []
    for source in dict.fromkeys(w.source for w in windows):
        own = [n for n, window in enumerate(windows) if window.source == source]
        languages = Counter(windows[n].language for n in own)
        reported = ", ".join(code for code, _ in languages.most_common(_MANY))
        more = f" and {len(languages) - _MANY} more" if len(languages) > _MANY else ""
        seen = sum(windows[n].seen for n in own)
        rows.append((source, reported + more, len(own), seen, sum(ours.groups[n] in of for n in own)))
    totals = (len(windows), sum(w.seen for w in windows), sum(name in of for name in ours.groups))
    columns = ("source", "languages", "windows#", "in training texts#", "named American#")
    return Table("Distinct clean windows of 30 words", columns, (*rows, ("all", "", *totals)))


def false_names(titles: Sequence[str], kinds: Sequence[str], named: Sequence[Named], title: str) -> Table:
    """Count false names of languages of the Americas: a row per kind of text, a column per system."""
    of = set(groups().of)
    rows: list[tuple[object, ...]] = []
    for kind in titles:
        own = [n for n, text_kind in enumerate(kinds) if text_kind == kind]
        rows.append((kind, len(own), *(sum(result.groups[n] in of for n in own) for result in named)))
    totals = [sum(name in of for name in result.groups) for result in named]
    rows.append(("all", len(kinds), *totals))
    rows.append(("of 10,000", "", *(rounded(10_000 * false / len(kinds)) for false in totals)))
    rows.append(("95 % bound", "", *(f"{upper_bound(false, len(kinds)):.1e}" for false in totals)))
    return Table(title, ("texts", "n#", *(f"{result.system}#" for result in named)), tuple(rows))


def by_kind(samples: Sequence[Sample], named: Sequence[Named], title: str) -> Table:
    """Return the share of each set's texts that is named correctly, by system."""
    sets: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, sample in enumerate(samples):
        sets[sample.kind, sample.language].append(n)
    rows = [
        (kind, code, len(own), *(rounded(sum(result.groups[n] == code for n in own) / len(own)) for result in named))
        for (kind, code), own in sets.items()
    ]
    return Table(title, ("texts", "language", "n#", *(f"{result.system}#" for result in named)), tuple(rows))


def declarations(samples: Sequence[Sample], named: Sequence[Named]) -> Table:
    """Return macro-F1, recall, the unnamed share, and the groups that are named at all, over groups of the Americas."""
    codes = [sample.language for sample in samples]
    of = set(groups().of)
    rows = []
    for result in named:
        results = score(zip(codes, result.groups, strict=True)).languages
        own = [row for row in results if row.texts and row.code in of]
        pairs = [pair for pair in zip(codes, result.groups, strict=True) if pair[0] in of]
        rows.append(
            (
                result.system,
                len(pairs),
                len(own),
                rounded(statistics.mean(row.f1 for row in own)),
                rounded(statistics.mean(row.recall or 0 for row in own)),
                sum(name == UNDETERMINED for _, name in pairs),
                sum(name not in (UNDETERMINED, code) for code, name in pairs),
                sum(row.recall not in (0, None) for row in own),
            )
        )
    columns = ("", "documents#", "groups#", "macro-F1#", "macro recall#", "unnamed#", "misnamed#", "groups told#")
    return Table(DECLARATIONS, columns, tuple(rows))


def weak(samples: Sequence[Sample], ours: Named, under: float = 0.92) -> Table:
    """Return the groups of the declarations with too low a recall, with their confusions."""
    of = set(groups().of)
    results = score(zip((s.language for s in samples), ours.groups, strict=True)).languages
    rows = [
        (row.code, row.texts, rounded(row.recall or 0), ", ".join(f"{name} {count}" for name, count in row.taken_for))
        for row in sorted(results, key=lambda row: (row.recall or 0, row.code))
        if row.texts and row.code in of and (row.recall or 0) < under
    ]
    return Table(
        f"{DECLARATIONS}: groups with a recall under {under}", ("group", "n#", "recall#", "named"), tuple(rows)
    )


def confusions(samples: Sequence[Sample], named: Sequence[Named]) -> Table:
    """Count Spanish and Portuguese confused with a similar language, and the reverse, per 1,000 texts."""
    rows: list[tuple[object, ...]] = []
    for kind in dict.fromkeys(s.kind for s in samples):
        for stated_codes, take in ((_IBERIAN, _BESIDE), (_BESIDE, _IBERIAN)):
            for code in stated_codes:
                own = [n for n, s in enumerate(samples) if s.kind == kind and s.language == code]
                if not own:
                    continue
                other_codes = (*take, *(c for c in _IBERIAN if c != code)) if code in _IBERIAN else take
                shares = (1000 * sum(result.groups[n] in other_codes for n in own) / len(own) for result in named)
                taken = f"{code} as {' '.join(other_codes)}"
                rows.append((kind, taken, len(own), *map(rounded, shares)))
    title = "Taken for a neighbour, of 1,000 texts"
    return Table(title, ("texts", "", "n#", *(f"{result.system}#" for result in named)), tuple(rows))


def neighbour_scores(samples: Sequence[Sample], named: Sequence[Named]) -> Table:
    """Return F1 of Spanish, Portuguese and similar languages, among texts in these alone, and the means."""
    codes = (*_IBERIAN, *_BESIDE)
    rows: list[tuple[object, ...]] = []
    for kind in dict.fromkeys(s.kind for s in samples):
        own = [n for n, s in enumerate(samples) if s.kind == kind and s.language in codes]
        results = []
        for result in named:
            reported = score((samples[n].language, result.groups[n]) for n in own).languages
            results.append({row.code: row.f1 for row in reported})
        languages = {samples[n].language for n in own}
        rows += [(kind, code, *(rounded(f1[code]) for f1 in results)) for code in codes if code in languages]
        means = (("mean of spa por", _IBERIAN), ("mean of all but pap", codes[:-1]), ("mean of all", codes))
        for title, some in means if languages == set(codes) else means[:2]:
            rows.append((kind, title, *(rounded(statistics.mean(f1[code] for code in some)) for f1 in results)))
    title = "F1 of Spanish, Portuguese and their neighbours, never trained on"
    return Table(title, ("texts", "language", *(f"{result.system}#" for result in named)), tuple(rows))


def cost(streams: dict[str, dict[str, list[Told]]], shares: dict[str, Share], number: int) -> Table:
    """Return documents per second of CPU time with the model loaded, as the median of the rounds, and memory.

    Memory is the peak of one process, and without pages of files; and that of each of four processes at once, with
    its share of the common pages, and without, which is the cost of one more process.
    """
    rows = []
    first = next(iter(streams.values()))
    for system in first:
        speeds = [rounded(number / statistics.median(t.cpu for t in stream[system])) for stream in streams.values()]
        reported = first[system][-1]
        memory = (reported.peak_mb, reported.peak_mb - reported.files_mb, reported.texts_mb)
        memory_of_four = (shares[system].share_mb, shares[system].own_mb)
        rows.append(
            (system, *speeds, rounded(reported.load), *map(round, (*memory, *memory_of_four)), reported.version)
        )
    columns = (
        "",
        *(f"{name}, docs/s#" for name in streams),
        "load s#",
        "peak MB#",
        "own#",
        "texts#",
        "each of four#",
        "one more adds#",
        "version",
    )
    return Table(f"{number} documents of 700 words, one thread", columns, tuple(rows))


def languages_named(samples: Sequence[Sample], ours: Named) -> dict[str, dict[str, int]]:
    """Return the names that the toolkit gave to the texts of each language in the thirty-word set."""
    counts: dict[str, Counter[str]] = {code: Counter() for code in NEIGHBOURS}
    for sample, name in zip(samples, ours.groups, strict=True):
        if sample.kind.startswith("30"):
            counts[sample.language][name] += 1
    return {code: dict(result.most_common()) for code, result in counts.items()}
