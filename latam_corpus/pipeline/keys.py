"""What results rest on, as digests: work is found again by them, and is never taken for what was made otherwise.

What counts is what runs: comments, docstrings and imports for a type checker alone don't. An import inside a function
counts, and so does a module named by a string (`"latam_corpus.collect.warc:read"`), as registries do; what `expand`
imports doesn't, since stages that another stands for have digests of their own. A package's `__init__` counts where
something is taken from it by name; that of this whole package, whose version counts anyway, never does. A table
beside a module, `X.toml` of `X.py`, counts as its code.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.durable import package_digest, replace, sealed, unsealed
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.paths import PACKAGE, cache_folder
from latam_corpus.stages import Barrier
from latam_corpus.vocabulary import plugged_readers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from latam_corpus.pipeline.step_file import Pair
    from latam_corpus.stages import Stage

_OURS: Final = "latam_corpus"
_NAMED: Final = re.compile(r"(\w+(?:\.\w+)+)(?::.*)?", re.DOTALL)
_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# How the words of files are called in each language, and what is refused of a stage: no result rests on either.
_NOT_FOLLOWED: Final = frozenset({"latam_corpus.catalog.display_names", "latam_corpus.pipeline.stage_values"})
_MOST: Final = 4000  # files that are remembered: several versions of all of ours

# Of a file: the digest of its code, and the dotted names that it imports from its own package or from ours.
Facts = tuple[str, tuple[str, ...]]


@dataclass(eq=False)
class Code:
    """The code of packages, each file read once.

    Attributes:
        package: the folder of this package.
        memory: a file in which is kept what was found in others, by their bytes; None to look at each anew.
    """

    package: Path = PACKAGE
    memory: Path | None = None
    _known: dict[str, Facts] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _files: dict[str, Path | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with suppress(OSError, ValueError):  # not there, or damaged: it is made anew
            if self.memory:
                facts = unsealed(self.memory.read_bytes())
                self._known = {key: (digest, tuple(names)) for key, (digest, names) in facts.items()}

    def reached(self, roots: Iterable[str]) -> set[str]:
        """Return the modules that these modules reach, themselves among them.

        Raises:
            ConfigError: a module has no file.
        """
        modules: set[str] = set()
        ahead = list(roots)
        while ahead:
            module = ahead.pop()
            if module not in modules | _NOT_FOLLOWED:
                modules.add(module)
                ahead += filter(None, map(self._module, self.facts(module)[1]))
        return modules

    def digest(self, roots: Iterable[str], alone: Iterable[str] = ()) -> str:
        """Return 16 hex digits that change when the code of a module does which these modules reach.

        Args:
            roots: names of modules.
            alone: names of modules whose own code counts, and not what they import.

        Raises:
            ConfigError: a module has no file.
        """
        before = len(self._known)
        modules = sorted({*self.reached(roots), *alone})
        digests = [f"{module} {self.facts(module)[0]}" for module in modules]
        if self.memory and len(self._known) > before:
            self._remember(self.memory)
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]

    def facts(self, module: str) -> Facts:
        """Return the digest of the module's code and the names that it imports.

        Raises:
            ConfigError: it has no file.
        """
        if module not in self._facts:
            file = self._file(module)
            if file is None:
                remedy = _("put it into a file that can be imported: results are found again by what it says")
                raise ConfigError(_("module «{module}»", module=module), _("it has no source file"), remedy)
            data = file.read_bytes()
            table = file.with_suffix(".toml")
            beside = hashlib.sha256(table.read_bytes()).hexdigest() if table.is_file() else ""
            inside = module if file.stem == "__init__" else module.rpartition(".")[0]
            identity = f"{_self()} {sys.version_info[:2]} {module} {inside} {beside} ".encode() + data
            key = hashlib.sha256(identity).hexdigest()[:32]
            if key not in self._known:
                digest, names = _facts_of(data, inside, {_OURS, module.partition(".")[0]})
                self._known[key] = digest + beside, names
            self._facts[module] = self._known[key]
        return self._facts[module]

    def _module(self, name: str) -> str | None:
        """Return the module that a dotted name is, or is an attribute of."""
        while name and name != _OURS:
            if self._file(name):
                return name
            name = name.rpartition(".")[0]
        return None

    def _file(self, module: str) -> Path | None:
        if module not in self._files:
            self._files[module] = self._path_of(module)
        return self._files[module]

    def _path_of(self, module: str) -> Path | None:
        package, _, rest = module.partition(".")
        if package == _OURS:
            base = self.package.joinpath(*rest.split("."))
            return next((file for file in (base / "__init__.py", base.with_suffix(".py")) if file.is_file()), None)
        loaded = sys.modules.get(module)
        if loaded is not None:
            return Path(loaded.__file__) if loaded.__file__ else None
        with suppress(ImportError, ValueError):
            spec = find_spec(module)
            return Path(spec.origin) if spec and spec.has_location and spec.origin else None
        return None

    def _remember(self, memory: Path) -> None:
        known = self._known
        if len(known) > _MOST:
            known = {key: facts for key, facts in known.items() if facts in self._facts.values()}
        with suppress(OSError):  # a home folder that can't be written to: files are looked at again
            replace(memory, sealed(known))


@cache
def code() -> Code:
    """Return the code of this process, as its files are when it is first asked for."""
    return Code(memory=cache_folder() / "code.json")


@cache
def _self() -> str:
    """Return what is remembered was found by this module."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def _facts_of(data: bytes, inside: str, packages: Collection[str]) -> Facts:
    """Read a file.

    Args:
        data: its bytes; of a compiled module these alone count.
        inside: the package in which it is, for relative imports.
        packages: those of which imports count.
    """
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return hashlib.sha256(data).hexdigest()[:32], ()
    reader = _Reader(inside)
    reader.read(tree)
    names = sorted(name for name in reader.names if name.partition(".")[0] in packages)
    return hashlib.sha256("\n".join(reader.syntax).encode("utf-8", "surrogatepass")).hexdigest()[:32], tuple(names)


