"""The pages name existing things: links, files, commands with their options, targets of make, and every package."""

from __future__ import annotations

import importlib
import re
import shlex
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from latam_corpus.__main__ import app

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]
_PACKAGE = _ROOT / "latam_corpus"
# These describe earlier versions, and aren't rewritten when something moves.
_HISTORY = ("CHANGELOG.md", "docs/results/")
_PAGES = sorted(
    path
    for folder in (_ROOT, _ROOT / "docs", _ROOT / "pipelines")
    for path in (folder.glob("*.md") if folder == _ROOT else folder.rglob("*.md"))
)
_NOW = [path for path in _PAGES if not path.relative_to(_ROOT).as_posix().startswith(_HISTORY)]
_TOP = {"docs", "filters", "latam_corpus", "pipelines", "tests"}


def _name(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix()


def _rooms() -> set[str]:
    """Return the names of the package's folders and files at its top level, without suffixes."""
    names = {path.stem for path in _PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    return names - {"__about__", "__init__", "__main__"}


def _prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def _spans(text: str) -> list[str]:
    """Return the code between single backticks."""
    return re.findall(r"`([^`\n]+)`", _prose(text))


def _commands(text: str) -> Iterator[list[str]]:
    """Return the commands of a page: lines of its blocks that begin with a command, and its spans of code."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *_spans(text)]:
        if line.startswith(("latam-corpus ", "make ")):
            typed = line.partition(" #")[0]
            yield typed.split() if typed.count('"') % 2 or typed.count("'") % 2 else shlex.split(typed)


def _anchors(text: str) -> set[str]:
    """Return the places of a page that links can name, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)
    created = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
    return created | set(re.findall(r'<a id="([\w-]+)">', text))


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link leads to an existing file and to a heading in it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", _prose(page.read_text(encoding="utf-8"))):
        if not re.match(r"https?:|mailto:", link):
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            assert target.exists(), link
            assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", _NOW, ids=_name)
def test_files_that_pages_name_are_there(page: Path) -> None:
    """Each named file is in the project, in the package or next to the page; `<id>` and `xxx` match any name."""
    for span in _spans(page.read_text(encoding="utf-8")):
        first, slash, _ = span.partition("/")
        if not slash or first not in _TOP | _rooms() or not re.fullmatch(r"[\w./*<>-]+", span):
            continue
        pattern = re.sub(r"<\w+>|\bxxx\b", "*", span.rstrip("/"))
        assert any(list(folder.glob(pattern)) for folder in (_ROOT, _PACKAGE, page.parent)), span


def test_modules_that_are_named_are_there() -> None:
    """Modules named in comments, in docstrings and in the design exist, by path or by name."""
    modules = {path.name for folder in (_PACKAGE, _ROOT / "tests") for path in folder.rglob("*.py")}
    texts = {"design.md": " ".join(_spans((_ROOT / "docs" / "design.md").read_text(encoding="utf-8")))}
    texts |= {_name(path): "\n".join(_remarks(path)) for path in _PACKAGE.rglob("*.py")}
    named = {(place, name) for place, text in texts.items() for name in re.findall(r"([\w*]+\.py)\b", text)}
    examples = {"X.py", "name.py", "shorten.py", "*_kernels.py"}
    assert not {(place, name) for place, name in named if name not in modules | examples}


def _remarks(path: Path) -> Iterator[str]:
    """Return the comments of a module, and its text between triple quotes."""
    with tokenize.open(path) as lines:
        for token in tokenize.generate_tokens(lines.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
                yield token.string


@pytest.mark.parametrize("page", _NOW, ids=_name)
def test_commands_that_pages_name_are_there(page: Path) -> None:
    """Each command exists and has the options that the page gives it."""
    for words in _commands(page.read_text(encoding="utf-8")):
        if words[0] == "make":
            targets = re.findall(r"^([a-z-]+):", (_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert {word for word in words[1:] if re.fullmatch(r"[a-z-]+", word)} <= set(targets), words
        else:
            _check(words[1:])


def _check(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    arguments = list(words)
    while arguments and hasattr(command, "commands"):
        if arguments[0].startswith("-") or not re.fullmatch(r"[a-z-|]+", arguments[0]):
            break
        context = typer.Context(command)
        _, *alternatives = names = arguments.pop(0).split("|")
        for name in alternatives:
            assert command.resolve_command(context, [name])[1], words
        _, command, _ = command.resolve_command(context, names[:1])
    option_names = {"--help", "-h", "--install-completion", "--show-completion"}
    option_names |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in arguments if re.match(r"--?[a-z]", word)}
    assert given <= option_names, words


def test_every_room_has_its_line() -> None:
    """The design describes each package, and the contributing page says where additions go."""
    design = (_ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    packages = design.partition("## Packages\n")[2].partition("\n## ")[0]
    table_lines = [line for line in packages.splitlines() if line.startswith("| `")]
    assert {span for line in table_lines for span in _spans(line.split("|")[1])} == _rooms()
    goes = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("### Where it goes\n")[2]
    rows = "".join(line for line in goes.partition("\nA *signal*")[0].splitlines() if line.startswith("|"))
    named = {Path(span).parts[1].removesuffix(".py") for span in _spans(rows) if span.startswith("latam_corpus/")}
    assert named - {"__main__", "__init__"} == _rooms()


def test_decisions_are_listed_by_topic_with_a_status() -> None:
    """The index has every record under its topic. Each title says topic and choice, and each has three sections."""
    folder = _ROOT / "docs" / "decisions"
    pages = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md") if path.name != "README.md"}
    index = {
        name: (title, topic.splitlines()[0].lower())
        for topic in (folder / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
        for title, name in re.findall(r"^- \[(.+)\]\((.+)\)$", topic, re.MULTILINE)
    }
    assert index.keys() == pages.keys()
    for name, text in pages.items():
        title, _, status, *_ = text.splitlines()
        assert re.fullmatch(r"# [^:]{4,60}: .{15,90}", title), name
        replaced = rf"replaced by \[.+\]\(({'|'.join(pages)})\)"
        match = re.fullmatch(rf"Status: (?:accepted|{replaced}) · topic: (\w+) · \d{{4}}-\d\d-\d\d", status)
        assert match, (name, status)
        assert index[name] == (title.removeprefix("# "), match[2]), name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Alternatives"], name


def test_benchmarks_that_pages_name_are_there() -> None:
    """Each existing benchmark is on the page of benchmarks, too."""
    names = set(importlib.import_module("tests.benchmarks.__main__").NAMES)
    for page in _NOW:
        named = re.findall(r"python -m tests\.benchmarks ([a-z_]+)", page.read_text(encoding="utf-8"))
        assert set(named) <= names | {"tables"}, page
    spans = " ".join(_spans((_ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"))).split()
    assert names <= set(spans)
