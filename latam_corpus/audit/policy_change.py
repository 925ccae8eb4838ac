"""Compare the decisions of the current policies with those after a change of one file, document by document."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from latam_corpus.audit.measurement import read_measured
from latam_corpus.pipeline.planning.policy_overlay import named_as, read_policy
from latam_corpus.policies.policy import cached_policies
from latam_corpus.quality.distribution import reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from latam_corpus.audit.measurement import MeasuredRows
    from latam_corpus.messages import Message
    from latam_corpus.policies.policy import Policies


@dataclass(frozen=True)
class PolicyChange:
    """The effect of one changed policy file.

    Attributes:
        file: its name in a folder of policies, such as `languages/quy.toml`.
        affected: the number of documents to which the file applies.
        rows: for each document, `doc_id`, `language`, `genre`, the verdict `judged`, and the lists of drop reasons
            `before` and `after` the change, which are empty if it is kept.
    """

    file: str
    folder: Path
    affected: int
    rows: pl.DataFrame
    measured: MeasuredRows

    @property
    def kept(self) -> tuple[int, int]:
        """The numbers of documents kept before and after the change."""
        before, after = (int((self.rows[when].list.len() == 0).sum()) for when in ("before", "after"))
        return before, after

    @property
    def changed(self) -> pl.DataFrame:
        """The documents that the change drops, followed by those that it keeps."""
        before, after = (pl.col(when).list.len() > 0 for when in ("before", "after"))
        return self.rows.filter(before != after).sort(after, "doc_id", descending=[True, False])


def changed_policy(
    named: str,
    out: Path,
    file: Path,
    today: date,
    tell: Callable[[str | Message], None],
    facts: Mapping[str, str] = MappingProxyType({}),
) -> PolicyChange:
    """Return the effect of a changed policy file on the documents of a run, a file or a folder of texts.

    If the file changes words on which signals depend, the documents of a run are measured again. The file is the policy
    of a language or a genre, under any name; for the other arguments see `read_measured`. `facts` has the `language`
    and `genre` of rows that don't state them, by default the policy's.

    Raises:
        ConfigError: the input doesn't exist, or the file isn't a policy of a language or a genre.
    """
    text, name = read_policy(file)
    kind, code = name.removesuffix(".toml").split("/")
    declared = {kind.removesuffix("s"): code, **facts}
    measured = read_measured(named, out, "", today, tell, declared=declared)
    with TemporaryDirectory() as folder, named_as({Path(folder) / name: file}):
        for part in ("languages", "genres"):
            shutil.copytree(measured.policies.folder / part, Path(folder) / part)
        (Path(folder) / name).write_text(text, "utf-8")
        changed = cached_policies(folder)
        remeasured = measured
        if changed.lexicon_digest() != measured.policies.lexicon_digest():
            measured = read_measured(named, out, "", today, tell, declared=declared, remeasure=True)
            remeasured = read_measured(named, out, folder, today, tell, declared=declared, remeasure=True)
        rows = measured.frame.drop("signals").with_columns(
            pl.Series("before", reasons(measured.frame, measured.policies), dtype=pl.List(pl.String)),
            pl.Series("after", reasons(remeasured.frame, changed), dtype=pl.List(pl.String)),
        )
        affected = sum(_applies(changed, kind, code, *pair) for pair in rows.select("language", "genre").iter_rows())
    return PolicyChange(name, measured.policies.folder, affected, rows, measured)


def _applies(policies: Policies, kind: str, code: str, language: str, genre: str) -> bool:
    return genre == code if kind == "genres" else policies.language(language).language == code
