"""A mixed set like a library of the region: books, editions, songs, sayings, decrees, speech, and copies of all.

A fifth of the documents are planted copies, some of them with a menu, a summary, questions or links appended, damaged
or cut. Songs with verses of another and passages in another spelling stand beside them, and must stay.
"""

from __future__ import annotations

import csv
import random
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..machine import Table, rounded
from ..texts import PublicTexts, records
from .damage import SPELLING, cut, edit_words, misread, relined, respelled, without_accents
from .documents import Document, Pair, Planted
from .editions import passages
from .forms import Forms
from .ocr import confusions
from .parts import book_parts, growth, identity, vocabulary
from .score import root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .documents import Result, Used
    from .shelf import Shelf

    Change = tuple[str, Callable[[str, int], str]]
    Changes = Callable[[Shelf, random.Random], Sequence[Change]]

TALK: Final = PublicTexts(
    "oral_history/mapudungun_nc/turns_clean.jsonl.xz",
    "",
    "87 conversations in Mapudungun and Spanish, github.com/mingjund/mapudungun-corpus, CC BY-NC-SA 3.0",
)
_SEED: Final = 1609
_SHARE: Final = 5  # of so many documents one is a planted copy
_TURNS: Final = 20  # of a conversation in one document
_VERSES: Final = 4  # of the Bible in one document
_FORMS: Final = 0.10  # of all documents
_SAYINGS: Final = 0.09
_VARIANTS: Final = 0.01  # songs and passages that must stay beside what they are variants of
_PLACED: Final = 0.4
_COPIED: Final = 60  # words of what is copied at least
_SHEET: Final = 150  # removals of all, and as many of those that weren't planted
_SHOWN: Final = 6000  # characters
_MOST_SOURCES: Final = 12
_READ: Final = Path(__file__).resolve().parent / "culture_read.toml"
_WHAT: Final = ("copy", "equal", "variant", "unknown")

# Copies that are worse than what they are copied from, whatever their length.
WORSE: Final = ("menu", "summary", "questions", "links", "accents", "mojibake", "ocr_1", "ocr_3", "cut_70")
_VARIANT: Final = ("song_variant", "respelled")
_UNCLAIMED: Final = "edition"  # a passage of another edition may be a copy or a variant: that is read


def heap(shelf: Shelf, data: Path, number: int, seed: int = _SEED, changes: Changes | None = None) -> Planted:
    """Return a mixed set with a number of documents, including planted copies and variants.

    Args:
        shelf: all texts.
        data: the folder of the public texts.
        number: the number of documents.
        seed: the seed of random choices.
        changes: the kinds of copies; those of `usual` by default.
    """
    chance = random.Random(seed)
    natural = _natural(shelf, data, number, chance)
    copies = number // _SHARE
    variants = _variants(shelf, natural, round(_VARIANTS * number), chance)
    missing = number - copies - len(natural) - len(variants)
    if missing > 0:
        natural += growth(shelf, missing, words=150, seed=seed, planted=False, first_world=1)
    else:
        kept_ids = {variant.origin for variant in variants}
        free = [document for document in natural if document.id not in kept_ids]
        dropped_ids = {document.id for document in chance.sample(free, -missing)}
        natural = [document for document in natural if document.id not in dropped_ids]
    taken = {variant.origin for variant in variants}
    candidates = (d for d in natural if d.id not in taken and d.kind not in (_UNCLAIMED, "form"))
    free = [document for document in candidates if len(document.text.split()) >= _COPIED]
    planted = _copies(chance.sample(free, min(copies, len(free))), (changes or usual)(shelf, chance))
    documents = [*natural, *variants, *planted]
    chance.shuffle(documents)
    return Planted(
        "culture",
        tuple(documents),
        tuple(Pair(copy.kind, copy.origin, copy.id) for copy in planted),
        apart=tuple(Pair(variant.kind, variant.origin, variant.id) for variant in variants),
    )


