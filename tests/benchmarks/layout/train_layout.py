"""Train the shipped layout model: `python -m tests.benchmarks.layout.train_layout`.

The model contains only numbers about the place and form of blocks, and no text of any page. Other extractors label the
blocks that a page's gold doesn't cover; for them, `--rival-python` needs the packages listed in `other_extractors.py`.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from latam_corpus.cli.interface.show import console
from latam_corpus.extract.web_pages.model_file import MODEL
from latam_corpus.extract.web_pages.page_blocks import features_digest, save_model

from .block_labels import BELIEVED
from .lessons import BOUND, FIRST, SECOND, learn
from .shelves import Shelf


def main() -> None:
    """Train on all pages; write the model, and next to it the list of pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.layout.train_layout")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the public texts")
    parser.add_argument("--rival-python", required=True, help="a Python that has the other extractors")
    parser.add_argument("--keep", type=Path, help="a folder in which their results are cached")
    parser.add_argument("--out", type=Path, default=MODEL)
    args = parser.parse_args()
    shelf = Shelf.of(args.data)
    shelf.ask(args.rival_python, BELIEVED, args.keep)
    lessons = shelf.lessons()
    about = {
        "trained": datetime.now(UTC).date().isoformat(),
        "pages": len(lessons),
        "sites": len({lesson.site for lesson in lessons}),
        "blocks": sum(len(lesson.markup) for lesson in lessons),
        "features": features_digest(),
        "options": [repr(FIRST), repr(SECOND), f"bound {BOUND}"],
        "from": "place and form of the blocks of the pages in unclear/news; no text",
    }
    save_model(learn(lessons, about), args.out)
    args.out.with_suffix(".pages.tsv").write_text(shelf.page_list(), encoding="utf-8")
    console.print(f"{about}\nkept in {args.out}")


if __name__ == "__main__":
    main()
