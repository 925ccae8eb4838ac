"""The compiled pass over markup: see `markup.read_markup`, which calls it and says what it fills."""

# mypy: allow-untyped-defs

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latam_corpus.compiled import inlined, kernel
from latam_corpus.extract.web_pages.tags import (
    BLOCK,
    BOLD,
    BREAK,
    HIDDEN,
    LINK,
    METADATA_HINTS,
    RAW,
    SILENT,
    TELLING,
    TELLS,
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

# Bytes by their names.
_SPACE, _BANG, _QUOTE, _AND, _SINGLE, _COMMA, _DASH, _STOP, _SLASH = map(ord, " !\"&',-./")
_LINE_END, _COLON, _SEMICOLON, _LESS, _EQUALS, _MORE, _ASK = map(ord, "\n:;<=>?")
_ZERO, _NINE, _UPPER_A, _UPPER_Z, _SMALL_A, _SMALL_Z = map(ord, "09AZaz")
_TO_SMALL: Final = _SMALL_A - _UPPER_A
# What a word processor's names begin with before the colon, and those of its smart tags, st1: and so on.
_OFFICE: Final = tuple(map(ord, "movw"))
_SMART_S, _SMART_T, _TRUE_T = map(ord, "stt")
# In UTF-8: the first byte of a character that isn't ASCII, one inside a character, and those that begin letters of
# Latin with marks and all that follows them.
_ASCII_END: Final = 0x80
_FIRSTS: Final = 0xC0
_LETTERS_FROM: Final = 0xC3
# First bytes of unusual spaces and of characters that nobody sees, and what follows them.
_SIGNS: Final = 0xC2  # U+0080 to U+00BF: control characters, the no-break space A0, the soft hyphen AD
_NO_BREAK: Final = 0xA0
_SOFT_HYPHEN: Final = 0xAD
_PUNCTUATION: Final = 0xE2  # U+2000 to U+203F with 80: spaces 80 to 8A, the zero-width space 8B
_FIRST_BLOCK: Final = 0x80
_LAST_WIDE_SPACE: Final = 0x8A
_ZERO_WIDTH: Final = 0x8B
_IDEOGRAPHS: Final = 0xE3  # U+3000, the ideographic space, with 80 80
_FORMS: Final = 0xEF  # U+FEFF, the byte order mark, with BB BF
_MARK_SECOND, _MARK_THIRD = 0xBB, 0xBF

_DEEPEST: Final = 512  # elements below are counted to the one above them
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
# Without their spaces. The first letter of each stands in it once, so that a search never goes back.
_DISPLAY_NONE: Final = np.frombuffer(b"display:none", np.uint8)
_VISIBILITY_HIDDEN: Final = np.frombuffer(b"visibility:hidden", np.uint8)
_AMP: Final = np.uint64(name_hash("amp"))
_LT: Final = np.uint64(name_hash("lt"))
_GT: Final = np.uint64(name_hash("gt"))
_NBSP: Final = np.uint64(name_hash("nbsp"))


class Page(NamedTuple):
    """What a page is read into: see `markup.Markup`, whose arrays these are, with room for more."""

    tags: NDArray[np.uint8]
    parents: NDArray[np.int32]
    says: NDArray[np.uint32]
    text: NDArray[np.uint8]
    starts: NDArray[np.int32]
    owners: NDArray[np.int32]
    inline: NDArray[np.uint32]
    counts: NDArray[np.int32]
    telling: NDArray[np.int32]
    within: NDArray[np.int32]


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
    """Whether no name of an element goes on with it: white space, > and /."""
    return byte <= _SPACE or byte == _MORE or byte == _SLASH


@inlined
def _is_inside(byte):
    """Whether it is a further byte of a character."""
    return byte >= _ASCII_END and byte < _FIRSTS


@inlined
def _unseen(style):
    """Whether a style says that the element isn't shown."""
    none = hidden = 0
    for byte in style:
        one = byte + np.uint8(_TO_SMALL) if _is_upper(byte) else byte
        if one <= _SPACE:
            continue
        none = none + 1 if one == _DISPLAY_NONE[none] else int(one == _DISPLAY_NONE[0])
        hidden = hidden + 1 if one == _VISIBILITY_HIDDEN[hidden] else int(one == _VISIBILITY_HIDDEN[0])
        if none == len(_DISPLAY_NONE) or hidden == len(_VISIBILITY_HIDDEN):
            return True
    return False


@kernel
def _attributes(data, at, goes, outputs):
    """Return what an element's attributes say of it, and the place after its `>`."""
    says = np.uint32(0)
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
            says |= np.uint32(HIDDEN | UNSEEN)
        if at >= size or data[at] != _EQUALS:
            continue
        at += 1
        quote = data[at] if at < size else np.uint8(0)
        quoted = quote == _QUOTE or quote == _SINGLE
        if quoted:
            at += 1
        telling = h == _CLASS or h == _ID or h == _ROLE or h == _ITEMPROP or h == _STYLE or h == _REL
        bits = np.uint32(0)
        state = goes[0, 0]
        first = at
        while at < size:
            one = data[at]
            if (quoted and one == quote) or (not quoted and (one == _SPACE or one == _MORE)):
                break
            if telling:
                letter = 0
                if _is_small(one):
                    letter = one - (_SMALL_A - 1)
                elif _is_upper(one):
                    letter = one - (_UPPER_A - 1)
                state = goes[state, letter]
                bits |= outputs[state]
            at += 1
        if telling:
            bits |= outputs[goes[state, 0]]
            if (h == _ITEMPROP or h == _REL) and bits & np.uint32(METADATA_HINTS):
                says |= np.uint32(TELLS)
            if h == _STYLE:
                bits &= np.uint32(HIDDEN)
                if _unseen(data[first:at]):
                    bits |= np.uint32(UNSEEN)
            if h != _REL:
                says |= bits
        if h == _ARIA and at > first and data[first] == _TRUE_T:
            says |= np.uint32(HIDDEN | UNSPOKEN)
        if quoted:
            at += 1
    return says, at + 1


@kernel
def _closing(data, at, h):
    """Return the place of the `</` that ends a raw element with this name's hash, or the end."""
    size = len(data)
    while at + 1 < size:
        if data[at] == _LESS and data[at + 1] == _SLASH:
            hashed = _BASIS
            i = at + 2
            while i < size and not _ends_name(data[i]) and data[i] != _LESS:
                one = data[i]
                if _is_upper(one):
                    one += _TO_SMALL
                hashed = (hashed ^ np.uint64(one)) * _PRIME
                i += 1
            if hashed == h:
                return at
        at += 1
    return size


@kernel
def _after_comment(data, at):
    """Return the place after a comment or a declaration that starts here."""
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
    """Return the byte that a reference stands for, and the place after it; a parser writes out no others than these."""
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
def _unusual(data, at, one):
    """How many bytes after the first one belong to an unusual space or to a character nobody sees; whether a space."""
    size = len(data)
    if one == _SIGNS and at < size:
        if data[at] == _NO_BREAK:
            return 1, True
        if data[at] < _NO_BREAK or data[at] == _SOFT_HYPHEN:
            return 1, False
    elif one == _PUNCTUATION and at + 1 < size and data[at] == _FIRST_BLOCK:
        if data[at + 1] >= _FIRST_BLOCK and data[at + 1] <= _LAST_WIDE_SPACE:
            return 2, True
        if data[at + 1] == _ZERO_WIDTH:
            return 2, False
    elif one == _IDEOGRAPHS and at + 1 < size and data[at] == _FIRST_BLOCK and data[at + 1] == _FIRST_BLOCK:
        return 2, True
    elif one == _FORMS and at + 1 < size and data[at] == _MARK_SECOND and data[at + 1] == _MARK_THIRD:
        return 2, False
    return 0, False


@kernel
def _prefixed(data, name, local, h, keys, kinds):
    """Return the kind of a tag with a prefix: `x:p` is a block as `p` is; a word processor's is inline."""
    one = data[name]
    if local == name + 2 and one in _OFFICE:
        return np.uint8(0)
    if one == _SMART_S and data[name + 1] == _SMART_T and _is_digit(data[name + 2]):
        return np.uint8(0)
    slot = slot_of(keys, h)
    return kinds[slot] & np.uint8(BLOCK | BREAK) if keys[slot] == h else np.uint8(0)


@kernel
def scan(data, enough, table, automaton, page):
    """Fill the arrays; returns how many elements, blocks and telling tags there are."""
    keys, kinds, places = table
    goes, outputs = automaton
    tags, parents, says, telling, within = page.tags, page.parents, page.says, page.telling, page.within
    text, starts, owners, inline, counts = page.text, page.starts, page.owners, page.inline, page.counts
    size = len(data)
    stack = np.zeros(_DEEPEST, np.int32)  # elements
    stack_hash = np.zeros(_DEEPEST, np.uint64)
    stack_kind = np.zeros(_DEEPEST, np.uint8)
    depth = 0
    links = bolds = silents = verbatim = 0
    elements = 1
    blocks = 0
    tells = 0
    out = 0
    at = 0
    owner = np.int32(0)
    gap = False  # white space since the last character
    broken = False  # a <br> since the last block
    hushed = True  # a silent element since the last block; a page begins with its head
    in_word = False
    while at < size and out <= enough:
        one = data[at]
        if one == _LESS and at + 1 < size and (data[at + 1] == _BANG or data[at + 1] == _ASK):
            at = _after_comment(data, at)
            continue
        is_tag = one == _LESS and at + 1 < size and (data[at + 1] == _SLASH or data[at + 1] >= _UPPER_A)
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
                    left = stack_kind[depth]
                    links -= (left & np.uint8(LINK)) != 0
                    bolds -= (left & np.uint8(BOLD)) != 0
                    silents -= (left & np.uint8(SILENT)) != 0
                    verbatim -= stack_hash[depth] == _PRE
                owner = np.int32(0)
                for level in range(depth - 1, -1, -1):
                    if stack_kind[level] & np.uint8(BLOCK):
                        owner = stack[level]
                        break
                continue
            flags, at = _attributes(data, at, goes, outputs)
            if kind & np.uint8(TELLING) or flags & np.uint32(TELLS):
                telling[tells] = tag_start
                within[tells] = stack[depth - 1] if depth else 0
                tells += 1
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
            says[elements] = flags
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
                # Of an inline element before the first character, too: it belongs to the block that follows.
                inline[blocks] |= flags
                if kind & np.uint8(LINK):
                    counts[blocks, LINKS] += 1
            elements += 1
            continue
        if silents:
            at += 1
            continue
        following = at + 1
        if one == _AND:
            one, following = _reference(data, at)
        at = following
        if one >= _SIGNS:
            width, shown = _unusual(data, at, one)
            at += width
            if width and not shown:
                continue
            if width:
                one = np.uint8(_SPACE)
        if one <= _SPACE:
            if one == _LINE_END and verbatim and out > starts[blocks]:  # a line of a <pre> ends as by a <br>
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
            count[FIRST_UPPER] = _is_upper(one)
            owners[blocks] = owner
        elif gap:
            text[out] = _SPACE
            out += 1
        gap = False
        text[out] = one
        out += 1
        if _is_inside(one):
            continue
        count[CHARS] += 1
        count[LINK_CHARS] += links > 0
        count[BOLD_CHARS] += bolds > 0
        count[LAST] = one
        upper = _is_upper(one)
        letter = upper or _is_small(one) or one >= _LETTERS_FROM
        if letter and not in_word:
            count[WORDS] += 1
            count[CAPITALS] += upper
        in_word = letter
        count[UPPERS] += upper
        if _is_digit(one):
            count[DIGITS] += 1
        elif one == _COMMA:
            count[COMMAS] += 1
        elif one == _STOP or one == _BANG or one == _ASK:
            count[STOPS] += 1
        elif not letter and one < _ASCII_END:
            count[MARKS] += 1
    if out > starts[blocks]:
        owners[blocks] = owner
        blocks += 1
        starts[blocks] = out
    return elements, blocks, tells