def _natural(shelf: Shelf, data: Path, number: int, chance: random.Random) -> list[Document]:
    """Return book parts, passages of other editions, poems, verses, sayings, forms and conversations."""

    def sizes() -> Iterator[int]:
        while True:
            yield chance.randint(150, 700)

    parts = book_parts("culture", shelf.novels, sizes)
    edited = {edition.id for edition in shelf.editions}
    edited_parts = [part for part in parts if part.work in edited]
    other_parts = [part for part in parts if part.work not in edited]
    chance.shuffle(other_parts)
    some = max(1, number // 40)
    created = [*other_parts[: number // 2], *edited_parts[:some]]
    for edition in shelf.editions:
        own = {part.text: part for part in edited_parts[:some] if part.work == edition.id}
        for text, passage, share in passages(list(own), edition.text):
            if passage and share >= _PLACED:
                part = own[text]
                created.append(
                    Document(identity("edition", part.id), passage, _UNCLAIMED, "editions", part.work, part.id)
                )
    poems = list(shelf.sonnets)
    chance.shuffle(poems)
    created += [
        Document(identity("culture", poem.id), poem.text, "song", poem.source_id, f"song-{poem.id}")
        for poem in poems[: number // 20]
    ]
    sayings = [saying for saying in shelf.sayings if len(saying.text.split()) >= 8]
    created += [
        Document(identity("culture", saying.id), saying.text, "saying", saying.source_id, saying.id)
        for saying in sayings[: round(_SAYINGS * number)]
    ]
    for place, book in enumerate(shelf.verses):
        for start in range(0, len(book), _VERSES):
            name = f"verses-{place}-{start}"
            text = " ".join(book[start : start + _VERSES])
            created.append(Document(identity("culture", name), text, "verses", "bible", name))
    forms = Forms.load("third")
    for n in range(round(_FORMS * number)):
        form = forms.forms[n % len(forms.forms)]
        name = f"{form.kind}-{form.language}-{n}"
        created.append(Document(identity("culture", name), forms.filled(form, chance), "form", form.kind, name))
    turns: dict[str, list[str]] = defaultdict(list)
    for row in records(data, TALK):
        turns[row["conv"]].append(row["spa"])
    for conversation, texts in turns.items():
        for start in range(0, len(texts), _TURNS):
            name = f"{conversation}-{start}"
            text = "\n".join(texts[start : start + _TURNS])
            created.append(Document(identity("culture", name), text, "talk", "conversations", name))
    limit = number - number // _SHARE - round(_VARIANTS * number)
    return created if len(created) <= limit else chance.sample(created, limit)


def _variants(shelf: Shelf, natural: Sequence[Document], number: int, chance: random.Random) -> list[Document]:
    """Return poems with three verses of another poem, and passages in an older spelling."""
    poems = [document for document in natural if document.kind == "song"]
    parts = [document for document in natural if document.kind == "book_part"]
    languages = {novel.id: novel.language for novel in shelf.novels}
    created = []
    for poem, donor in zip(poems[: number // 2], reversed(poems), strict=False):
        lines, donor_lines = poem.text.split("\n"), [line for line in donor.text.split("\n") if line.strip()]
        places = [place for place, line in enumerate(lines) if line.strip()]
        if poem is donor or len(places) < 10 or len(donor_lines) < 10:
            continue
        for place in chance.sample(places[1:-1], 3):
            lines[place] = chance.choice(donor_lines)
        name = identity("variant", poem.id)
        created.append(Document(name, "\n".join(lines), "song_variant", poem.source_id, poem.work, poem.id))
    for part in parts[: number // 2]:
        text = respelled(part.text, SPELLING["first"][languages[part.work]])
        if sum(a != b for a, b in zip(part.text.split(), text.split(), strict=True)) >= 10:
            created.append(
                Document(identity("variant", part.id), text, "respelled", part.source_id, part.work, part.id)
            )
    return created


def usual(shelf: Shelf, chance: random.Random) -> Sequence[Change]:
    """Return the kinds of copies that websites, scanners and programs make."""
    words = list(vocabulary(shelf.novels))
    misreadings = confusions(
        [page.text for page in shelf.pages], vocabulary([novel for novel in shelf.novels if novel.language == "es"])
    )
    return (
        ("exact", lambda text, _: text),
        ("relined", lambda text, _: relined(text, 60)),
        ("edits_1", lambda text, _: edit_words(text, 0.01, words, chance)),
        ("edits_5", lambda text, _: edit_words(text, 0.05, words, chance)),
        ("edits_10", lambda text, _: edit_words(text, 0.10, words, chance)),
        ("ocr_1", lambda text, _: misread(text, 0.01, misreadings, chance)),
        ("ocr_3", lambda text, _: misread(text, 0.03, misreadings, chance)),
        ("accents", lambda text, _: without_accents(text)),
        ("mojibake", lambda text, _: text.encode().decode("latin-1")),
        ("cut_70", lambda text, _: cut(text, 0.7)),
        ("menu", lambda text, n: f"{menu(shelf, n)[0]}\n{text}\n{menu(shelf, n)[1]}"),
        ("summary", lambda text, _: f"{text}\nResumen\n{summary(text)}"),
        ("questions", lambda text, _: f"{text}\nPreguntas y respuestas\n{_questions(text)}"),
        ("links", lambda text, n: f"{text}\nTe puede interesar\n{menu(shelf, n)[1]}"),
    )


def _copies(originals: Sequence[Document], changes: Sequence[Change]) -> list[Document]:
    """Copy each document, with the kinds of change in turn."""
    created = []
    for n, original in enumerate(originals):
        kind, change = changes[n % len(changes)]
        text = change(original.text, n)
        created.append(Document(identity("copy", original.id), text, kind, f"web-{n % 40}", original.work, original.id))
    return created


def menu(shelf: Shelf, number: int) -> tuple[str, str]:
    """Return the text that a news page has before and after its article."""
    menus = [menu for menu in shelf.menus if menu.before and menu.after]
    menu = menus[number % len(menus)]
    return menu.before, menu.after


def summary(text: str) -> str:
    """Return every third run of twelve words, up to eight, like an automatic summary."""
    words = text.split()
    picked = [" ".join(words[start : start + 12]) for start in range(0, len(words), 36)]
    return ". ".join(picked[:8]) + "."


def _questions(text: str) -> str:
    words = text.split()
    runs = [" ".join(words[start : start + 9]) for start in range(0, len(words) - 9, max(9, len(words) // 6))]
    return "\n".join(f"P: ¿Qué se dice de «{' '.join(run.split()[:3])}»?\nR: Que {run.lower()}." for run in runs[:6])


@dataclass(frozen=True)
class Removal:
    """A dropped document and its known relation to the kept one: `copy`, `equal`, `variant` or `unknown`."""

    dropped: Document
    kept: Document
    what: str


def removals(planted: Planted, result: Result) -> list[Removal]:
    """Return the dropped documents, each with the document that was kept in its place."""
    by_id = {document.id: document for document in planted.documents}
    variants = {pair.b for pair in planted.apart}
    results = []
    for dropped in sorted(result.dropped):
        dropped_document, kept_document = by_id[dropped], by_id[root(dropped, result.dropped)]
        of_variant = (dropped_document.id in variants) != (kept_document.id in variants)
        if _plain(dropped_document.text) == _plain(kept_document.text):
            what = "equal"
        elif dropped_document.origin == kept_document.origin and _UNCLAIMED not in (
            dropped_document.kind,
            kept_document.kind,
        ):
            what = "variant" if of_variant else "copy"
        else:
            what = "unknown"
        results.append(Removal(dropped_document, kept_document, what))
    return results


def worse_table(planted: Planted, name: str, result: Result) -> Table:
    """Count, among copies that are all worse than their originals, those that are dropped and those that are kept."""
    rows: list[tuple[object, ...]] = []
    for kind in sorted({pair.kind for pair in planted.pairs}):
        roots = [
            tuple(root(document_id, result.dropped) for document_id in (p.a, p.b))
            for p in planted.pairs
            if p.kind == kind
        ]
        ids = [pair.b for pair in planted.pairs if pair.kind == kind]
        merged = sum(a == b for a, b in roots)
        rows.append(
            (
                kind,
                len(ids),
                rounded(merged / len(ids)),
                sum(a == copy_id for (a, _), copy_id in zip(roots, ids, strict=True)),
            )
        )
    rows.append(("all", len(planted.pairs), "", sum(row[3] for row in rows if isinstance(row[3], int))))
    title = f"{name}: copies made worse in ways that no rule was chosen on"
    return Table(title, ("kind", "pairs#", "found#", "worse kept#"), tuple(rows))


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def tables(planted: Planted, results: Mapping[str, Result], used: Mapping[str, Used]) -> list[Table]:
    """Return the tables of each tool: found copies, worse texts that were kept, wrong removals, and costs."""
    by_id = {document.id: document for document in planted.documents}
    removals_of = {name: removals(planted, result) for name, result in results.items()}
    rows: list[tuple[object, ...]] = []
    totals: dict[str, Counter[str]] = {name: Counter() for name in results}
    for kind in sorted({pair.kind for pair in planted.pairs}):
        pairs = [pair for pair in planted.pairs if pair.kind == kind]
        cells: list[object] = []
        for name, result in results.items():
            merged = sum(root(pair.a, result.dropped) == root(pair.b, result.dropped) for pair in pairs)
            worse = sum(root(pair.a, result.dropped) == pair.b for pair in pairs) if kind in WORSE else 0
            totals[name].update(together=merged, worse=worse, pairs=len(pairs))
            cells += [rounded(merged / len(pairs)), worse if kind in WORSE else "-"]
        rows.append((kind, len(pairs), *cells))
    rows.append(
        (
            "all",
            len(planted.pairs),
            *(
                cell
                for total in totals.values()
                for cell in (rounded(total["together"] / total["pairs"]), total["worse"])
            ),
        )
    )
    heads = [head for name in results for head in (f"{name}: found#", "worse kept#")]
    found_table = Table("True copies found, and of these the worse text kept", ("kind", "pairs#", *heads), tuple(rows))
    rows = []
    for kind in _VARIANT:
        pairs = [pair for pair in planted.apart if pair.kind == kind]
        lost = [
            sum(root(pair.a, result.dropped) == root(pair.b, result.dropped) for pair in pairs)
            for result in results.values()
        ]
        rows.append((f"variants that fell, {kind}", len(pairs), *lost))
    for what in _WHAT:
        rows.append(
            (
                f"removals: {what}",
                "",
                *(sum(removal.what == what for removal in report) for report in removals_of.values()),
            )
        )
    costs = [used[name] for name in results]
    rows += [
        ("peak MB", "", *(rounded(cost.peak_mb) for cost in costs)),
        ("seconds", "", *(rounded(cost.wall) for cost in costs)),
        ("CPU seconds", "", *(rounded(cost.cpu) for cost in costs)),
    ]
    cost_table = Table("Removals, variants and cost", ("", "pairs#", *(f"{name}#" for name in results)), tuple(rows))
    sizes = Counter(document.source_id for document in by_id.values())
    lost_of = {
        name: Counter(removal.dropped.source_id for removal in report if not _explained(removal))
        for name, report in removals_of.items()
    }
    first = next(iter(lost_of.values()))
    worst = sorted(sizes, key=lambda source: (-first[source] / sizes[source], source))[:_MOST_SOURCES]
    rows = [
        (source, sizes[source], *(f"{100 * lost[source] / sizes[source]:.1f} %" for lost in lost_of.values()))
        for source in worst
    ]
    losses = Table(
        "Of a source removed that is no planted copy, no equal text and no other edition's passage of the same book",
        ("source", "documents#", *(f"{name}#" for name in results)),
        tuple(rows),
    )
    read_tables = [_read_twice(name, report) for name, report in removals_of.items()]
    return [
        found_table,
        cost_table,
        losses,
        *read_tables,
        *(_lost_read_twice(planted, name, result) for name, result in results.items()),
    ]


def _explained(removal: Removal) -> bool:
    """Return whether a copy was removed, or a passage in favour of the same passage in another edition."""
    is_edition = removal.dropped.work == removal.kept.work and _UNCLAIMED in (removal.dropped.kind, removal.kept.kind)
    return is_edition or removal.what in ("copy", "equal")


def _read_twice(name: str, fallen: Sequence[Removal]) -> Table:
    """Estimate wrong removals from a random sample that was read twice; a dropped planted variant is always wrong."""
    readings = tomllib.loads(_READ.read_text(encoding="utf-8"))
    verdict = {pair: verdict for verdict in ("copy", "variant", "unclear") for pair in readings[verdict]}
    rows: list[tuple[object, ...]] = []
    wrong = doubtful = 0.0
    for what in _WHAT:
        of_kind = [removal for removal in fallen if removal.what == what]
        counts = Counter(verdict.get(f"{removal.dropped.id} {removal.kept.id}") for removal in of_kind)
        read = counts["copy"] + counts["variant"] + counts["unclear"]
        share = len(of_kind) / max(read, 1)
        wrong += len(of_kind) if what == "variant" else share * counts["variant"]
        doubtful += 0 if what == "variant" else share * counts["unclear"]
        rows.append((what, len(of_kind), read, counts["copy"], counts["variant"], counts["unclear"]))
    total = max(len(fallen), 1)
    rows.append(("wrong of all, %", "", "", "", rounded(100 * wrong / total), rounded(100 * doubtful / total)))
    columns = ("removals", "of these#", "read#", "copy twice#", "variant twice#", "unclear#")
    return Table(f"{name}: removals as they were read twice", columns, tuple(rows))


def _lost_read_twice(planted: Planted, name: str, result: Result) -> Table:
    """Return two readings' verdicts on planted copies that weren't found, by kind."""
    read = set(tomllib.loads(_READ.read_text(encoding="utf-8"))["lost"]["copy"])
    lost = [pair for pair in planted.pairs if root(pair.a, result.dropped) != root(pair.b, result.dropped)]
    variants = {frozenset(pair) for pair in result.variants}
    rows = []
    for kind in sorted({pair.kind for pair in lost}):
        of_kind = [pair for pair in lost if pair.kind == kind]
        copies = sum(f"{pair.a} {pair.b}" in read for pair in of_kind)
        rows.append((kind, len(of_kind), sum(frozenset((pair.a, pair.b)) in variants for pair in of_kind), copies))
    columns = ("kind", "not found#", "held for variants#", "read as a copy twice#")
    return Table(f"{name}: planted copies that weren't found", columns, tuple(rows))


def write_sheets(path: Path, results: Sequence[Removal]) -> int:
    """Write a sheet of removals for a blind reader, and next to it the key; return the number of rows.

    Args:
        path: a CSV file; the key has `.key` before its suffix.
        results: all removals.
    """
    chance = random.Random(_SEED)
    sample = chance.sample(results, min(_SHEET, len(results)))
    ids = {removal.dropped.id for removal in sample}
    natural = [removal for removal in results if removal.what == "unknown" and removal.dropped.id not in ids]
    rows = [("all", removal) for removal in sample]
    rows += [("unknown", removal) for removal in chance.sample(natural, min(_SHEET, len(natural)))]
    chance.shuffle(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(("number", "verdict (copy, variant, other)", "reason", "fell", "kept"))
        for number, (_, removal) in enumerate(rows, 1):
            sheet.writerow((number, "", "", removal.dropped.text[:_SHOWN], removal.kept.text[:_SHOWN]))
    with path.with_suffix(f".key{path.suffix}").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(("number", "drawn from", "what", "fell", "kept", "kinds", "sources"))
        for number, (drawn, removal) in enumerate(rows, 1):
            kinds, sources = (
                f"{removal.dropped.kind} {removal.kept.kind}",
                f"{removal.dropped.source_id} {removal.kept.source_id}",
            )
            sheet.writerow((number, drawn, removal.what, removal.dropped.id, removal.kept.id, kinds, sources))
    return len(rows)
