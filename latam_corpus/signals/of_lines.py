"""Signals of lines: their length, their beginning and end, and which are items, rows, code or dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_, _
from latam_corpus.signals import columns as c
from latam_corpus.signals.descriptor import OURS, signal
from latam_corpus.signals.shares import share
from latam_corpus.text import word_columns as w

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


@signal(label=_("words per line"), used_by=N_("ours; C4 drops single lines under three words"), on_demand=False)
def words_per_line(reading: Reading) -> NDArray[np.float32]:
    r"""Words per line that isn't blank.

    >>> from latam_corpus.signals.reading import Reading
    >>> words_per_line(Reading.of(["Inicio\n\nContacto\nAviso legal"])).astype(float).round(2).tolist()
    [1.33]
    """
    return share(reading.words.word_count, reading.sum_lines(reading.words.line_kinds != w.LINE_BLANK))


@signal(label=_("lines that close a sentence"), used_by="C4, FineWeb, RedPajama-V2", on_demand=False)
def closing_punctuation_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that end in . ! ? … or :, ignoring quotation marks after it, as a share of lines that aren't blank.

    >>> from latam_corpus.signals.reading import Reading
    >>> closing_punctuation_share(Reading.of(["«¿Quién vive?»\nNadie"])).tolist()
    [0.5]
    """
    kinds = reading.words.line_kinds
    return share(reading.sum_lines(kinds == w.LINE_CLOSED), reading.sum_lines(kinds != w.LINE_BLANK))


@signal(
    label=_("headlines and menus"), used_by=N_("ours; FineWeb bounds lines that close, and so drops narrow columns")
)
def open_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines of 10 to 40 words without closing punctuation, not continued in lower case, as a share.

    The share is of all characters in lines. Lists of headlines have many such lines; verses are shorter, lines broken
    at a column are continued, and rows of a table with bars or tabs don't count.

    >>> from latam_corpus.signals.reading import Reading
    >>> headline = "Sube el precio del pan en todo el sur del país"
    >>> texts = [f"{headline}\nInicio\n{headline}", f"{headline}\ny del norte.\nInicio"]
    >>> [round(float(share), 2) for share in open_line_share(Reading.of(texts))]
    [0.92, 0.0]
    """
    return share(reading.open_lines, reading.sum_lines(reading.words.line_chars))


@signal(label=_("line breaks per word"), used_by=N_("FineWeb (as list_ratio)"))
def newlines_per_word(reading: Reading) -> NDArray[np.float32]:
    r"""Line ends per word, those of blank lines included.

    >>> from latam_corpus.signals.reading import Reading
    >>> newlines_per_word(Reading.of(["Inicio\n\nAviso legal y más"])).astype(float).round(2).tolist()
    [0.4]
    """
    return share(reading.marks.counts[:, c.NEWLINES], reading.words.word_count)


@signal(label=_("short lines"), used_by="FineWeb")
def short_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines of at most 30 characters, as a share of lines that aren't blank.

    >>> from latam_corpus.signals.reading import Reading
    >>> short_line_share(Reading.of(["Inicio\nSe fue la luz en todo el barrio de abajo."])).tolist()
    [0.5]
    """
    return _of_lines(reading, c.SHORT)


@signal(label=_("lines of few words"), used_by=N_("C4 drops such lines"))
def sparse_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines with fewer than three words, as a share of characters in lines, without spaces.

    A law has a two-word heading over each article, and an exercise sheet has a line per symbol: half of the lines but
    hardly any of the text. Menus have a third of their characters in such lines. Lines that end a sentence (answers,
    labels with a colon) and lines of code (braces) don't count, because menus have none.

    >>> from latam_corpus.signals.reading import Reading
    >>> sparse_line_share(Reading.of(["Aviso legal\nSe fue la luz", "Datos:\n}"])).tolist()
    [0.5, 0.0]
    """
    return _of_characters(reading, c.SPARSE)


@signal(label=_("lines with a bullet"), used_by=N_("Gopher, blank lines counted; RedPajama-V2, more signs"))
def bullet_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that start with • or -, as a share of lines that aren't blank.

    >>> from latam_corpus.signals.reading import Reading
    >>> bullet_line_share(Reading.of(["• pan\n- leche\n-Buenas -dijo.\nFin"])).tolist()
    [0.75]
    """
    return _of_lines(reading, c.BULLETS)


