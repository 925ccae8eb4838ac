"""`latam-corpus plugin new`: write a package with a stage, a signal, an extractor or a reader."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Annotated, Final, NamedTuple

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.errors import ConfigError, closest
from latam_corpus.formats.registry import suffixes
from latam_corpus.messages import N_, _
from latam_corpus.pipeline.planning.registry import registered
from latam_corpus.signals import signal_names

app = typer.Typer(no_args_is_help=True)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_SUFFIX: Final = re.compile(r"[a-z][a-z0-9]*")
_PROJECT: Final = Template("""[build-system]
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
_TEST: Final = Template('''"""Check the contract of the plug-in with the toolkit's test kit."""

from corpus_$name import $attribute

from latam_corpus.testing import check_$kind


def test_it_keeps_the_contract() -> None:
    """No row is lost, results are the same each time, and the plug-in can be pickled."""
    $call
''')


@app.callback()
def plugin() -> None:
    """Write plug-in packages."""


@app.command("new")
def new(
    kind: Annotated[str, typer.Argument(help=N_("stage, signal, extractor or reader."))],
    name: Annotated[
        str,
        typer.Argument(
            help=N_("Its name in recipes or policies; for an extractor or reader, the suffix of its files.")
        ),
    ],
    to: Annotated[Path | None, typer.Option(help=N_("The folder to write; corpus-NAME by default."))] = None,
    as_json: Json = False,
) -> None:
    """Write a package with a stage, signal, extractor or reader, and a test."""
    if kind not in _KINDS:
        raise ConfigError(kind, _("it isn't a kind of plug-in"), closest(kind, _KINDS))
    if not (_SUFFIX if kind in ("extractor", "reader") else _NAME).fullmatch(name):
        remedy = _("start with a small letter, and use small letters and digits; a stage or signal may also have _")
        raise ConfigError(name, _("it isn't a valid name"), remedy)
    existing = {"stage": registered(), "signal": signal_names()}.get(kind, [suffix[1:] for suffix in suffixes()])
    if name in existing:
        raise ConfigError(name, _("the name is taken"), _("give it another name"))
    folder = to or Path(f"corpus-{name.replace('_', '-')}")
    if folder.exists():
        raise ConfigError(str(folder), _("the folder already exists"), _("name a new one with --to"))
    chosen = _KINDS[kind]
    words = {"name": name, "kind": kind, "group": chosen.group, "hyphened": name.replace("_", "-")}
    words["class_name"] = "".join(part.capitalize() for part in name.split("_"))
    words["attribute"] = chosen.attribute.substitute(words)
    words["call"] = chosen.test.substitute(words)
    files = {
        "pyproject.toml": _PROJECT.substitute(words),
        f"corpus_{name}.py": chosen.module.substitute(words),
        f"tests/test_{name}.py": _TEST.substitute(words),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    if as_json:
        print_json({"folder": str(folder), "files": sorted(files)})
        return
    for path in files:
        console.print(_("written: {path}", path=folder / path))
    for command in (f"pip install -e {folder} pytest", f"python -m pytest {folder}"):
        console.print(_("next  {command}", command=command))


class _Kind(NamedTuple):
    """A kind of plug-in."""

    group: str
    attribute: Template
    module: Template
    test: Template


_KINDS: Final = {
    "stage": _Kind(
        "latam_corpus.stages", Template("$class_name"), _STAGE, Template("check_stage($attribute(longest=20))")
    ),
    "signal": _Kind("latam_corpus.signals", Template("$name"), _SIGNAL, Template("check_signal($attribute)")),
    "extractor": _Kind(
        "latam_corpus.extractors",
        Template("extract"),
        _EXTRACTOR,
        Template('assert check_extractor($attribute, "Título\\n\\nTexto.".encode(), {}).title == "Título"'),
    ),
    "reader": _Kind(
        "latam_corpus.readers",
        Template("read"),
        _READER,
        Template('assert len(check_reader($attribute, "Uno|Texto.\\nDos|Otro.\\n".encode())) == 2'),
    ),
}
