"""The compiled pass over markup, called by `markup.read_markup`, which describes the arrays it fills."""

# mypy: allow-untyped-defs

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latam_corpus.compiled import inlined, kernel
from latam_corpus.extract.web_pages.tags import (
    BLOCK,
    BOLD,
    BREAK,
    HAS_METADATA,
    HIDDEN,
    LINK,
    METADATA_ATTRIBUTE,
    METADATA_HINTS,
    RAW,
    SILENT,
    UNSEEN,
    UNSPOKEN,
    VOID,
    name_hash,
)
from latam_corpus.text.slots_kernels import slot_of

# Columns of a block's counts.
COUNTS: Final = (
    *("chars", "words", "link_chars", "links", "bold_chars", "commas", "stops", "digits", "uppers", "capitals"),
    *("marks", "last", "first_upper", "after_break", "before_break", "silent_before"),
)
CHARS, WORDS, LINK_CHARS, LINKS, BOLD_CHARS, COMMAS, STOPS, DIGITS, UPPERS, CAPITALS, MARKS = range(11)
LAST, FIRST_UPPER, AFTER_BREAK, BEFORE_BREAK, SILENT_BEFORE = range(11, 16)

# Code points of ASCII characters.
_SPACE, _BANG, _QUOTE, _AND, _SINGLE, _COMMA, _DASH, _STOP, _SLASH = map(ord, " !\"&',-./")
_LINE_END, _COLON, _SEMICOLON, _LESS, _EQUALS, _MORE, _ASK = map(ord, "\n:;<=>?")
_ZERO, _NINE, _UPPER_A, _UPPER_Z, _SMALL_A, _SMALL_Z = map(ord, "09AZaz")
_TO_SMALL: Final = _SMALL_A - _UPPER_A
# Prefixes of word processors' element names: single letters, and those of smart tags (`st1:` and so on).
_OFFICE: Final = tuple(map(ord, "movw"))
_SMART_S, _SMART_T, _TRUE_T = map(ord, "stt")
# UTF-8: the first byte beyond ASCII, the first that can begin a character, and the first that begins accented Latin
# letters; all higher ones are letters too.
_ASCII_END: Final = 0x80
_FIRSTS: Final = 0xC0
_LETTERS_FROM: Final = 0xC3
# First bytes of unusual spaces and of invisible characters, and the bytes after them.
_SIGNS: Final = 0xC2  # U+0080 to U+00BF: control characters, the no-break space A0, the soft hyphen AD
_NO_BREAK: Final = 0xA0
_SOFT_HYPHEN: Final = 0xAD
_PUNCTUATION: Final = 0xE2  # U+2000 to U+203F if 80 follows; then 80 to 8A are spaces, 8B the zero-width space
_FIRST_BLOCK: Final = 0x80
_LAST_WIDE_SPACE: Final = 0x8A
_ZERO_WIDTH: Final = 0x8B
_IDEOGRAPHS: Final = 0xE3  # followed by 80 80: U+3000, the ideographic space
_FORMS: Final = 0xEF  # followed by BB BF: U+FEFF, the byte order mark
_MARK_SECOND, _MARK_THIRD = 0xBB, 0xBF

_DEEPEST: Final = 512  # deeper elements count as part of the one above them
_PRIME: Final = np.uint64(0x100000001B3)
_BASIS: Final = np.uint64(0xCBF29CE484222325)
_CLASS: Final = np.uint64(name_hash("class"))
_ID: Final = np.uint64(name_hash("id"))
_ROLE: Final = np.uint64(name_hash("role"))
_ITEMPROP: Final = np.uint64(name_hash("itemprop"))
_REL: Final = np.uint64(name_hash("rel"))
_STYLE: Final = np.uint64(name_hash("style"))
_ARIA: Final = np.uint64(name_hash("aria-hidden"))
_HIDDEN: Final = np.uint64(name_hash("hidden"))
_PRE: Final = np.uint64(name_hash("pre"))
# Without spaces. The first letter occurs only once in each, so that a search never has to go back.
_DISPLAY_NONE: Final = np.frombuffer(b"display:none", np.uint8)
_VISIBILITY_HIDDEN: Final = np.frombuffer(b"visibility:hidden", np.uint8)
_AMP: Final = np.uint64(name_hash("amp"))
_LT: Final = np.uint64(name_hash("lt"))
_GT: Final = np.uint64(name_hash("gt"))
_NBSP: Final = np.uint64(name_hash("nbsp"))