@signal(label=_("lines that end in an ellipsis"), used_by=N_("Gopher, blank lines counted; RedPajama-V2"))
def ellipsis_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that end with ... or …, as a share of lines that aren't blank.

    >>> from latam_corpus.signals.reading import Reading
    >>> ellipsis_line_share(Reading.of(["Leer más...\nSe fue la luz."])).tolist()
    [0.5]
    """
    return _of_lines(reading, c.ELLIPSIS_ENDS)


@signal(label=_("lines with dates"), used_by=N_("ours, for reports"))
def date_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that start with a year or a date (es, pt, en), as a share of lines that aren't blank: pages of dates.

    >>> from latam_corpus.signals.reading import Reading
    >>> date_line_share(Reading.of(["1810: Cabildo abierto\n25 de mayo\n25 personas\nFin"])).tolist()
    [0.5]
    """
    return share(reading.phrases.dated, reading.marks.counts[:, c.LINES])


@signal(label=_("lines of lists"), used_by=OURS)
def list_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines that start with a bullet or a number and a space, as a share of characters in lines.

    >>> from latam_corpus.signals.reading import Reading
    >>> list_share(Reading.of(["- pan\n2. leche\n-Buenas -dijo.\nFin"])).astype(float).round(2).tolist()
    [0.41]
    """
    return _of_characters(reading, c.LISTED)


@signal(label=_("lines of tables"), used_by=OURS)
def table_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines with two bars or tabs, or with more numbers than words, as a share of characters in lines.

    >>> from latam_corpus.signals.reading import Reading
    >>> table_share(Reading.of(["papa | 2 | kg\ntomate 120 130\nNada."])).astype(float).round(2).tolist()
    [0.81]
    """
    return _of_characters(reading, c.TABULAR)


@signal(label=_("lines of code"), used_by=OURS)
def code_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines that begin or end like lines of code, as a share of characters in lines.

    >>> from latam_corpus.signals.reading import Reading
    >>> code_line_share(Reading.of(["abrir();\nAdiós;", "if (x) {\n}"])).astype(float).round(2).tolist()
    [0.57, 1.0]
    """
    return _of_characters(reading, c.CODED)


@signal(label=_("sentences"), used_by=N_("C4; RedPajama-V2, over all lines"))
def sentence_count(reading: Reading) -> NDArray[np.float32]:
    r"""Sentences in lines of three or more words that don't mention cookies, terms of use or JavaScript.

    A sentence ends at . ! ? or … before white space or a quotation mark, and at a line's end.

    >>> from latam_corpus.signals.reading import Reading
    >>> sentence_count(Reading.of(["Se fue la luz. ¿Y ahora qué?\nAviso legal\nEste sitio usa cookies."])).tolist()
    [2.0]
    """
    counted = reading.marks.sentences * ~reading.phrases.lines  # C4 drops such lines
    return reading.sum_lines(counted).astype("float32")


def _of_lines(reading: Reading, column: int) -> NDArray[np.float32]:
    counts = reading.marks.counts
    return share(counts[:, column], counts[:, c.LINES])


def _of_characters(reading: Reading, column: int) -> NDArray[np.float32]:
    return share(reading.marks.counts[:, column], reading.sum_lines(reading.words.line_chars))


SIGNALS: Final = (
    words_per_line,
    closing_punctuation_share,
    open_line_share,
    newlines_per_word,
    short_line_share,
    sparse_line_share,
    bullet_line_share,
    ellipsis_line_share,
    date_line_share,
    list_share,
    table_share,
    code_line_share,
    sentence_count,
)
__test__ = {signal.name: signal.measure for signal in SIGNALS}  # doctest finds functions only
