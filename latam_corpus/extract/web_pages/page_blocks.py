"""An HTML page as blocks, each with the chance that it belongs to the page's main text.

«í» in UTF-8 that somebody read as Latin-1 is «Ã» and a soft hyphen, «Á» is «Ã» and a control character. trafilatura
drops both as no text, and of the «Ã» that is left nothing can tell any more what it was.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import ftfy
import numpy as np
from resiliparse.parse.html import HTMLTree

from latam_corpus.errors import PartError
from latam_corpus.extract.charset import decode, meta_charset
from latam_corpus.extract.web_pages.block_features import FEATURES, KNOWN, context, features
from latam_corpus.extract.web_pages.calls_to_action import without_calls
from latam_corpus.extract.web_pages.forest import Forest
from latam_corpus.extract.web_pages.html_metadata import HtmlMetadata, read_metadata
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.extract.web_pages.measures_kernels import find_outermost
from latam_corpus.extract.web_pages.model_file import MODEL
from latam_corpus.extract.web_pages.tags import UNSEEN, UNSPOKEN
from latam_corpus.messages import _
from latam_corpus.text.markup.html_tree import with_ends

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from re import Match

    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.markup import Markup

# What is dropped: the soft hyphen and the control characters U+0080 to U+009F, by themselves or as references.
_AS_REFERENCE: Final = r"&(?:shy|#0*(?:12[89]|1[345][0-9]|173)|#[xX]0*(?:[89][0-9a-fA-F]|[aA][dD]));"
_DROPPED: Final = re.compile(rf"[\x80-\x9f\xad]|{_AS_REFERENCE}")
# The same in two searches that each begin with a fixed sign: over a whole page they take a fifth of the time.
_REFERRED: Final = re.compile(_AS_REFERENCE.encode())
_IN_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f\xad]")
_REFERENCE: Final = re.compile(r"&(?:#\d{1,6}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,7});")
_PIECE: Final = re.compile(r"[^<>]+")


def undo_mojibake(markup: str, utf8: bytes | None = None) -> str:
    r"""Return the markup with the mojibake undone in each text and tag where parsing would lose half of it.

    Args:
        markup: the page.
        utf8: the same as UTF-8, where that is at hand.

    >>> undo_mojibake("<p>MarÃ\xada y yo</p><p>RÃ&shy;o</p><p>maÃ±ana</p>")
    '<p>María y yo</p><p>Río</p><p>maÃ±ana</p>'
    """
    data = markup.encode("utf-8", "surrogatepass") if utf8 is None else utf8
    loses = _REFERRED.search(data) or _IN_UTF8.search(data)
    return _PIECE.sub(_mended, markup) if loses else markup


def _mended(piece: Match[str]) -> str:
    """Return the piece as it should be; as it is where nothing would be lost, or where it makes sense."""
    if not _DROPPED.search(piece[0]):
        return piece[0]
    written = _REFERENCE.sub(_character, piece[0])
    mended = ftfy.fix_encoding(written)
    return piece[0] if mended == written else mended


def _character(reference: Match[str]) -> str:
    """Return the character that is meant; `&lt;` and the like stay, which as characters would be markup."""
    character = html.unescape(reference[0])
    return character if len(character) == 1 and not character.isascii() else reference[0]


_SIGNS: Final = bytes(one for one in range(128) if not chr(one).isalnum())
_SMALL: Final = bytes(range(256)).lower()  # of ASCII letters alone
_MOST_BODY: Final = 200_000  # bytes of the text in JSON-LD in which blocks are looked for
_MOST_TITLES: Final = 20
_TITLE: Final = 2
_LEAST: Final = 12  # bytes of a block that may be told by standing in another text
# What may show an element that is hidden.
_OPENS: Final = re.compile(r"<script|\son[a-z]+\s*=|<details|:target|:checked|type=[\"']?checkbox", re.IGNORECASE)
# What isn't shown is text of the page where the layout is this sure of it: an article that a script opens.
_OPENED: Final = 0.8
# Of what is kept, the least share that must be left without what isn't shown; else all of it is opened.
_SHOWN: Final = 0.2


@dataclass(frozen=True, eq=False)
class Model:
    """What tells the main text: a first look at each block, and a second that knows the first of its neighbours.

    Attributes:
        first: over `block_features.FEATURES`.
        second: over `block_features.context` and the same.
        bound: the least chance of a block that is kept.
        about: what it was learnt from, as its training wrote it down.
    """

    first: Forest
    second: Forest
    bound: float
    about: dict[str, Any]

    def chances(self, page: Markup, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the chance of each block, float32[b]."""
        once = self.first.chances(rows)
        return self.second.chances(np.concatenate([context(page, once), rows], axis=1))


