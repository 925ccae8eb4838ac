"""`genres`: good pages of manuals, courses, theses, laws and gazettes that quality rules drop, by source.

The sources are Debian packages and Python packages that anyone can install; nothing of them is in the project. Bounds
were fitted to the half `fitted`. `genres.toml` lists the sources, and the pages that a reader judged not to be good.

    apt-get install --no-install-recommends $(python -m tests.benchmarks.genres debian)
    pip download --no-deps $(python -m tests.benchmarks.genres python)  # unpack each below a folder for --root
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import html
import json
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.errors import ConfigError
from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.scans import pdf
from latam_corpus.extract.web_pages.html import balanced

from .machine import Report, Table, share
from .quality_kept.bench import filtered_by_rivals
from .quality_kept.good import Text, stretches
from .quality_kept.junk import junk
from .quality_kept.ours import measured, reasons

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

LIST: Final = Path(__file__).with_name("genres.toml")
HALVES: Final = ("fitted", "held out")
GENRES: Final = ("academic", "education", "government", "legal", "reference")
_MOST_PAGES: Final = 60
_LEAST_WORDS: Final = 40
_UNREPORTED: Final = "word salad"
_BLOCK: Final = re.compile(r"</?(?:p|br|div|tr|li|h\d|table)\b[^>]*>")
_BOUND_PAGE: Final = re.compile(rb'<FILENAME filename="[^"]*">(.*?)</FILENAME>', re.DOTALL)  # of KDE's manuals
_TAG: Final = re.compile(r"<style.*?</style>|<[^>]+>", re.DOTALL)


class Source(NamedTuple):
    """A package's pages of one genre and language."""

    name: str
    genre: str
    language: str
    half: str
    package: str
    licence: str
    pages: str
    keys: tuple[str, ...] = ()


class Document(NamedTuple):
    """A page, or about 800 words of a longer document; `place` is its path below the root."""

    source: Source
    place: str
    text: str


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--root", type=Path, action="append", help="where packages are unpacked; /usr/share by default")
    parser.add_argument("--rival-python", type=Path, help="a Python with datatrove and spacy; without it, ours alone")
    parser.add_argument("--dropped", type=Path, help="a file for the texts that are dropped, to judge them")


def sources() -> list[Source]:
    """Return the sources that the list listed_sources."""
    listed_sources = tomllib.loads(LIST.read_text("utf-8"))["source"]
    rows: list[dict[str, Any]] = [
        row | {"keys": tuple(row["keys"])} if "keys" in row else row for row in listed_sources
    ]
    return [Source(**row) for row in rows]


def bad_pages() -> dict[str, list[str]]:
    """Return the pages that a reader judged not to be good: by path, the words that name a part; none for a whole."""
    judged: dict[str, list[str]] = tomllib.loads(LIST.read_text("utf-8"))["bad"]
    parts: dict[str, list[str]] = {}
    for name in (name for names in judged.values() for name in names):
        path, _, words = name.partition(": ")
        parts.setdefault(path, []).extend([words] if words else [])
    return parts


def is_named(document: Document, parts: dict[str, list[str]]) -> bool:
    r"""Return whether a document is one of these pages.

    >>> source = Source("curso", "education", "spa", "fitted", "debian:curso", "GPL-2+", "*.pdf")
    >>> parts = {"curso.pdf": ["Índice de figuras 9"], "portada.html": []}
    >>> texts = ("Índice de\nfiguras 9", "La barca salió.")
    >>> [is_named(Document(source, path, text), parts) for path in parts for text in texts]
    [True, False, True, True]
    """
    words = parts.get(document.place)
    return words is not None and (not words or any(each in " ".join(document.text.split()) for each in words))


