"""Templates of the files that `plugin new` writes."""

from __future__ import annotations

from string import Template
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A kind of plug-in.

    Attributes:
        group: the group of its entry point.
        attribute: the template of the name of the attribute to which the entry point refers.
        module: the template of the module.
        test: the template of the test's statement.
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
_STAGE: Final = Template('''"""The stage «$name»; a recipe can set its fields as options."""

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
        """Return the batch with the same rows in the same order; `batch.drop(reasons)` drops some."""
        return batch.with_columns({"text": batch.frame["text"].str.slice(0, self.longest)})
''')
_SIGNAL: Final = Template('''"""The signal «$name»: a number per document, which a policy may bound."""

from __future__ import annotations

import latam_corpus as lc
from latam_corpus.signals.shares import share


@lc.signal("$name", "question marks per word")
def $name(reading):
    """Count the marks in the bytes of each document."""
    marks = reading.sum_bytes(reading.words.data == ord("?"))
    return share(marks, reading.words.word_count)
''')
_EXTRACTOR: Final = Template('''"""Extract text from files that end in .$name, in the sandbox of the stage `extract`."""

from __future__ import annotations

from collections.abc import Mapping

from latam_corpus.extract.document import Extracted, UnusableError


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text and the title of a file."""
    head, separator, body = raw.decode("utf-8").partition("\\n\\n")
    if not separator:
        raise UnusableError("damaged file", "it has no empty line after its title", "fetch the whole file")
    return Extracted(body.strip(), "$name 0.1.0", title=head.strip() or None)
''')
_READER: Final = Template('''"""Read records of files that end in .$name, each as a dict whose fields a source maps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO


def read(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the records of a decompressed file; an error is reported as a damaged file."""
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
TEST: Final = Template('''"""Check the contract of the plug-in with the toolkit's test kit."""

from corpus_$name import $attribute

from latam_corpus.testing import check_$kind


def test_it_keeps_the_contract() -> None:
    """No row is lost, results are the same each time, and the plug-in can be pickled."""
    $call
''')
