"""The pages with gold as markup, what other extractors made of them, and the lessons that they give."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from resiliparse.parse.html import HTMLTree

from latam_corpus.errors import ConfigError
from latam_corpus.extract.web_pages.html_metadata import read_metadata
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.extract.web_pages.page_blocks import markup_of, metadata_features
from latam_corpus.lab.layout.block_labels import BELIEVED, labels
from latam_corpus.lab.layout.gold_pages import Page, read
from latam_corpus.lab.layout.lessons import Lesson
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


@dataclass
class Shelf:
    """Pages, and what systems made of them.

    Attributes:
        pages: those of which some gold speaks.
        markups: their markup, decoded once for all systems.
        texts: by system.
        seconds: of processor time, by system, a page each.
        versions: of the systems' distributions.
    """

    pages: list[Page]
    markups: list[str]
    texts: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Path) -> Shelf:
        """Return the pages below the folder of real texts.

        Raises:
            ConfigError: they aren't there.
        """
        if not (data / "unclear" / "news").is_dir():
            raise ConfigError(
                str(data), _("no folder unclear/news in it"), _("name the folder of the texts with --data")
            )
        pages = [page for page in read(data) if page.wanted or page.unwanted or page.gold]
        return cls(pages, [markup_of(page.raw, {}) for page in pages])

    def ask(self, python: str, systems: Iterable[str], keep: Path | None = None) -> None:
        """Have the systems extract the pages with another Python, one thread each, one after another.

        Args:
            python: the other Python.
            systems: names of `other_extractors.SYSTEMS`.
            keep: a folder for what they said, taken from there for the same pages.
        """
        with tempfile.TemporaryDirectory() as folder:
            workdir = keep or Path(folder)
            workdir.mkdir(parents=True, exist_ok=True)
            pages = Path(folder) / "pages"
            pages.write_text("".join(json.dumps(markup) + "\n" for markup in self.markups), encoding="utf-8")
            digest = hashlib.sha256(pages.read_bytes()).hexdigest()[:16]
            for system in systems:
                texts = workdir / f"{digest}-{system}.jsonl"
                if not texts.exists():
                    self._run(python, system, pages, texts)
                with texts.open(encoding="utf-8") as lines:
                    versions, *rows = map(json.loads, lines)
                self.versions |= versions
                self.texts[system] = [text for text, _ in rows]
                self.seconds[system] = [seconds for _, seconds in rows]

    def _run(self, python: str, system: str, pages: Path, texts: Path) -> None:
        partial = texts.with_suffix(".partial")
        command = [python, str(Path(__file__).with_name("other_extractors.py")), system, str(pages), str(partial)]
        # The script beside this one, with the Python that was named.
        subprocess.run(command, check=True, env=os.environ | _ONE_THREAD)  # noqa: S603
        partial.rename(texts)

    def listed(self) -> str:
        """Return the pages as lines of a TSV: address, or name where it is unknown, and SHA-256 of the bytes."""
        lines = sorted(f"{page.url or page.name}\t{hashlib.sha256(page.raw).hexdigest()}" for page in self.pages)
        return "address\tsha256\n" + "".join(f"{line}\n" for line in lines)

    def every(self, step: int) -> Shelf:
        """Return the shelf with one page of so many."""
        return Shelf(self.pages[::step], self.markups[::step])

    def lessons(self) -> list[Lesson]:
        """Return a lesson of each page; the systems of `BELIEVED` must have been asked."""
        examples = []
        for index, (page, markup) in enumerate(zip(self.pages, self.markups, strict=True)):
            tree = HTMLTree.parse(markup)
            blocks = read_markup(str(tree.document.html) if tree.document else "")
            believed = {system: self.texts[system][index] for system in BELIEVED}
            shares, weights = labels(page, [blocks.block(number) for number in range(len(blocks))], believed)
            facts = metadata_features(blocks, read_metadata(blocks))
            examples.append(Lesson.of(page.site, blocks, facts, shares, weights))
        return examples
