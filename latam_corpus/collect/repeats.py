"""Find different texts of a source with the same id: versions of a document, or a mistake."""

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

# The columns that are compared, and those that identify a record in a message.
COLUMNS: Final = ("doc_id", "obtained", "origin", "source_id", "url")
_SHOWN: Final = 3


def unlike(rows: pl.DataFrame, dated: Collection[str], versions: Collection[str]) -> Iterator[Breach]:
    """Report the ids that different texts of a source share, with one breach per cause.

    Records with the same id are captures of a page if they are in web archives. They are versions of a document if the
    records state different times at which they were obtained, or if the source declares them versions. `rows` has
    COLUMNS; unique ids and records without a text are ignored. `dated` are the sources whose records state when they
    were obtained; `versions`, those that declare records with the same id versions.
    """
    keyed = rows.with_columns(
        pl.col("origin").struct.field("file"),
        pl.col("origin").struct.field("member"),
        pl.col("origin").struct.field("digest"),
        # A time that the source states for all of its records doesn't distinguish them.
        pl.when(pl.col("source_id").is_in(list(dated))).then("obtained").alias("time"),
    ).filter(pl.col("digest").is_not_null() & ~pl.col("source_id").is_in(list(versions)))
    is_one_of_several = pl.col("digest").n_unique().over("doc_id", "time") > 1
    repeated = keyed.filter(is_one_of_several)
    captures = [_is_capture(*names) for names in repeated.select("file", "member").iter_rows()]
    repeated = repeated.filter(~pl.Series(captures, dtype=pl.Boolean)).filter(is_one_of_several)
    for (source,), of_source in repeated.sort("file", "member").group_by("source_id", maintain_order=True):
        groups = of_source.partition_by("doc_id", maintain_order=True)
        for alike in (True, False):
            if of_cause := [group for group in groups if _is_one_name(group) == alike]:
                yield _breach(str(source), of_cause, alike=alike)


def _is_one_name(group: pl.DataFrame) -> bool:
    """Whether the group has only whole files whose names differ only in the encoding of accents."""
    return bool(group["member"].is_null().all()) and group["file"].str.normalize("NFC").n_unique() == 1


def _breach(source: str, groups: list[pl.DataFrame], *, alike: bool) -> Breach:
    shown = [_named(group) for group in groups[:_SHOWN]]
    by_url = shown[0][1]
    ids = enumerated([name for name, _by_url in shown] + [same("…")] * (len(groups) > _SHOWN), between="; ")
    place = _("input of {source}", source=source)
    if alike:
        problem = _("names that differ only by how accents are encoded, with different texts: {n}, such as {ids}")
        remedy = _("give one of the files another name, or leave it out")
        return Breach(place, problem.fill(n=decimal(f"{len(groups):,}"), ids=ids), remedy)
    if by_url:
        problem = _("addresses with different texts: {n}, such as {ids}")
        separate = _(
            'name a column that tells them apart (id = "…" under [collect.columns]), or join them (group = ["…"])'
        )
    else:
        problem = _("ids with different texts: {n}, such as {ids}")
        separate = _('name a column that tells them apart (id = "…" under [collect.columns], or id = false)')
    version = _(
        'if they are versions of one document, name the column of their time (obtained = "…") or write versions = true'
    )
    return Breach(
        place, problem.fill(n=decimal(f"{len(groups):,}"), ids=ids), enumerated([separate, version], between="; ")
    )


def _named(group: pl.DataFrame) -> tuple[Message, bool]:
    """Return a group's id or address with its first files, and whether it is an address."""
    row = group.row(0, named=True)
    by_url = row["url"] is not None and doc_id(row["source_id"], row["url"]) == row["doc_id"]
    name = row["url"] if by_url else re.sub(r"^.*#", "", row["member"] or "")
    first, *other_files = dict.fromkeys(unicodedata.normalize("NFC", file) for file in group["file"].head(2))
    files = _("{one} and {other}", one=first, other=other_files[0]) if other_files else first
    if not name:  # whole files, named by their paths or by an id in a catalogue
        return _("{files} ({n} {n:time|times})", files=files, n=group.height), by_url
    return _("«{name}» in {files} ({n} {n:time|times})", name=name, files=files, n=group.height), by_url


def _is_capture(file: str, member: str | None) -> bool:
    """Whether a record is from a web archive, which may be a member of another archive."""
    names = [file, (member or "").partition("#")[0]]
    return any(form is not None and form.is_web_archive for form in map(format_of, names))
