"""Process a few records of a source with the stages of a run, and pair the results with the originals."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import lxml.etree
import lxml.html
import numpy as np
import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.catalog.display_names import COMPOSITIONS, language_name
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.columns import BY_NAME, KEYS
from latam_corpus.extract.charset import decode
from latam_corpus.extract.stage import Extract
from latam_corpus.intake.preview_page import Item, Measured, page_statements, to_look_at
from latam_corpus.intake.sampled_texts import LOOKS_LIKE_VERSE, REMEDY, joins_verses, only_named
from latam_corpus.language.model import load
from latam_corpus.language.model_files import chosen
from latam_corpus.messages import Message, enumerated, same
from latam_corpus.pipeline.planning.default_recipe import has_marks, wanted_languages
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import pass_through, split_dropped
from latam_corpus.pipeline.stored_runs.reasons import in_plain_words
from latam_corpus.policies.policy import cached_policies
from latam_corpus.privacy.privacy_policy import INTERVIEW
from latam_corpus.privacy.redact import names_of, redact
from latam_corpus.privacy.speakers import has_codes, is_interview
from latam_corpus.quality.filter import adjusted
from latam_corpus.report.disclosure import Redaction
from latam_corpus.signals import signal_label
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.files import InputFile
    from latam_corpus.policies.policy import Policies

_STAGES: Final = ("extract", "unmark", "repair", "identify", "filter", "redact")
# Formats that aren't text, although their files may have no zero byte.
_NOT_TEXT: Final = frozenset({"application/pdf", "application/rtf"})
_ORIGINAL: Final = 40_000  # maximum characters shown of an original
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|&#(?:x0*[01]?[0-9a-f]|0*[12]?[0-9]|0*3[01]);", re.IGNORECASE
)
_BINARY_WITHIN: Final = 2**16  # number of bytes that are searched for a zero byte
# Columns that records state come first, in the order of their keys.
_METADATA: Final = {
    name: label for name in dict.fromkeys((*KEYS, *BY_NAME)) if (label := name in BY_NAME and BY_NAME[name].label)
}
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_UNSEEN: Final = ("script", "style", "noscript", "template", "svg", "head")
_BLOCKS: Final = frozenset({
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure"),
    *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p"),
    *("pre", "section", "table", "td", "th", "tr", "ul"),
})  # fmt: skip


def items_of(
    source: Source, where: str, n: int, policies: str = "", language: str = "en", files: Sequence[str] = ()
) -> list[Item]:
    """Return up to `n` items, spread over the files of a source, with the results of a run.

    `where` is a file, a folder, a glob or a URL. `language` is that of the metadata that are shown if the original has
    no text.

    Raises:
        ConfigError: there are no files, or no file has one of these paths.
    """
    trial = _Trial(tuple(_stages(source, policies)), language, cached_policies(policies))
    return list(_items(source, _sampled_files(source, where, n, files), n, trial))


def _sampled_files(source: Source, where: str, n: int, named: Sequence[str]) -> list[tuple[InputFile, int]]:
    """Return files spread evenly over all files, each with the number of items to take."""
    files = only_named(list_inputs(source, where), named, where)
    if len(files) > n:
        files = [files[index * len(files) // n] for index in range(n)]
    return [(file, -(-n // len(files))) for file in files]


@dataclass(frozen=True)
class _Trial:
    """The stages of a preview, the language of its metadata, and the policies with the bounds."""

    stages: tuple[Stage, ...]
    language: str
    policies: Policies


def _items(source: Source, files: Sequence[tuple[InputFile, int]], n: int, trial: _Trial) -> Iterator[Item]:
    remaining = n
    for file, count in files:
        for frame in read(source, file, limit=min(count, remaining), genre=source.genre or "web"):
            items = _previewed(source, frame, trial)
            yield from items
            remaining -= len(items)
        if remaining <= 0:
            return


def _stages(source: Source, policies: str) -> list[Stage]:
    # These options are the same as in the source's default recipe.
    languages, _unnamed = wanted_languages([source], load(chosen()).codes)
    names = [name for name in _STAGES if name != "unmark" or has_marks(source, policies)]
    options: dict[str, dict[str, Any]] = {name: {"policies": policies} for name in ("unmark", "filter")}
    options["identify"] = {"languages": languages} if languages else {}
    staged = (make_stage(name, options.get(name, {}), "preview").for_sources([source]) for name in names)
    expanded = [step for stage in staged for step in stage.expand()]
    return [step for step in expanded if isinstance(step, Stage)]


def _previewed(source: Source, frame: pl.DataFrame, trial: _Trial) -> list[Item]:
    """Return the result of each row of a frame, in the order of the frame."""
    originals = {row["doc_id"]: _original(row) for row in frame.iter_rows(named=True)}
    verses = {row["doc_id"] for row in frame.iter_rows(named=True) if joins_verses(source, row)}
    states: dict[str, dict[str, Any]] = {}
    passed = split_dropped(Batch(frame), "collect")
    dropped = [passed.dropped]
    for stage in trial.stages:
        if not len(passed.kept):
            break
        passed = pass_through(stage, passed.kept)
        dropped.append(passed.dropped)
        if stage.name == Extract.name:
            noted = passed.ledger.filter(pl.col("verdict") == "changed")
            states = {
                doc_id: json.loads(evidence) for doc_id, evidence in noted.select("doc_id", "evidence").iter_rows()
            }
    for doc_id in verses:
        states.setdefault(doc_id, {})["joins_verses"] = True
    rows = {row["doc_id"]: row for part in (passed.kept.frame, *dropped) for row in part.iter_rows(named=True)}
    versions = {row["doc_id"]: "" for row in rows.values() if row["doc_id"] not in originals}
    return [
        _item(
            source,
            rows[doc_id],
            original or _metadata_lines(rows[doc_id], trial.language),
            states.get(doc_id, {}),
            _measured(rows[doc_id], trial.policies),
        )
        for doc_id, original in {**originals, **versions}.items()
    ]


def _measured(row: Mapping[str, Any], policies: Policies) -> tuple[Measured, ...]:
    """Return the signals of a document that have a bound for its language and genre."""
    signals = row.get("signals")
    if not signals or not row.get("genre"):
        return ()
    measured = []
    words = np.array([signals["word_count"]], np.float32)
    for bound in policies.bounds(row.get("language") or "und", row["genre"]):
        value = _finite(signals.get(bound.signal))
        values = np.array([np.nan if value is None else value], np.float32)
        # Rounded, since a share equal to its bound is slightly above or below it as float32.
        low, high = (_finite(round(float(side[0]), 6)) for side in adjusted(values, bound, words))
        label = signal_label(bound.signal)
        measured.append(Measured(bound.signal, label, value, bound.minimum, bound.maximum, bound.file, (low, high)))
    return tuple(measured)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _item(
    source: Source, row: dict[str, Any], original: str, states: Mapping[str, Any], measured: tuple[Measured, ...]
) -> Item:
    reason = row.get("drop_reason")
    genre = INTERVIEW if is_interview(row.get("turns")) else row.get("genre")
    names, whose = names_of(source), (genre, row.get("country"))
    row = Redaction().metadata({name: row.get(name) for name in {*Redaction.READS, *row}})
    text, title = (redact(row.get(name) or "", *whose, names=names)[0] for name in ("text", "title"))
    evidence = json.loads(row["evidence"]) if reason and row.get("evidence") else None
    language = row.get("language")
    # For a text in another language, the notes of `to_look_at` are more specific than the reason.
    is_other_language = text and reason and reason.startswith("language=")
    why = in_plain_words(reason, evidence) if reason and not is_other_language else ()
    if text:
        why += to_look_at(text, language, source.languages)
    why += page_statements(states)
    if states.get("joins_verses"):
        why += (enumerated([LOOKS_LIKE_VERSE, REMEDY], "; "),)
    origin = row.get("origin") or {}
    origin_name = "#".join(part for part in (origin.get("file"), origin.get("member")) if part)
    return Item(
        row.get("url") or origin_name or row["doc_id"],
        title or None,
        language,
        row.get("language_score"),
        reason,
        why,
        redact(original, *whose, names=names)[0][:_ORIGINAL],
        text,
        has_codes(row.get("turns")),
        origin.get("file") or "",
        origin.get("member"),
        measured,
    )


def _original(row: dict[str, Any]) -> str:
    """Return the whole text of a record before extraction: all words of a page, or the text of a file."""
    raw = row.get("raw")
    if raw is None:
        return row.get("text") or ""
    kind = (row.get("media_type") or "").partition(";")[0].strip().lower()
    is_text = kind.startswith("text/") or kind.endswith("xml")
    if not is_text and (b"\0" in raw[:_BINARY_WITHIN] or kind in _NOT_TEXT):
        return ""
    text = decode(raw)[0]
    return page_words(text) if kind in _HTML else text


def _metadata_lines(row: Mapping[str, Any], language: str) -> str:
    r"""Return the metadata of a document whose file isn't text, one field per line.

    >>> _metadata_lines({"title": "Canto", "declared_language": "spa", "composition": "original"}, "es")
    'título: Canto\nlengua declarada: español\ncomposición: original'
    """
    values = {name: same(value) for name in _METADATA if isinstance(value := row.get(name), str) and value}
    if creators := row.get("creators"):
        values["creators"] = same("; ".join(creators))
    if turns := row.get("turns"):
        values["turns"] = same(len(turns))
    if "declared_language" in values:
        values["declared_language"] = language_name(row["declared_language"])
    if "composition" in values:
        values["composition"] = COMPOSITIONS.get(row["composition"], values["composition"])
    lines = (
        Message("{name}: {value}", {"name": label, "value": values[name]})
        for name, label in _METADATA.items()
        if name in values
    )
    return enumerated(lines, "\n").translate(language)


def page_words(page: str) -> str:
    r"""Return all words that a page shows, including menus and notices, with one line per block.

    >>> page_words("<nav><a>Inicio</a></nav><p>La <b>barca</b> salió.</p><script>f()</script>")
    'Inicio\nLa barca salió.'
    """
    try:
        # lxml accepts control characters when reading, but refuses to write them.
        plain = _CONTROL.sub(" ", page)
        tree = lxml.html.document_fromstring(
            plain.encode(errors="replace"), parser=lxml.html.HTMLParser(encoding="utf-8")
        )
    except (lxml.etree.LxmlError, ValueError):  # the page is empty or has no markup
        return page
    lxml.etree.strip_elements(tree, lxml.etree.Comment, *_UNSEEN, with_tail=False)
    for element in tree.iter():
        if element.tag in _BLOCKS:
            element.text = f"\n{element.text or ''}"
            element.tail = f"\n{element.tail or ''}"
        elif element.tag == "a":  # separates the entries of a menu
            element.tail = f" {element.tail or ''}"
    lines = (" ".join(line.split()) for line in "".join(map(str, tree.itertext())).splitlines())
    # The parser returns nothing for too deeply nested markup.
    return "\n".join(line for line in lines if line) or re.sub(r"<[^<>]*>", "", page).strip()