def documents(roots: Sequence[Path], matches: Iterable[Source]) -> Iterator[Document]:
    """Yield the documents of 40 words or more: at most 60 of a source, evenly over its pages."""
    for source in matches:
        of_source = [document for root in roots for document in _of_root(root, source)]
        yield from of_source[:: max(1, -(-len(of_source) // _MOST_PAGES))]


def _of_root(root: Path, source: Source) -> Iterator[Document]:
    paths = sorted(path for path in root.glob(source.pages) if path.is_file() and not path.is_symlink())
    whole = [path for path in paths if path.suffix == ".html"]
    step = max(1, -(-len(whole) // _MOST_PAGES))
    for path in paths:
        if path in whole and whole.index(path) % step:
            continue
        for text in _texts(path, source.keys):
            if len(text.split()) >= _LEAST_WORDS:
                whole_signs = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
                yield Document(source, str(path.relative_to(root)), whole_signs)


def _texts(path: Path, keys: tuple[str, ...]) -> list[str]:
    if path.suffix == ".html":
        return [balanced(path.read_bytes(), {}).text or ""]
    if path.suffix == ".bz2":
        pages = _BOUND_PAGE.findall(bz2.decompress(path.read_bytes()))
        return [balanced(page, {}).text or "" for page in pages]
    if ".pdf" in path.suffixes:
        raw = path.read_bytes()
        try:
            return stretches(pdf.extract(gzip.decompress(raw) if path.suffix == ".gz" else raw, {}).text or "")
        except UnusableError:  # drawings
            return []
    strings = [
        html.unescape(_TAG.sub("", _BLOCK.sub("\n", item)))
        for item in _strings(json.loads(path.read_text("utf-8-sig")), keys)
    ]
    lines = (line.strip() for item in strings for line in item.replace("\r", "\n").split("\n"))
    return stretches("\n".join(line for line in lines if line))


def _strings(value: Any, keys: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in keys:
                yield inner
            else:
                yield from _strings(inner, keys)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, keys)


def measure(args: argparse.Namespace) -> Report:
    """Return the table by genre and half, and the one by source.

    Raises:
        ConfigError: no package is unpacked below a root.
    """
    roots = args.root or [Path("/usr/share")]
    matches = list(documents(roots, sources()))
    if not matches:
        raise ConfigError(str(roots[0]), "no page of the sources is there", "install the packages, or give --root")
    bad = bad_pages()
    texts = [Text(item.source.name, item.source.language, item.source.genre, item.text) for item in matches]
    broken = reasons(measured(texts))
    judged_good = [not is_named(item, bad) for item in matches]
    if args.dropped:
        rows = ((item.place, why, item.text) for item, why in zip(matches, broken, strict=True) if why)
        args.dropped.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    rivals = filtered_by_rivals(texts, args.rival_python, args.data) if args.rival_python else None
    spoilt = [text for text in junk(args.data) if text.scores and text.kind != _UNREPORTED]
    rivals_junk = filtered_by_rivals(spoilt, args.rival_python, args.data) if args.rival_python else None
    digest = hashlib.sha256("".join(text.text for text in texts).encode()).hexdigest()
    tables = (
        _by_genre(matches, judged_good, broken, rivals, _junk_dropped(spoilt, rivals_junk)),
        _by_source(matches, judged_good, broken),
    )
    notes = (
        "Junk is that of `quality_kept`, without word salad; the least share of a kind is given under the kind's name.",
        "FineWeb-2: datatrove's Gopher and FineWeb filters with FineWeb-2's bounds; with C4: C4's filter after them.",
    )
    return Report("genres", {"pages": digest}, {"pages": len(matches)}, tables, notes)


def _junk_dropped(texts: Sequence[Text], rivals: Sequence[list[str | None]] | None) -> dict[str, tuple[float, ...]]:
    """Return for each genre the least share of a kind of junk that is dropped: by ours, and by the rivals."""
    frame = measured(texts)
    kinds = [text.kind for text in texts]
    rival_drops = [] if rivals is None else [[bool(item[0]) for item in rivals], [any(item) for item in rivals]]
    least = [min(_by_kind(kinds, dropped).values()) for dropped in rival_drops]
    return {
        genre: (min(_by_kind(kinds, [bool(item) for item in reasons(frame, genre)]).values()), *least)
        for genre in GENRES
    }


def _by_kind(kinds: Sequence[str], dropped: Sequence[bool]) -> dict[str, float]:
    counts, lost = Counter(kinds), Counter(kind for kind, item in zip(kinds, dropped, strict=True) if item)
    return {kind: lost[kind] / count for kind, count in counts.items()}


def _by_genre(
    matches: Sequence[Document],
    is_good: Sequence[bool],
    broken: Sequence[list[str]],
    rivals: Sequence[list[str | None]] | None,
    spoilt: dict[str, tuple[float, ...]],
) -> Table:
    rows: list[tuple[object, ...]] = []
    for genre in GENRES:
        for half in HALVES:
            all_ = [at for at, item in enumerate(matches) if (item.source.genre, item.source.half) == (genre, half)]
            places = [at for at in all_ if is_good[at]]
            counts = [sum(bool(broken[at]) for at in places)]
            if rivals is not None:
                counts += [sum(bool(rivals[at][0]) for at in places), sum(any(rivals[at]) for at in places)]
            dropped = [f"{item} ({share(item, len(places))})" for item in counts]
            junk_ = [f"{item:.1%}" for item in spoilt[genre]]
            rows.append((genre, half, len(all_), len(places), *dropped, *junk_))
    systems = ("ours", "FineWeb-2", "with C4")[: 1 if rivals is None else 3]
    heads = (*(f"{item} drops#" for item in systems), *(f"junk {item} drops, least kind#" for item in systems))
    return Table("Good pages dropped, by genre", ("genre", "half", "pages#", "good#", *heads), tuple(rows))


def _by_source(matches: Sequence[Document], is_good: Sequence[bool], broken: Sequence[list[str]]) -> Table:
    rows = []
    for source in dict.fromkeys(item.source for item in matches):
        places = [at for at, item in enumerate(matches) if item.source == source and is_good[at]]
        lost = [broken[at] for at in places if broken[at]]
        why = ", ".join(f"{reason} {count}" for reason, count in Counter(item[0] for item in lost).most_common(3))
        rows.append(
            (source.name, source.genre, source.half, source.package, source.licence, len(places), len(lost), why)
        )
    heads = ("source", "genre", "half", "package", "licence", "good#", "dropped#", "why")
    return Table("Good pages dropped, by source", heads, tuple(rows))


def main() -> int:
    """Print the packages of one kind, for `apt-get` or `pip`."""
    packages = dict.fromkeys(source.package for source in sources())
    kind = f"{sys.argv[1]}:" if len(sys.argv) > 1 else ""
    sys.stdout.write(" ".join(item.removeprefix(kind) for item in packages if item.startswith(kind)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