@dataclass(frozen=True, eq=False)
class Page:
    """A page that was read: its markup's blocks, what it says of itself, the chance of each block.

    Attributes:
        markup: the elements and blocks.
        metadata: what the page states.
        chances: float32[b].
        bound: the least chance of a block that is kept.
    """

    markup: Markup
    metadata: HtmlMetadata
    chances: NDArray[np.float32]
    bound: float

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Whether each block is kept, bool[b]: it is likely enough, or where none is, not far from the likeliest."""
        best = float(self.chances.max(initial=0.0))
        return self.chances >= (self.bound if best >= self.bound else best / 2)

    @property
    def text(self) -> str:
        """The blocks that are kept, a line each, without calls upon the reader."""
        return without_calls("\n".join(self.markup.block(number) for number in np.flatnonzero(self.kept).tolist()))

    @property
    def doubt(self) -> float:
        """The characters expected to be wrongly kept or left out, over those kept; higher where less is sure."""
        chars = self.markup.counts[:, 0]
        kept = self.kept
        wrong = np.where(kept, 1 - self.chances, self.chances) @ chars
        return float(wrong / max(1, int(chars[kept].sum())))


def markup_of(raw: bytes, parameters: Mapping[str, str]) -> str:
    """Return a page as text, its mojibake undone, and empty elements of XHTML ended.

    Args:
        raw: its bytes.
        parameters: `charset` when it is known from outside.

    >>> markup_of("<meta charset=iso-8859-1><p>mañana".encode("latin-1"), {})[-6:]
    'mañana'
    """
    text, charset = decode(raw, parameters.get("charset") or meta_charset(raw))
    return with_ends(without_permalinks(undo_mojibake(text, raw if charset == "utf-8" else None)))


# A link to its own place, by a single sign: Sphinx, Docusaurus, MkDocs, DocBook and wikis write one at each heading.
_PERMALINK: Final = re.compile(
    r"<a\s[^<>]*\bhref=[\"']?[^\s\"'<>]*#[^<>]*>\s*(?:¶|#|§|🔗|&para;|&sect;|&#(?:182|167|35|x0*b6|x0*a7);)\s*</a>",
    re.IGNORECASE,
)


def without_permalinks(markup: str) -> str:
    """Return the markup without links to a place that show a single sign, such as ¶, # or §.

    >>> without_permalinks('<h2>Uso<a class="headerlink" href="#uso">#</a></h2><p>En C# y en el § 3</p>')
    '<h2>Uso</h2><p>En C# y en el § 3</p>'
    """
    return _PERMALINK.sub("", markup)


def read_page(markup: str, model: Model | None = None) -> Page:
    """Return the page, read in one parse.

    >>> page = read_page("<html lang=es><body><p>Mañana no hay clases en la escuela.</p></body></html>")
    >>> page.metadata.language, len(page.chances)
    ('es', 1)
    """
    page = parsed(markup)
    metadata = read_metadata(page)
    model = model or load_model()
    facts = known(page, metadata)
    chances = model.chances(page, features(page, facts))
    can_open = bool(_OPENS.search(markup))
    shown = without_unseen(page, chances, facts[:, 0] == _TITLE, model.bound, can_open=can_open)
    return Page(page, metadata, shown, model.bound)


def without_unseen(
    page: Markup, chances: NDArray[np.float32], titles: NDArray[np.bool_], bound: float, *, can_open: bool = True
) -> NDArray[np.float32]:
    """Return the chance of each block, float32[b], 0 where it isn't shown and no script is likely to show it.

    Some pages bring articles, tabs and the rest of long texts hidden, and a script opens them. So what is hidden goes
    where what is shown says the same, or the layout isn't sure of it; unless hardly anything would be left. A page
    without a script, or another way to open something, never shows what it hides.

    Args:
        page: the elements and blocks.
        chances: float32[b].
        titles: bool[b], which are a title of the page; one goes only where it is shown elsewhere.
        bound: the least chance of a block that is kept.
        can_open: whether the page has anything that may show what is hidden.
    """
    kept = chances >= bound
    hidden = find_outermost(page.parents, page.says, np.uint32(UNSEEN))[page.owners]
    unspoken = find_outermost(page.parents, page.says, np.uint32(UNSEEN | UNSPOKEN))[page.owners]
    doubted = np.flatnonzero(kept & (unspoken > 0))
    if not len(doubted):
        return chances
    chars = page.counts[:, 0]
    folded = {block: fold_signs(page.block(block).encode()) for block in np.flatnonzero(kept).tolist()}
    shown = b" ".join(text for block, text in folded.items() if not unspoken[block])
    goes = np.zeros(len(page), np.bool_)
    goes[[block for block in doubted.tolist() if len(folded[block]) >= _LEAST and folded[block] in shown]] = True
    for element in set(hidden[doubted].tolist()) - {0}:
        mine = kept & (hidden == element)
        goes |= mine & ~titles & (not can_open or chances[mine] @ chars[mine] < _OPENED * chars[mine].sum())
    if chars[kept & ~goes].sum() < _SHOWN * chars[kept].sum():
        return chances
    return np.where(goes, np.float32(0), chances)


def parsed(markup: str) -> Markup:
    """Return the page's elements and blocks, of its markup as a parser writes it out."""
    tree = HTMLTree.parse(markup)
    return read_markup(str(tree.document.html) if tree.document else "")


