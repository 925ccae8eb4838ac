"""The commands of a librarian's first day, with typical mistakes, and their output.

The logs of the day are `first_day/<language>.txt`. `python -m tests.desk.first_day` writes them again after messages
changed; read the difference as she would.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LANGUAGES: Final = ("es", "pt", "en")
_LOGS: Final = Path(__file__).with_suffix("")
_LETTER: Final = (
    "Querida hermana: te escribo desde el puerto, donde llueve desde el lunes y los botes no salen. Dile a mamá que\n"
    "la encomienda llegó entera, hasta el frasco de dulce, y que aquí todos preguntan quién lo hizo.\n"
)
_ANSWER: Final = (
    "Querido hermano: la vendimia empieza el martes y te esperamos con la mesa puesta. Papá arregló el carro, y los\n"
    "vecinos prometieron venir con sus canastos, como el año pasado. Trae el abrigo, que en las noches ya hace frío.\n"
)
_CATALOGUE: Final = (
    "Archivo,Título,Autor,Fecha,Derechos\n"
    "carta-01.txt,Carta del puerto,Rosa,1950,CC BY 4.0\n"
    "carta-02.txt,Carta de la vendimia,Juan,31/02/1951,permiso verbal\n"
    "carta 03.txt,Copia de la carta del puerto,Rosa,1950,CC BY 4.0\n"
)
# The answers to `sources new`, in the order of its questions; an empty one accepts what is proposed.
_ANSWERS: Final = (
    "Cartas de una familia", "", "Familia Ejemplo", "", "", "cuento", "Chile", "espanol", "1", "", "catalogo.csv",
    "CC BY 4.0", "train", "", "",
)  # fmt: skip
_MISSPELT: Final = (("statement = ", 'statment = "CC BY"\n# '), ('genre = "literature"', 'genre = "poesia"'))
_DAY: Final = (
    "sources nwe",
    "sources new --template folder",
    "sources check cartas-de-una-familia.toml --input cartas",
    "sources check misspelt.toml",
    "sources check unlicensed.toml",
    "sources preview cartas/acta.pdf",
    "sources preview cartas-de-una-familia.toml --input cartas",
    "sources inventory cartas",
    "run cartas-de-una-familia.tml --input cartas",
    "run cartas-de-una-familia.toml --input carta",
    "run cartas-de-una-familia.toml --input cartas --no-report",
    "report cartas-de-una-familia",
    "runs list",
    "explain vendimia",
    "explain carta-02.txt",
    "explain quincha",
    "release list",
    "release show cartas-de-una-familia",
    "pull cartas-de-una-familia --to corpus",
    "release withdraw cartas-de-una-familia --text cartas/carta-01.txt",
    "release withdraw cartas-de-una-familia --text cartas/carta-01.txt --because familia",
    "sources inventory",
)
# What differs between two days or machines, and what replaces it.
_VARIES: Final = (
    (r"\b[0-9a-f]{32,}\b", "DIGEST"),
    (r"(?<=familia-)[0-9a-f]{8}\b", "RUN"),
    (r"\b\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?( UTC)?", "DATE"),
    (r"@\d{4}\.\d{1,2}\.", "@YEAR.MONTH."),
    (r"\b20\d\d\.\d{1,2}\.(\d+)", r"YEAR.MONTH.\1"),
    (r"\b\d+[.,]\d+ (s|kB|MB)\b|\b\d+ (B|s)\b", "SIZE"),
    (r"(W\d{4})-[0-9a-f]{8}", r"\1-DIGEST"),
    (r"(?<=\S)  +(?=\S)", "  "),  # columns are as wide as their widest value
    (r"(RUN  DATE  \S+  \d+  \d+)  \S+", r"\1  SECONDS"),
    (r" +$", ""),
)


def log(language: str, run: Callable[[list[str]], str]) -> str:
    """Return the log of the day in a language; `run` returns what a command in the current folder printed."""
    lines = []
    Path("cartas").mkdir()
    for name, text in {"carta-01.txt": _LETTER, "carta-02.txt": _ANSWER, "carta-03.txt": _LETTER}.items():
        Path("cartas", name).write_text(text, encoding="utf-8")
    Path("cartas", "catalogo.csv").write_text(_CATALOGUE, encoding="utf-8")
    Path("cartas", "vacia.txt").touch()
    Path("cartas", "acta.pdf").write_bytes(b"%PDF-1.4")
    for command in _DAY:
        lines += [f"$ latam-corpus {command}", *_steady(run([*command.split(), "--lang", language])), ""]
        if command.startswith("sources new"):
            source = Path("cartas-de-una-familia.toml").read_text("utf-8")
            unlicensed = re.sub(r"(?ms)^\[rights\].*?(?=^\[)", "", source)
            Path("unlicensed.toml").write_text(unlicensed, encoding="utf-8")
            for right, wrong in _MISSPELT:
                source = source.replace(right, wrong)
            Path("misspelt.toml").write_text(source, encoding="utf-8")
    return "\n".join(lines)


def _steady(printed: str) -> Iterator[str]:
    """Yield the lines of an output without what varies; lines of progress appear on slow machines only."""
    for line in printed.replace(str(Path.cwd()), "FOLDER").splitlines():
        if not re.match(r"\S+.*(: \d+ (de|of) \d+)|nota: se compilan|nota: são compiladas|note: compiling", line):
            yield reduce(lambda text, rule: re.sub(rule[0], rule[1], text), _VARIES, line)


def printed(arguments: list[str]) -> str:
    """Run a command in this process, with the answers of the day as its input; return its output and exit code."""
    from latam_corpus.__main__ import main
    from latam_corpus.cli.interface import show

    output, code = io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(output):
        patch.setenv("LANGUAGE", "")
        patch.setattr(show.console, "width", 120)
        patch.setattr(show.errors, "width", 120)
        patch.setattr(sys, "argv", ["latam-corpus", *arguments])
        patch.setattr(sys, "stdin", io.StringIO("".join(f"{answer}\n" for answer in _ANSWERS)))
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return output.getvalue() + (f"[{code}]\n" if code else "")


def stored(language: str) -> Path:
    """Return the file with the log of a language."""
    return _LOGS / f"{language}.txt"


if __name__ == "__main__":
    for code in LANGUAGES:
        folder = tempfile.mkdtemp()
        with chdir(folder):
            text = log(code, printed)
        stored(code).parent.mkdir(exist_ok=True)
        stored(code).write_text(text, encoding="utf-8")
        shutil.rmtree(folder)
