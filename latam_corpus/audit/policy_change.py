"""One changed policy file in the place of the one that is there: which documents fall or stay by it, one by one."""

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
    """What one changed file does.

    Attributes:
        file: its name in a folder of policies, `languages/quy.toml`.
        beside: the folder of the other files.
        decides: the documents whose policy it is part of.
        rows: of each document `doc_id`, `language`, `genre`, as what it was `judged`, and the drop reasons `before`
            and `after`, none where it stays.
        measured: the documents as they were read.
    """

    file: str
    beside: Path
    decides: int
    rows: pl.DataFrame
    measured: MeasuredRows

    @property
    def kept(self) -> tuple[int, int]:
        """The documents that stay before and after."""
        before, after = (int((self.rows[when].list.len() == 0).sum()) for when in ("before", "after"))
        return before, after

    @property
    def changed(self) -> pl.DataFrame:
        """The documents that fall now, and those that stay now, the first first."""
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
    """Return what a changed policy file does to the documents of a run, of a file or of a folder of texts.

    Where it changes words that signals are measured by, the documents of a run are measured anew, as their texts stand.

    Args:
        named: see `read_measured`.
        out: see there.
        file: the changed policy, of a language or a genre; its name is of no account.
        today: see there.
        tell: see there.
        facts: the `language` and `genre` of rows of a file that say none; the file's own where it isn't there.

    Raises:
        ConfigError: there is no such input, or the file is no policy of a language or a genre.
    """
    text, name = read_policy(file)
    kind, code = name.removesuffix(".toml").split("/")
    declared = {kind.removesuffix("s"): code, **facts}
    before = read_measured(named, out, "", today, tell, declared=declared)
    with TemporaryDirectory() as folder, named_as({Path(folder) / name: file}):
        for part in ("languages", "genres"):
            shutil.copytree(before.policies.folder / part, Path(folder) / part)
        (Path(folder) / name).write_text(text, "utf-8")
        changed = cached_policies(folder)
        same_words = changed.lexicon_digest() == before.policies.lexicon_digest()
        if not same_words:
            before = read_measured(named, out, "", today, tell, declared=declared, anew=True)
        after = before if same_words else read_measured(named, out, folder, today, tell, declared=declared, anew=True)
        rows = before.frame.drop("signals").with_columns(
            pl.Series("before", reasons(before.frame, before.policies), dtype=pl.List(pl.String)),
            pl.Series("after", reasons(after.frame, changed), dtype=pl.List(pl.String)),
        )
        decides = sum(_decides(changed, kind, code, *pair) for pair in rows.select("language", "genre").iter_rows())
    return PolicyChange(name, before.policies.folder, decides, rows, before)


def _decides(policies: Policies, kind: str, code: str, language: str, genre: str) -> bool:
    return genre == code if kind == "genres" else policies.language(language).language == code
