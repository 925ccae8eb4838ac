"""An HTML page as blocks, each with the probability that it belongs to the page's main text.

Mojibake is repaired before parsing. UTF-8 read as Latin-1 turns «í» into «Ã» and a soft hyphen, and «Á» into «Ã» and a
control character. trafilatura drops the second character, and the remaining «Ã» can't be repaired.
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

from latam_corpus.extract.charset import decode, meta_charset
from latam_corpus.extract.web_pages.block_features import FEATURES, METADATA_FEATURES, context, features
from latam_corpus.extract.web_pages.calls_to_action import without_calls
from latam_corpus.extract.web_pages.forest import Forest
from latam_corpus.extract.web_pages.html_metadata import HtmlMetadata, read_metadata
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.extract.web_pages.measures_kernels import find_outermost
from latam_corpus.extract.web_pages.model_file import MODEL
from latam_corpus.extract.web_pages.tags import UNSEEN, UNSPOKEN
from latam_corpus.text.markup.html_tree import with_ends

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from re import Match

    from numpy.typing import NDArray

    from latam_corpus.extract.web_pages.markup import Markup

# The soft hyphen and the control characters U+0080 to U+009F, as references.
_AS_REFERENCE: Final = r"&(?:shy|#0*(?:12[89]|1[345][0-9]|173)|#[xX]0*(?:[89][0-9a-fA-F]|[aA][dD]));"
_DROPPED: Final = re.compile(rf"[\x80-\x9f\xad]|{_AS_REFERENCE}")
# `_DROPPED` as two searches in bytes, each with a fixed first byte: on a whole page they take a fifth of the time.
_REFERRED: Final = re.compile(_AS_REFERENCE.encode())
_IN_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f\xad]")
_REFERENCE: Final = re.compile(r"&(?:#\d{1,6}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,7});")
_PIECE: Final = re.compile(r"[^<>]+")


def undo_mojibake(markup: str, utf8: bytes | None = None) -> str:
    r"""Return the markup with mojibake repaired in each text and tag where parsing would lose half of it.

    Args:
        markup: the page.
        utf8: the page as UTF-8, if available.

    >>> undo_mojibake("<p>MarÃ\xada y yo</p><p>RÃ&shy;o</p><p>maÃ±ana</p>")
    '<p>María y yo</p><p>Río</p><p>maÃ±ana</p>'
    """
    data = markup.encode("utf-8", "surrogatepass") if utf8 is None else utf8
    has_dropped = _REFERRED.search(data) or _IN_UTF8.search(data)
    return _PIECE.sub(_repaired, markup) if has_dropped else markup


def _repaired(piece: Match[str]) -> str:
    """Return the repaired piece; it is unchanged if nothing would be lost or if it isn't mojibake."""
    if not _DROPPED.search(piece[0]):
        return piece[0]
    resolved = _REFERENCE.sub(_character, piece[0])
    repaired = ftfy.fix_encoding(resolved)
    return piece[0] if repaired == resolved else repaired


def _character(reference: Match[str]) -> str:
    """Return the referenced character; ASCII references such as `&lt;` are kept, since they would become markup."""
    character = html.unescape(reference[0])
    return character if len(character) == 1 and not character.isascii() else reference[0]


_SIGNS: Final = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER: Final = bytes(range(256)).lower()  # ASCII letters only
_MAX_BODY: Final = 200_000  # bytes of the text in JSON-LD that are searched for blocks
_MAX_TITLES: Final = 20
_TITLE: Final = 2
_MIN_BLOCK: Final = 12  # bytes; a shorter block may occur in another text by chance
# Markup that may show a hidden element.
_OPENS: Final = re.compile(r"<script|\son[a-z]+\s*=|<details|:target|:checked|type=[\"']?checkbox", re.IGNORECASE)
# A hidden element whose mean probability is this high is text of the page: an article that a script opens.
_OPENED: Final = 0.8
# If less than this share of the text remains without hidden blocks, all of them are kept.
_SHOWN: Final = 0.2


