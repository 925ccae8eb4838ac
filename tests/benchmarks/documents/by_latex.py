"""PDF that LaTeX sets."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from .layouts import HEAD, PAPERS, clock, initials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .layouts import Layout
    from .works import Collection

PROGRAM: Final = "pdflatex"
_PATIENCE: Final = 120
_SPECIAL: Final = re.compile(r"[\\{}$&#_%^~<>]")
_TYPED: Final = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def is_installed() -> bool:
    """Whether LaTeX is installed."""
    return shutil.which(PROGRAM) is not None


def save(document: str, folder: Path) -> bytes:
    """Return a document as pdfLaTeX sets it."""
    (folder / "texto.tex").write_text(document, encoding="utf-8")
    command = [PROGRAM, "-interaction=batchmode", "-output-directory", str(folder), str(folder / "texto.tex")]
    subprocess.run(command, check=False, capture_output=True, timeout=_PATIENCE, cwd=folder)
    return (folder / "texto.pdf").read_bytes()


def tex(collection: Collection, layout: Layout) -> str:
    """Return a collection as a LaTeX document."""
    width, height = PAPERS[layout.paper]
    size = 10 if layout.paper == "A5" else 11
    head = [
        rf"\documentclass[{size}pt{',twocolumn' if layout.columns > 1 else ''}]{{article}}",
        rf"\usepackage[paperwidth={width}mm,paperheight={height}mm,margin=20mm,headsep=8mm]{{geometry}}",
        r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage[spanish]{babel}",
        r"\usepackage{fancyhdr,longtable,array}\emergencystretch=3em",
        (
            rf"\pagestyle{{fancy}}\fancyhf{{}}\fancyhead[C]{{{HEAD}}}\fancyfoot[C]{{\thepage}}"
            if layout.headed
            else r"\pagestyle{empty}"
        ),
        r"\usepackage{lineno}\modulolinenumbers[5]" if layout.verses == "numbered" else "",
        "" if layout.indented else r"\setlength{\parindent}{0pt}\setlength{\parskip}{2.5mm}",
        "" if layout.hyphenated else r"\hyphenpenalty=10000\exhyphenpenalty=10000",
        r"\begin{document}",
        "" if layout.justified else r"\raggedright",
        "" if layout.justified or not layout.indented else r"\setlength{\parindent}{5mm}",
    ]
    body = []
    for work in collection.works:
        body += [rf"\section*{{{_typed(work.title)}}}", *_BODIES[collection.kind](work.parts, layout)]
    return "\n".join([*head, *body, r"\end{document}"])


def _typed(text: str) -> str:
    return _SPECIAL.sub(lambda sign: _TYPED.get(sign[0], f"\\{sign[0]}"), text)


def _verse(stanzas: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    numbered = layout.verses == "numbered"
    yield r"\begin{linenumbers}\begin{verse}" if numbered else r"\begin{verse}"
    for stanza in stanzas:
        lines = [
            (r"\hspace*{8mm}" if layout.stepped and number % 2 else "") + _typed(line)
            for number, line in enumerate(stanza)
        ]
        yield " \\\\\n".join(lines) + "\n"
    yield r"\end{verse}\end{linenumbers}" if numbered else r"\end{verse}"


def _prose(paragraphs: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    del layout
    for (line,) in paragraphs:
        yield _typed(line) + "\n"


def _interview(turns: tuple[tuple[str, ...], ...], layout: Layout) -> Iterator[str]:
    first = turns[0][0]
    timed = layout.turns == "timed table"
    if layout.turns == "tab":
        yield r"\begin{list}{}{\labelwidth=30mm\leftmargin=32mm\labelsep=2mm\let\makelabel\descriptionlabel}"
    if "table" in layout.turns:
        yield r"\begin{longtable}{" + ("l" if timed else "") + r"l>{\raggedright\arraybackslash}p{0.55\textwidth}}"
    for number, (speaker, words) in enumerate(turns):
        said, name = _typed(words), _typed(speaker)
        if "table" in layout.turns:
            yield f"{clock(number) + ' & ' if timed else ''}{name} & {said} \\\\"
        else:
            yield {
                "tab": rf"\item[{name}] {said}",
                "initials": rf"\textbf{{{initials(speaker, first)}:}} {said}" + "\n",
                "dash": rf"\textbf{{{name}.—}} {said}" + "\n",
                "above": rf"\textbf{{{name}:}}" + f"\n\n{said}\n",
            }[layout.turns]
    if layout.turns == "tab":
        yield r"\end{list}"
    if "table" in layout.turns:
        yield r"\end{longtable}"


_BODIES: Final = {"verse": _verse, "prose": _prose, "interview": _interview}
