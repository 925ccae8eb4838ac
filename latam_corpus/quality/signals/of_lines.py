"""Signals of lines: how long they are, how they begin and end, which are items, rows, programs or dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.messages import N_
from latam_corpus.quality.signals import of_characters_kernels as m
from latam_corpus.quality.signals.signal import OURS, share, signal, sum_lines
from latam_corpus.text import words_kernels as w

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Reading


def words_per_line(reading: Reading) -> NDArray[np.float32]:
    r"""Words a line that isn't blank.

    >>> from latam_corpus.quality.signals import Reading
    >>> words_per_line(Reading.of(["Inicio\n\nContacto\nAviso legal"])).astype(float).round(2).tolist()
    [1.33]
    """
    return share(reading.words.word_count, sum_lines(reading, reading.words.line_kinds != w.LINE_BLANK))


def closing_punctuation_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that end in . ! ? … or :, quotation marks after it aside, as a share of lines that aren't blank.

    >>> from latam_corpus.quality.signals import Reading
    >>> closing_punctuation_share(Reading.of(["«¿Quién vive?»\nNadie"])).tolist()
    [0.5]
    """
    kinds = reading.words.line_kinds
    return share(sum_lines(reading, kinds == w.LINE_CLOSED), sum_lines(reading, kinds != w.LINE_BLANK))


def open_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines of 10 to 40 words that end without punctuation and that no small letter goes on, as a share.

    Of all characters in lines. Lists of headlines have it; verses are shorter, and lines cut where a column ends are
    gone on.

    >>> from latam_corpus.quality.signals import Reading
    >>> headline = "Sube el precio del pan en todo el sur del país"
    >>> texts = [f"{headline}\nInicio\n{headline}", f"{headline}\ny del norte.\nInicio"]
    >>> [round(float(share), 2) for share in open_line_share(Reading.of(texts))]
    [0.92, 0.0]
    """
    return share(reading.open_lines, sum_lines(reading, reading.words.line_chars))


def newlines_per_word(reading: Reading) -> NDArray[np.float32]:
    r"""Line ends a word, those of blank lines among them.

    >>> from latam_corpus.quality.signals import Reading
    >>> newlines_per_word(Reading.of(["Inicio\n\nAviso legal y más"])).astype(float).round(2).tolist()
    [0.4]
    """
    return share(reading.marks.counts[:, m.NEWLINES], reading.words.word_count)


def short_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines of 30 characters at most, as a share of lines that aren't blank.

    >>> from latam_corpus.quality.signals import Reading
    >>> short_line_share(Reading.of(["Inicio\nSe fue la luz en todo el barrio de abajo."])).tolist()
    [0.5]
    """
    return _of_lines(reading, m.SHORT)


def sparse_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines with fewer than three words, as a share of characters in lines, spaces not counted.

    A law has a heading of two words over each article, and an exercise sheet a line for each symbol: half of the lines
    and hardly any of the text. Menus have a third of their characters in such lines.

    >>> from latam_corpus.quality.signals import Reading
    >>> sparse_line_share(Reading.of(["Aviso legal\nSe fue la luz"])).astype(float).round(2).tolist()
    [0.5]
    """
    return _of_characters(reading, m.SPARSE)


def bullet_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that start with • or -, as a share of lines that aren't blank.

    >>> from latam_corpus.quality.signals import Reading
    >>> bullet_line_share(Reading.of(["• pan\n- leche\n-Buenas -dijo.\nFin"])).tolist()
    [0.75]
    """
    return _of_lines(reading, m.BULLETS)


def ellipsis_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that end with ... or …, as a share of lines that aren't blank.

    >>> from latam_corpus.quality.signals import Reading
    >>> ellipsis_line_share(Reading.of(["Leer más...\nSe fue la luz."])).tolist()
    [0.5]
    """
    return _of_lines(reading, m.ELLIPSIS_ENDS)


def date_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that start with a year or a date (es, pt, en), as a share of lines that aren't blank: pages of dates.

    >>> from latam_corpus.quality.signals import Reading
    >>> date_line_share(Reading.of(["1810: Cabildo abierto\n25 de mayo\n25 personas\nFin"])).tolist()
    [0.5]
    """
    return share(reading.phrases.dated, reading.marks.counts[:, m.LINES])


def list_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines that start with a bullet or a number and a space, as a share of characters in lines.

    >>> from latam_corpus.quality.signals import Reading
    >>> list_share(Reading.of(["- pan\n2. leche\n-Buenas -dijo.\nFin"])).astype(float).round(2).tolist()
    [0.41]
    """
    return _of_characters(reading, m.LISTED)


def table_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines with two bars or tabs, or with more numbers than words, as a share of characters in lines.

    >>> from latam_corpus.quality.signals import Reading
    >>> table_share(Reading.of(["papa | 2 | kg\ntomate 120 130\nNada."])).astype(float).round(2).tolist()
    [0.81]
    """
    return _of_characters(reading, m.TABULAR)


def code_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines that begin or end as a program's do, as a share of characters in lines.

    >>> from latam_corpus.quality.signals import Reading
    >>> code_line_share(Reading.of(["abrir();\nAdiós;", "if (x) {\n}"])).astype(float).round(2).tolist()
    [0.57, 1.0]
    """
    return _of_characters(reading, m.CODED)


def sentence_count(reading: Reading) -> NDArray[np.float32]:
    r"""Sentences in lines of three words and more that don't speak of cookies, terms of use or JavaScript.

    A sentence ends at . ! ? or … before white space or a quotation mark, and at a line's end.

    >>> from latam_corpus.quality.signals import Reading
    >>> sentence_count(Reading.of(["Se fue la luz. ¿Y ahora qué?\nAviso legal\nEste sitio usa cookies."])).tolist()
    [2.0]
    """
    counted = np.where(reading.phrases.lines, 0, reading.marks.sentences)  # C4 drops such lines
    return sum_lines(reading, counted).astype("float32")


def _of_lines(reading: Reading, column: int) -> NDArray[np.float32]:
    counts = reading.marks.counts
    return share(counts[:, column], counts[:, m.LINES])


def _of_characters(reading: Reading, column: int) -> NDArray[np.float32]:
    return share(reading.marks.counts[:, column], sum_lines(reading, reading.words.line_chars))


SIGNALS: Final = (
    signal(words_per_line, N_("ours; C4 drops single lines under three words")),
    signal(closing_punctuation_share, "C4, FineWeb, RedPajama-V2"),
    signal(open_line_share, N_("ours; FineWeb bounds lines that close, and so drops narrow columns"), on_demand=True),
    signal(newlines_per_word, N_("FineWeb (as list_ratio)"), on_demand=True),
    signal(short_line_share, "FineWeb", on_demand=True),
    signal(sparse_line_share, N_("C4 drops such lines"), on_demand=True),
    signal(bullet_line_share, N_("Gopher, blank lines counted; RedPajama-V2, more signs"), on_demand=True),
    signal(ellipsis_line_share, N_("Gopher, blank lines counted; RedPajama-V2"), on_demand=True),
    signal(date_line_share, N_("ours, to be reported"), on_demand=True),
    signal(list_share, OURS, on_demand=True),
    signal(table_share, OURS, on_demand=True),
    signal(code_line_share, OURS, on_demand=True),
    signal(sentence_count, N_("C4; RedPajama-V2, over all lines"), on_demand=True),
)
