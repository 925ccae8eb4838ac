"""Records of one source under one id: the same again, a later version, or two documents that nothing tells apart."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.catalog.identity import doc_id
from latam_corpus.errors import Breach
from latam_corpus.formats.registry import format_of
from latam_corpus.messages import Message, _, decimal, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Of each record what decides, and what tells people which one is meant.
COLUMNS: Final = ("doc_id", "obtained", "origin", "source_id", "url")
_SHOWN: Final = 3


def unlike(rows: pl.DataFrame, dated: Collection[str], versions: Collection[str]) -> Iterator[Breach]:
    """Yield what is told of ids under which a source has several texts, a breach for what is called the same.

    A web archive may hold many captures of a page. Of other files, records with one id are versions of a document
    where the records themselves say when each was obtained, and the times differ, or where the source says so.

    Args:
        rows: COLUMNS of records; whose ids don't repeat, and who have no text, are no matter.
        dated: the sources whose records say when they were obtained.
        versions: the sources that say that such records are versions.
    """
    keyed = rows.with_columns(
        pl.col("origin").struct.field("file"),
        pl.col("origin").struct.field("member"),
        pl.col("origin").struct.field("digest"),
        # A time that the source states of all its records tells none of them apart.
        pl.when(pl.col("source_id").is_in(list(dated))).then("obtained").alias("time"),
    ).filter(pl.col("digest").is_not_null() & ~pl.col("source_id").is_in(list(versions)))
    is_one_of_several = pl.col("digest").n_unique().over("doc_id", "time") > 1
    several = keyed.filter(is_one_of_several)
    captures = [_is_capture(*names) for names in several.select("file", "member").iter_rows()]
    several = several.filter(~pl.Series(captures, dtype=pl.Boolean)).filter(is_one_of_several)
    for (source,), mine in several.sort("file", "member").group_by("source_id", maintain_order=True):
        groups = mine.partition_by("doc_id", maintain_order=True)
        for alike in (True, False):
            if alone := [group for group in groups if _is_one_name(group) == alike]:
                yield _breach(str(source), alone, alike=alike)


def _is_one_name(group: pl.DataFrame) -> bool:
    """Whether whole files share a name, which two of a folder do where only their accents are written otherwise."""
    return bool(group["member"].is_null().all()) and group["file"].str.normalize("NFC").n_unique() == 1


def _breach(source: str, groups: list[pl.DataFrame], *, alike: bool) -> Breach:
    shown = [_named(group) for group in groups[:_SHOWN]]
    by_url = shown[0][1]
    ids = enumerated([one[0] for one in shown] + [same("…")] * (len(groups) > _SHOWN), between="; ")
    place = _("input of {source}", source=source)
    if alike:
        problem = _("names that differ by how accents are written alone, with different texts: {n}, such as {ids}")
        remedy = _("give one of the files another name, or leave it out")
        return Breach(place, problem.fill(n=decimal(f"{len(groups):,}"), ids=ids), remedy)
    if by_url:
        problem = _("addresses with different texts: {n}, such as {ids}")
        apart = _(
            'name a column that tells them apart (id = "…" under [collect.columns]), or join them (group = ["…"])'
        )
    else:
        problem = _("ids with different texts: {n}, such as {ids}")
        apart = _('name a column that tells them apart (id = "…" under [collect.columns], or id = false)')
    version = _(
        'if they are versions of one document, name the column of their time (obtained = "…") or write versions = true'
    )
    return Breach(
        place, problem.fill(n=decimal(f"{len(groups):,}"), ids=ids), enumerated([apart, version], between="; ")
    )


def _named(group: pl.DataFrame) -> tuple[Message, bool]:
    """Return the id or address that records share, where two of them are, and whether it is an address."""
    row = group.row(0, named=True)
    by_url = row["url"] is not None and doc_id(row["source_id"], row["url"]) == row["doc_id"]
    name = row["url"] if by_url else re.sub(r"^.*#", "", row["member"] or "")
    first, *rest = dict.fromkeys(unicodedata.normalize("NFC", file) for file in group["file"].head(2))
    files = _("{one} and {other}", one=first, other=rest[0]) if rest else first
    if not name:  # whole files, by their names or an id that a catalogue gives them
        return _("{files} ({n} {n:time|times})", files=files, n=group.height), by_url
    return _("«{name}» in {files} ({n} {n:time|times})", name=name, files=files, n=group.height), by_url


def _is_capture(file: str, member: str | None) -> bool:
    """Whether a record is of a web archive, which may be a member of another archive."""
    names = [file, (member or "").partition("#")[0]]
    return any(form is not None and form.is_web_archive for form in map(format_of, names))