class MarkupArrays(NamedTuple):
    """The arrays of `markup.Markup`, allocated with room for the largest page."""

    tags: NDArray[np.uint8]
    parents: NDArray[np.int32]
    hints: NDArray[np.uint32]
    text: NDArray[np.uint8]
    starts: NDArray[np.int32]
    owners: NDArray[np.int32]
    inline: NDArray[np.uint32]
    counts: NDArray[np.int32]
    metadata_tags: NDArray[np.int32]
    metadata_parents: NDArray[np.int32]


@inlined
def _is_upper(byte):
    return byte >= _UPPER_A and byte <= _UPPER_Z


@inlined
def _is_small(byte):
    return byte >= _SMALL_A and byte <= _SMALL_Z


@inlined
def _is_digit(byte):
    return byte >= _ZERO and byte <= _NINE


@inlined
def _ends_name(byte):
    """Return whether a byte ends an element's name: white space, > or /."""
    return byte <= _SPACE or byte == _MORE or byte == _SLASH


@inlined
def _is_inside(byte):
    """Return whether a byte continues a character."""
    return byte >= _ASCII_END and byte < _FIRSTS


@inlined
def _unseen(style):
    """Return whether a style hides the element."""
    none = hidden = 0
    for byte in style:
        lower = byte + np.uint8(_TO_SMALL) if _is_upper(byte) else byte
        if lower <= _SPACE:
            continue
        none = none + 1 if lower == _DISPLAY_NONE[none] else int(lower == _DISPLAY_NONE[0])
        hidden = hidden + 1 if lower == _VISIBILITY_HIDDEN[hidden] else int(lower == _VISIBILITY_HIDDEN[0])
        if none == len(_DISPLAY_NONE) or hidden == len(_VISIBILITY_HIDDEN):
            return True
    return False


@kernel
def _attributes(data, at, transitions, state_hints):
    """Return the bits of an element's attributes, and the position after its `>`."""
    hints = np.uint32(0)
    size = len(data)
    while at < size and data[at] != _MORE:
        if data[at] <= _SPACE or data[at] == _SLASH:
            at += 1
            continue
        h = _BASIS
        while at < size and data[at] != _EQUALS and data[at] != _MORE and data[at] > _SPACE:
            h = (h ^ np.uint64(data[at])) * _PRIME
            at += 1
        if h == _HIDDEN:
            hints |= np.uint32(HIDDEN | UNSEEN)
        if at >= size or data[at] != _EQUALS:
            continue
        at += 1
        quote = data[at] if at < size else np.uint8(0)
        quoted = quote == _QUOTE or quote == _SINGLE
        if quoted:
            at += 1
        is_hint = h == _CLASS or h == _ID or h == _ROLE or h == _ITEMPROP or h == _STYLE or h == _REL
        bits = np.uint32(0)
        state = transitions[0, 0]
        first = at
        while at < size:
            byte = data[at]
            if (quoted and byte == quote) or (not quoted and (byte == _SPACE or byte == _MORE)):
                break
            if is_hint:
                letter = 0
                if _is_small(byte):
                    letter = byte - (_SMALL_A - 1)
                elif _is_upper(byte):
                    letter = byte - (_UPPER_A - 1)
                state = transitions[state, letter]
                bits |= state_hints[state]
            at += 1
        if is_hint:
            bits |= state_hints[transitions[state, 0]]
            if (h == _ITEMPROP or h == _REL) and bits & np.uint32(METADATA_HINTS):
                hints |= np.uint32(METADATA_ATTRIBUTE)
            if h == _STYLE:
                bits &= np.uint32(HIDDEN)
                if _unseen(data[first:at]):
                    bits |= np.uint32(UNSEEN)
            if h != _REL:
                hints |= bits
        if h == _ARIA and at > first and data[first] == _TRUE_T:
            hints |= np.uint32(HIDDEN | UNSPOKEN)
        if quoted:
            at += 1
    return hints, at + 1


@kernel
def _closing(data, at, h):
    """Return the position of the `</` that ends a raw element with this name's hash, or the end of the data."""
    size = len(data)
    while at + 1 < size:
        if data[at] == _LESS and data[at + 1] == _SLASH:
            hashed = _BASIS
            i = at + 2
            while i < size and not _ends_name(data[i]) and data[i] != _LESS:
                byte = data[i]
                if _is_upper(byte):
                    byte += _TO_SMALL
                hashed = (hashed ^ np.uint64(byte)) * _PRIME
                i += 1
            if hashed == h:
                return at
        at += 1
    return size


@kernel
def _after_comment(data, at):
    """Return the position after the comment or declaration that starts here."""
    size = len(data)
    if at + 3 < size and data[at + 2] == _DASH and data[at + 3] == _DASH:
        at += 2  # `<!-->` is a whole comment
        while at + 2 < size and not (data[at] == _DASH and data[at + 1] == _DASH and data[at + 2] == _MORE):
            at += 1
        return at + 3
    while at < size and data[at] != _MORE:
        at += 1
    return at + 1


