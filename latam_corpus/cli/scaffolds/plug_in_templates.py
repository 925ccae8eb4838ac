"""What `plugin new` writes: a package with one stage, signal, extractor or reader, and a test by the kit."""

from __future__ import annotations

from string import Template
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """What a plug-in can be.

    Attributes:
        group: of the entry point.
        attribute: what the entry point names in the module; a template.
        module: the code, a template.
        test: what the test calls, a template.
    """

    group: str
    attribute: Template
    module: Template
    test: Template


PROJECT: Final = Template("""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "corpus-$hyphened"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["latam-corpus"]

[project.entry-points."$group"]
$name = "corpus_$name:$attribute"

[tool.hatch.build.targets.wheel]
include = ["corpus_$name.py"]
""")
_STAGE: Final = Template('''"""The stage «$name»: its options are what a recipe may set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import latam_corpus as lc


@dataclass(frozen=True)
class $class_name(lc.Stage):
    """The stage that keeps the first characters of a text."""

    longest: int = 10_000

    name: ClassVar[str] = "$name"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        """Return the batch with the same rows in the same order; `batch.drop(reasons)` sets some aside."""
        return batch.with_columns({"text": batch.frame["text"].str.slice(0, self.longest)})
''')
_SIGNAL: Final = Template('''"""The signal «$name»: a number a document, which a policy may bound."""

from __future__ import annotations

import latam_corpus as lc
from latam_corpus.signals.shares import share


@lc.signal("$name", "question marks a word")
def $name(reading):
    """Count the marks in the bytes of each document."""
    marks = reading.sum_bytes(reading.words.data == ord("?"))
    return share(marks, reading.words.word_count)
''')
_EXTRACTOR: Final = Template('''"""Text of files that end in .$name: the stage `extract` calls it, in a box."""

from __future__ import annotations

from collections.abc import Mapping

from latam_corpus.extract.document import Extracted, UnusableError


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a file, and what it says of itself."""
    head, separator, body = raw.decode("utf-8").partition("\\n\\n")
    if not separator:
        raise UnusableError("damaged file", "it has no empty line after its title", "take the whole file")
    return Extracted(body.strip(), "$name 0.1.0", title=head.strip() or None)
''')
_READER: Final = Template('''"""Records of files that end in .$name, a dict each: a source maps their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO


def read(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, which is decompressed already; what breaks off is told as a damaged file."""
    for number, line in enumerate(stream, 1):
        title, separator, text = line.decode("utf-8").rstrip("\\n").partition("|")
        if not separator:
            raise ValueError(f"line {number} has no «|»")
        yield {"title": title, "text": text}
''')
KINDS: Final = {
    "stage": Kind(
        "latam_corpus.stages", Template("$class_name"), _STAGE, Template("check_stage($attribute(longest=20))")
    ),
    "signal": Kind("latam_corpus.signals", Template("$name"), _SIGNAL, Template("check_signal($attribute)")),
    "extractor": Kind(
        "latam_corpus.extractors",
        Template("extract"),
        _EXTRACTOR,
        Template('assert check_extractor($attribute, "Título\\n\\nTexto.".encode(), {}).title == "Título"'),
    ),
    "reader": Kind(
        "latam_corpus.readers",
        Template("read"),
        _READER,
        Template('assert len(check_reader($attribute, "Uno|Texto.\\nDos|Otro.\\n".encode())) == 2'),
    ),
}
TEST: Final = Template('''"""The contract that the toolkit relies on, checked by its kit."""

from corpus_$name import $attribute

from latam_corpus.testing import check_$kind


def test_it_keeps_the_contract() -> None:
    """Rows stay, results are the same each time, and workers can be sent it."""
    $call
''')