class _Reader:
    """Tells what the nodes of a syntax tree say, without their places, and which names they import."""

    def __init__(self, inside: str) -> None:
        self.syntax: list[str] = []
        self.names: set[str] = set()
        self._inside = inside

    def read(self, value: Any, imports: bool = True) -> None:
        """Tell what a node, a list or a value says.

        Args:
            value: any of these.
            imports: whether imports in it count.
        """
        if isinstance(value, list):
            self.syntax.append("[")
            for one in value:
                self.read(one, imports)
            self.syntax.append("]")
        elif not isinstance(value, ast.AST):
            self.syntax.append(repr(value))
        elif isinstance(value, ast.If) and _is_for_types(value.test):
            self.read(value.orelse, imports)
        else:
            self._read_node(value, imports)

    def _read_node(self, node: ast.AST, imports: bool) -> None:
        if imports:
            self.names.update(self._imported(node))
            imports = not (isinstance(node, ast.FunctionDef) and node.name == "expand")
        self.syntax.append(f"({type(node).__name__}")
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                value = value[1:]  # noqa: PLW2901
            if value is not None and value != []:  # an empty field may be one that other Pythons don't have
                self.syntax.append(name)
                self.read(value, imports)
        self.syntax.append(")")

    def _imported(self, node: ast.AST) -> Iterable[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            above = self._inside.split(".")[: len(self._inside.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            return [f"{start}.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = _NAMED.fullmatch(node.value)
            return [named[1]] if named else []
        return []


def _is_for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


_READING: Final = "latam_corpus.collect.files"
_TABLES: Final = ("catalog/optout/agents.toml", "language/models/groups.toml")
_CONSERVE: Final = "latam_corpus.pipeline.conserve"
# What they import beside is of other concern: how files are read has a digest of its own.
_ROWS: Final = ("latam_corpus.pipeline.part", "latam_corpus.pipeline.step_file")
_CORPUS: Final = "latam_corpus.corpus"
_DECISIONS: Final = ("latam_corpus.pipeline.barriers", "latam_corpus.pipeline.decisions")


def digest_of(*values: Any) -> str:
    """32 hex digits that change when a value does.

    >>> digest_of("a", ["b"]) == digest_of("a", ["b"])
    True
    """
    encoded = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(encoded.encode()).hexdigest()[:32]


def reading_code() -> str:
    """Change with the code that makes rows of a source's files, and with the tables beside it."""
    ours = code()
    tables = [hashlib.sha256((ours.package / table).read_bytes()).hexdigest() for table in _TABLES]
    plug_ins = [(name, package_digest(entry.module)) for name, entry in plugged_readers().items()]
    return digest_of(ours.digest([_READING]), tables, *plug_ins)


def rows_code() -> str:
    """Change with the code that makes rows of what stages and barriers give, whichever they are."""
    return code().digest([_CONSERVE], _ROWS)


def stage_digest(stage: Stage | Barrier, entering: Collection[Pair] | None = None) -> str:
    """Give what changes when the stage's options, its code, its models or the libraries it names do; see `made_of`."""
    return digest_of(*made_of(stage, entering).values())


def made_of(stage: Stage | Barrier, entering: Collection[Pair] | None = None) -> dict[str, Any]:
    """All that a stage's result rests on beside the rows: its options, models and policies, code, and libraries.

    Args:
        stage: a stage or a barrier.
        entering: the languages and genres of the rows that it is given; what it rests on for others may not
            count then, see `Stage.fingerprint_for`.
    """
    options = {key: value for key, value in dataclasses.asdict(stage).items() if key not in stage.by_content}
    roots, alone = (_CORPUS, _DECISIONS) if isinstance(stage, Barrier) else (_CONSERVE, _ROWS)
    own = None if entering is None or isinstance(stage, Barrier) else stage.fingerprint_for(entering)
    return {
        "stage": stage.name,
        "options": options,
        "models": stage.fingerprint() if own is None else own,
        "code": code().digest([type(stage).__module__, roots], alone),
        "libraries": {name: metadata.version(name) for name in stage.libraries},
    }