@kernel
def _reference(data, at):
    """Return the character of a reference, and the position after it; a parser writes only these four."""
    size = len(data)
    h = _BASIS
    i = at + 1
    while i < size and i < at + 6 and data[i] != _SEMICOLON:
        h = (h ^ np.uint64(data[i])) * _PRIME
        i += 1
    if i < size and data[i] == _SEMICOLON:
        if h == _LT:
            return np.uint8(_LESS), i + 1
        if h == _GT:
            return np.uint8(_MORE), i + 1
        if h == _NBSP:
            return np.uint8(_SPACE), i + 1
        if h == _AMP:
            return np.uint8(_AND), i + 1
    return np.uint8(_AND), at + 1


@inlined
def _unusual(data, at, byte):
    """Return the number of continuation bytes of an unusual space or invisible character, and whether it is a space."""
    size = len(data)
    if byte == _SIGNS and at < size:
        if data[at] == _NO_BREAK:
            return 1, True
        if data[at] < _NO_BREAK or data[at] == _SOFT_HYPHEN:
            return 1, False
    elif byte == _PUNCTUATION and at + 1 < size and data[at] == _FIRST_BLOCK:
        if data[at + 1] >= _FIRST_BLOCK and data[at + 1] <= _LAST_WIDE_SPACE:
            return 2, True
        if data[at + 1] == _ZERO_WIDTH:
            return 2, False
    elif byte == _IDEOGRAPHS and at + 1 < size and data[at] == _FIRST_BLOCK and data[at + 1] == _FIRST_BLOCK:
        return 2, True
    elif byte == _FORMS and at + 1 < size and data[at] == _MARK_SECOND and data[at + 1] == _MARK_THIRD:
        return 2, False
    return 0, False


@kernel
def _prefixed(data, name, local, h, keys, kinds):
    """Return the kind of a tag with a prefix: `x:p` is a block as `p` is; a word processor's tag is inline."""
    first = data[name]
    if local == name + 2 and first in _OFFICE:
        return np.uint8(0)
    if first == _SMART_S and data[name + 1] == _SMART_T and _is_digit(data[name + 2]):
        return np.uint8(0)
    slot = slot_of(keys, h)
    return kinds[slot] & np.uint8(BLOCK | BREAK) if keys[slot] == h else np.uint8(0)