def known(page: Markup, metadata: HtmlMetadata) -> NDArray[np.float32]:
    """Return what is known of each block from elsewhere on the page, float32[b, len(block_features.KNOWN)]."""
    data, starts = page.text.tobytes(), page.starts.tolist()
    blocks = [fold_signs(data[start:end]) for start, end in pairwise(starts)]
    titles = {fold_signs(one.encode("utf-8", "replace")) for one in metadata.titles[:_MOST_TITLES]} - {b""}
    teaser, body = (fold_signs(one.encode("utf-8", "replace")) for one in (metadata.description, metadata.body))
    body = body[:_MOST_BODY]
    pieces = b" ".join(titles)  # no folded block has a space
    times = Counter(blocks)
    facts = np.zeros((len(page), len(KNOWN)), np.float32)
    facts[:, 2] = [times[block] for block in blocks]
    facts[:, 3] = len(body) >= 10 * _LEAST
    for row, block in enumerate(blocks):
        if block in titles:
            facts[row, 0] = _TITLE
        if len(block) >= _LEAST:
            if block in pieces and not facts[row, 0]:
                facts[row, 0] = 1
            if block in body:
                facts[row, 1] = 1
            if teaser and (block in teaser or teaser[:60] in block):
                facts[row, 4] = 1
    return facts


def fold_signs(text: bytes) -> bytes:
    """Return the text without ASCII's spaces and signs, its capitals small: what is left of two equal ones is equal.

    >>> fold_signs("¿Mañana, en Casa?".encode()).decode()
    '¿mañanaencasa'
    """
    return text.translate(_SMALL, _SIGNS)


@cache
def load_model() -> Model:
    """Return the shipped model.

    Raises:
        PartError: it was learnt for other features than those of this version.
    """
    with np.load(MODEL, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if about["features"] != features_digest():
            raise PartError(
                str(MODEL), _("it was learnt for other features"), _("install the toolkit anew, or train it again")
            )
        return Model(Forest.of(arrays, "first"), Forest.of(arrays, "second"), float(arrays["bound"]), about)


def save_model(model: Model, path: Path) -> None:
    """Keep the model as a file."""
    arrays = model.first.arrays("first") | model.second.arrays("second")
    about = np.array(json.dumps(model.about, ensure_ascii=False))
    np.savez_compressed(path, **arrays, bound=np.array(model.bound, np.float32), about=about)  # type: ignore[arg-type]


def features_digest() -> str:
    """Give what changes when the features do, for which a model was learnt."""
    return hashlib.sha256(" ".join(FEATURES).encode()).hexdigest()[:16]