@dataclass(frozen=True, eq=False)
class LayoutModel:
    """Two forests that recognise the main text; the second also sees the first's results for neighbouring blocks.

    Attributes:
        first: the forest over `block_features.FEATURES`.
        second: the forest over `block_features.context` and the same features.
        bound: the minimum probability of a block that is kept.
    """

    first: Forest
    second: Forest
    bound: float
    about: dict[str, Any]

    def chances(self, page: Markup, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each block, float32[b]."""
        first_chances = self.first.chances(rows)
        return self.second.chances(np.concatenate([context(page, first_chances), rows], axis=1))


@dataclass(frozen=True, eq=False)
class Page:
    """A parsed page: its blocks, its metadata, and the probability of each block.

    Attributes:
        markup: the elements and blocks.
        metadata: the page's own statements.
        chances: float32[b].
        bound: the least probability of a block that is kept.
    """

    markup: Markup
    metadata: HtmlMetadata
    chances: NDArray[np.float32]
    bound: float

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which blocks are kept, bool[b]: those above the bound, or if there are none, those near the most probable."""
        best = float(self.chances.max(initial=0.0))
        return self.chances >= (self.bound if best >= self.bound else best / 2)

    @property
    def text(self) -> str:
        """The blocks that are kept, one per line, without calls to action."""
        return without_calls("\n".join(self.markup.block(number) for number in np.flatnonzero(self.kept).tolist()))

    @property
    def doubt(self) -> float:
        """The expected number of wrongly kept or dropped characters, divided by the number of kept characters."""
        chars = self.markup.counts[:, 0]
        kept = self.kept
        wrong = np.where(kept, 1 - self.chances, self.chances) @ chars
        return float(wrong / max(1, int(chars[kept].sum())))


def markup_of(raw: bytes, parameters: Mapping[str, str]) -> str:
    """Return a page's bytes as text, with mojibake repaired and the empty elements of XHTML closed.

    Args:
        raw: its bytes.
        parameters: `charset`, if it is known from outside.

    >>> markup_of("<meta charset=iso-8859-1><p>mañana".encode("latin-1"), {})[-6:]
    'mañana'
    """
    text, charset = decode(raw, parameters.get("charset") or meta_charset(raw))
    return with_ends(without_permalinks(undo_mojibake(text, raw if charset == "utf-8" else None)))


# A heading's link to itself, shown as a single sign, as Sphinx, Docusaurus, MkDocs, DocBook and wikis write it.
# The sign is looked for first, since most links have none.
_PERMALINK: Final = re.compile(
    r"<a\s(?=[^<>]*+>\s*+[¶#§🔗&])"
    r"[^<>]*\bhref=[\"']?[^\s\"'<>]*#[^<>]*>\s*(?:¶|#|§|🔗|&para;|&sect;|&#(?:182|167|35|x0*b6|x0*a7);)\s*</a>",
    re.IGNORECASE,
)


def without_permalinks(markup: str) -> str:
    """Return the markup without links of headings to themselves, shown as ¶, # or §.

    >>> without_permalinks('<h2>Uso<a class="headerlink" href="#uso">#</a></h2><p>En C# y en el § 3</p>')
    '<h2>Uso</h2><p>En C# y en el § 3</p>'
    """
    return _PERMALINK.sub("", markup)


def read_page(markup: str, model: LayoutModel | None = None) -> Page:
    """Return the parsed page.

    >>> page = read_page("<html lang=es><body><p>Mañana no hay clases en la escuela.</p></body></html>")
    >>> page.metadata.language, len(page.chances)
    ('es', 1)
    """
    page = parsed(markup)
    metadata = read_metadata(page)
    model = model or load_model()
    facts = metadata_features(page, metadata)
    chances = model.chances(page, features(page, facts))
    can_open = bool(_OPENS.search(markup))
    shown_chances = without_unseen(page, chances, facts[:, 0] == _TITLE, model.bound, can_open=can_open)
    return Page(page, metadata, shown_chances, model.bound)


def without_unseen(
    page: Markup, chances: NDArray[np.float32], titles: NDArray[np.bool_], bound: float, *, can_open: bool = True
) -> NDArray[np.float32]:
    """Return the probability of each block, float32[b], set to 0 for hidden blocks that no script is likely to show.

    Some pages deliver articles, tabs and the rest of long texts hidden, and a script shows them. So a hidden block is
    dropped only if a visible block has the same text or its element is improbable, and none is dropped if hardly any
    text would remain. A page without scripts or other means to show elements never shows its hidden ones.

    Args:
        page: the elements and blocks.
        chances: float32[b].
        titles: bool[b], titles of the page; one is dropped only if it is also shown.
        bound: the least probability of a block that is kept.
        can_open: whether the page has anything that may show hidden elements.
    """
    is_kept = chances >= bound
    hidden = find_outermost(page.parents, page.hints, np.uint32(UNSEEN))[page.owners]
    hidden_or_silent = find_outermost(page.parents, page.hints, np.uint32(UNSEEN | UNSPOKEN))[page.owners]
    candidates = np.flatnonzero(is_kept & (hidden_or_silent > 0))
    if not len(candidates):
        return chances
    chars = page.counts[:, 0]
    folded = {block: fold_signs(page.block(block).encode()) for block in np.flatnonzero(is_kept).tolist()}
    shown_text = b" ".join(text for block, text in folded.items() if not hidden_or_silent[block])
    is_dropped = np.zeros(len(page), np.bool_)
    is_dropped[
        [block for block in candidates.tolist() if len(folded[block]) >= _MIN_BLOCK and folded[block] in shown_text]
    ] = True
    for element in set(hidden[candidates].tolist()) - {0}:
        in_element = is_kept & (hidden == element)
        is_dropped |= (
            in_element
            & ~titles
            & (not can_open or chances[in_element] @ chars[in_element] < _OPENED * chars[in_element].sum())
        )
    if chars[is_kept & ~is_dropped].sum() < _SHOWN * chars[is_kept].sum():
        return chances
    return np.where(is_dropped, np.float32(0), chances)


def parsed(markup: str) -> Markup:
    """Return the page's elements and blocks, from the markup that a parser serialises."""
    tree = HTMLTree.parse(markup)
    return read_markup(str(tree.document.html) if tree.document else "")


def metadata_features(page: Markup, metadata: HtmlMetadata) -> NDArray[np.float32]:
    """Return the features of each block that depend on the page's metadata, float32[b, len(METADATA_FEATURES)]."""
    data, starts = page.text.tobytes(), page.starts.tolist()
    blocks = [fold_signs(data[start:end]) for start, end in pairwise(starts)]
    titles = {fold_signs(text.encode("utf-8", "replace")) for text in metadata.titles[:_MAX_TITLES]} - {b""}
    teaser, body = (fold_signs(text.encode("utf-8", "replace")) for text in (metadata.description, metadata.body))
    body = body[:_MAX_BODY]
    pieces = b" ".join(titles)  # folded blocks have no spaces
    block_counts = Counter(blocks)
    facts = np.zeros((len(page), len(METADATA_FEATURES)), np.float32)
    facts[:, 2] = [block_counts[block] for block in blocks]
    facts[:, 3] = len(body) >= 10 * _MIN_BLOCK
    for row, block in enumerate(blocks):
        if block in titles:
            facts[row, 0] = _TITLE
        if len(block) >= _MIN_BLOCK:
            if block in pieces and not facts[row, 0]:
                facts[row, 0] = 1
            if block in body:
                facts[row, 1] = 1
            if teaser and (block in teaser or teaser[:60] in block):
                facts[row, 4] = 1
    return facts


def fold_signs(text: bytes) -> bytes:
    """Return the text in lower case without ASCII white space and punctuation, for comparing texts.

    >>> fold_signs("¿Mañana, en Casa?".encode()).decode()
    '¿mañanaencasa'
    """
    return text.translate(_LOWER, _SIGNS)


@cache
def load_model() -> LayoutModel:
    """Return the shipped model.

    Raises:
        ValueError: it was trained with features of another version.
    """
    with np.load(MODEL, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if about["features"] != features_digest():
            raise ValueError(f"{MODEL} was trained with other features; reinstall the toolkit or train it again")
        return LayoutModel(Forest.of(arrays, "first"), Forest.of(arrays, "second"), float(arrays["bound"]), about)


def save_model(model: LayoutModel, path: Path) -> None:
    """Write the model to a file."""
    arrays = model.first.arrays("first") | model.second.arrays("second")
    about = np.array(json.dumps(model.about, ensure_ascii=False))
    np.savez_compressed(path, **arrays, bound=np.array(model.bound, np.float32), about=about)  # type: ignore[arg-type]


def features_digest() -> str:
    """Return a digest of the feature names; it must equal that of a model's training."""
    return hashlib.sha256(" ".join(FEATURES).encode()).hexdigest()[:16]