@kernel
def scan(data, enough, table, automaton, page):
    """Fill the arrays of `page`; return the numbers of elements, blocks and tags with metadata.

    Args:
        data: the markup's UTF-8.
        enough: bytes of text after which reading stops.
        table: see `tags.tag_table`.
        automaton: see `tags.automaton`.
        page: the arrays.
    """
    keys, kinds, places = table
    transitions, state_hints = automaton
    tags, parents, hints, metadata_tags, metadata_parents = (
        page.tags,
        page.parents,
        page.hints,
        page.metadata_tags,
        page.metadata_parents,
    )
    text, starts, owners, inline, counts = page.text, page.starts, page.owners, page.inline, page.counts
    size = len(data)
    stack = np.zeros(_DEEPEST, np.int32)  # elements
    stack_hash = np.zeros(_DEEPEST, np.uint64)
    stack_kind = np.zeros(_DEEPEST, np.uint8)
    depth = 0
    links = bolds = silents = verbatim = 0
    elements = 1
    blocks = 0
    metadata_count = 0
    out = 0
    at = 0
    owner = np.int32(0)
    gap = False  # white space since the last character
    broken = False  # a <br> since the last block
    hushed = True  # a silent element since the last block; a page begins with its head
    in_word = False
    while at < size and out <= enough:
        byte = data[at]
        if byte == _LESS and at + 1 < size and (data[at + 1] == _BANG or data[at + 1] == _ASK):
            at = _after_comment(data, at)
            continue
        is_tag = byte == _LESS and at + 1 < size and (data[at + 1] == _SLASH or data[at + 1] >= _UPPER_A)
        if is_tag:
            ends = data[at + 1] == _SLASH
            tag_start = at
            at += 2 if ends else 1
            h = _BASIS
            name = at
            local = 0  # where the name begins after a prefix
            local_hash = _BASIS
            while at < size and not _ends_name(data[at]):
                letter = data[at]
                if _is_upper(letter):
                    letter += _TO_SMALL
                h = (h ^ np.uint64(letter)) * _PRIME
                local_hash = (local_hash ^ np.uint64(letter)) * _PRIME
                at += 1
                if letter == _COLON:
                    local, local_hash = at, _BASIS
            slot = slot_of(keys, h)
            kind = kinds[slot] if keys[slot] == h else np.uint8(BLOCK)
            if local:
                kind = _prefixed(data, name, local, local_hash, keys, kinds)
            if kind & np.uint8(BLOCK | BREAK) and out > starts[blocks]:
                if kind & np.uint8(BREAK):
                    counts[blocks, BEFORE_BREAK] = 1
                owners[blocks] = owner
                blocks += 1
                starts[blocks] = out
                gap = in_word = False
                broken = hushed = False
            elif kind & np.uint8(BLOCK):
                broken = False
            if kind & np.uint8(BREAK):
                broken = True
            if ends:
                while at < size and data[at] != _MORE:
                    at += 1
                at += 1
                level = depth - 1
                while level >= 0 and stack_hash[level] != h:
                    level -= 1
                while level >= 0 and depth > level:
                    depth -= 1
                    closed_kind = stack_kind[depth]
                    links -= (closed_kind & np.uint8(LINK)) != 0
                    bolds -= (closed_kind & np.uint8(BOLD)) != 0
                    silents -= (closed_kind & np.uint8(SILENT)) != 0
                    verbatim -= stack_hash[depth] == _PRE
                owner = np.int32(0)
                for level in range(depth - 1, -1, -1):
                    if stack_kind[level] & np.uint8(BLOCK):
                        owner = stack[level]
                        break
                continue
            flags, at = _attributes(data, at, transitions, state_hints)
            if kind & np.uint8(HAS_METADATA) or flags & np.uint32(METADATA_ATTRIBUTE):
                metadata_tags[metadata_count] = tag_start
                metadata_parents[metadata_count] = stack[depth - 1] if depth else 0
                metadata_count += 1
            if kind & np.uint8(VOID):
                continue
            if kind & np.uint8(SILENT):
                hushed = True
            if kind & np.uint8(RAW):
                at = _closing(data, at, h)
                while at < size and data[at] != _MORE:
                    at += 1
                at += 1
                continue
            if depth >= _DEEPEST:
                continue
            tags[elements] = places[slot] if keys[slot] == h else np.uint8(0)
            parents[elements] = stack[depth - 1] if depth else 0
            hints[elements] = flags
            stack[depth] = elements
            stack_hash[depth] = h
            stack_kind[depth] = kind
            depth += 1
            links += (kind & np.uint8(LINK)) != 0
            bolds += (kind & np.uint8(BOLD)) != 0
            silents += (kind & np.uint8(SILENT)) != 0
            verbatim += h == _PRE
            if kind & np.uint8(BLOCK):
                owner = np.int32(elements)
            elif silents == 0:
                # An inline element before a block's first character belongs to the block, too.
                inline[blocks] |= flags
                if kind & np.uint8(LINK):
                    counts[blocks, LINKS] += 1
            elements += 1
            continue
        if silents:
            at += 1
            continue
        following = at + 1
        if byte == _AND:
            byte, following = _reference(data, at)
        at = following
        if byte >= _SIGNS:
            width, is_space = _unusual(data, at, byte)
            at += width
            if width and not is_space:
                continue
            if width:
                byte = np.uint8(_SPACE)
        if byte <= _SPACE:
            if byte == _LINE_END and verbatim and out > starts[blocks]:  # a line end in a <pre> acts as a <br>
                counts[blocks, BEFORE_BREAK] = 1
                owners[blocks] = owner
                blocks += 1
                starts[blocks] = out
                broken = True
                hushed = False
            gap = True
            in_word = False
            continue
        count = counts[blocks]
        if out == starts[blocks]:
            count[AFTER_BREAK] = broken
            count[SILENT_BEFORE] = hushed
            count[FIRST_UPPER] = _is_upper(byte)
            owners[blocks] = owner
        elif gap:
            text[out] = _SPACE
            out += 1
        gap = False
        text[out] = byte
        out += 1
        if _is_inside(byte):
            continue
        count[CHARS] += 1
        count[LINK_CHARS] += links > 0
        count[BOLD_CHARS] += bolds > 0
        count[LAST] = byte
        upper = _is_upper(byte)
        letter = upper or _is_small(byte) or byte >= _LETTERS_FROM
        if letter and not in_word:
            count[WORDS] += 1
            count[CAPITALS] += upper
        in_word = letter
        count[UPPERS] += upper
        if _is_digit(byte):
            count[DIGITS] += 1
        elif byte == _COMMA:
            count[COMMAS] += 1
        elif byte == _STOP or byte == _BANG or byte == _ASK:
            count[STOPS] += 1
        elif not letter and byte < _ASCII_END:
            count[MARKS] += 1
    if out > starts[blocks]:
        owners[blocks] = owner
        blocks += 1
        starts[blocks] = out
    return elements, blocks, metadata_count
