"""Hidden words of a PDF page: off the page, clipped, covered, in the background's colour, or in a layer that is off.

The page is rendered, and a word is hidden if its box has no ink. Text that could be hidden on top of other ink (white
or transparent text, text in layers) is found by comparing the page with a rendering without it. Invisible text over an
image is the usual text layer of a scan; it is kept if the image shows something there.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# A word, or one part of a word hyphenated at a line end; pdfium joins the two parts.
_WORD: Final = re.compile(r"[^\s\ufffe\x02]+[\ufffe\x02]?|[\ufffe\x02]")
# A smaller difference between two pixels is invisible.
_SEEN: Final = 8
_MIN_DOTS: Final = 500_000  # pixels of a rendered page; about 72 dpi on A4
_MAX_DOTS: Final = 4_000_000
# Render modes that draw nothing (ISO 32000-2, table 104): invisible, and clipping alone.
_INVISIBLE: Final = frozenset({3, 7})
_NEARLY_WHITE: Final = 230
_NEARLY_TRANSPARENT: Final = 16
_MAX_GROUPS: Final = 12  # groups of text that may be hidden; the page is rendered once for each
_DEEPEST: Final = 8  # levels of nested forms
_MAX_NAME: Final = 128
_UNDRAWN: Final = "undrawn"
_PALE: Final = "pale"


@dataclass
class _Objects:
    """Text objects of a page that may be hidden, by group, and the boxes of its images.

    Attributes:
        groups: the group of each text object that may be hidden, by address.
        handles: the text objects of each group that can be switched off.
        images: the box of each image: left, bottom, right, top.
    """

    groups: dict[int, str] = field(default_factory=dict)
    handles: dict[str, list[Any]] = field(default_factory=dict)
    images: list[tuple[float, float, float, float]] = field(default_factory=list)


def hidden_words(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, text: str) -> list[tuple[int, int]]:
    """Return the spans of the hidden words of a page in its text.

    Args:
        page: the page.
        text_page: its text page.
        text: its text, one character per character of `text_page`.
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    if not spans:
        return []
    objects = _Objects()
    _collect(page.raw, page, np.eye(3), 0, objects)
    rendering = _rendered(page)
    boxes, centres = _boxes(page, text_page, spans, rendering)
    inked = _any_within(_edges(rendering), boxes)
    off_page = (boxes[:, 0] >= boxes[:, 2]) | (boxes[:, 1] >= boxes[:, 3])
    on_image = _on_image(centres, objects.images)
    # A text layer may be shifted relative to its scan, or pdfium can't render the image.
    is_shifted = bool(on_image.any()) and 2 * int((inked & on_image).sum()) < int(on_image.sum())
    visible = ~off_page & (inked | (on_image & is_shifted))
    if objects.groups:
        groups = np.array([_group_at(text_page, start, objects) for start, _ in spans], object)
        visible[groups == _UNDRAWN] &= on_image[groups == _UNDRAWN]
        for name, handles in list(objects.handles.items())[:_MAX_GROUPS]:
            differs = np.abs(rendering - _rendered_without(page, handles)) >= _SEEN
            visible[groups == name] = _any_within(differs, boxes)[groups == name]
    return [span for span, is_visible in zip(spans, visible.tolist(), strict=True) if not is_visible]


def _collect(parent: Any, page: pdfium.PdfPage, matrix: NDArray[np.float64], depth: int, objects: _Objects) -> None:
    """Collect the images of a page or form, and the text objects that may be hidden."""
    count, get = (
        (pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject)
        if depth
        else (pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject)
    )
    for number in range(max(0, count(parent))):
        page_object = get(parent, number)
        kind = pdfium_c.FPDFPageObj_GetType(page_object)
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            objects.images.append(_bounds(page_object, matrix))
        elif kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            if group := _group(page_object):
                objects.groups[_address(page_object)] = group
                if group != _UNDRAWN:
                    objects.handles.setdefault(group, []).append(page_object)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            _collect(page_object, page, _matrix(page_object) @ matrix, depth + 1, objects)


def _group(text_object: Any) -> str:
    """Return the group of a text object that may be hidden ("undrawn", "pale", or its layer), or "" for plain text."""
    for number in range(max(0, pdfium_c.FPDFPageObj_CountMarks(text_object))):
        mark = pdfium_c.FPDFPageObj_GetMark(text_object, number)
        if _utf16(partial(pdfium_c.FPDFPageObjMark_GetName, mark)) == "OC":
            return f"layer {_utf16(partial(pdfium_c.FPDFPageObjMark_GetParamStringValue, mark, b'Name'))}"
    if pdfium_c.FPDFTextObj_GetTextRenderMode(text_object) in _INVISIBLE:
        return _UNDRAWN
    red, green, blue, alpha = (ctypes.c_uint(0) for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetFillColor(text_object, red, green, blue, alpha):
        return ""
    is_pale = min(red.value, green.value, blue.value) >= _NEARLY_WHITE or alpha.value < _NEARLY_TRANSPARENT
    return _PALE if is_pale else ""


def _utf16(call: Callable[[Any, int, Any], int]) -> str:
    buffer = (ctypes.c_ushort * _MAX_NAME)()
    size = ctypes.c_ulong(0)
    if not call(buffer, ctypes.sizeof(buffer), size):
        return ""
    return bytes(buffer)[: max(0, size.value - 2)].decode("utf-16-le", "replace")


def _address(page_object: Any) -> int:
    return ctypes.cast(page_object, ctypes.c_void_p).value or 0


def _group_at(text_page: pdfium.PdfTextPage, index: int, objects: _Objects) -> str:
    return objects.groups.get(_address(pdfium_c.FPDFText_GetTextObject(text_page.raw, index)), "")


def _matrix(page_object: Any) -> NDArray[np.float64]:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(page_object, matrix)
    return np.array([[matrix.a, matrix.b, 0], [matrix.c, matrix.d, 0], [matrix.e, matrix.f, 1]])


def _bounds(page_object: Any, matrix: NDArray[np.float64]) -> tuple[float, float, float, float]:
    left, bottom, right, top = (ctypes.c_float(0) for _ in range(4))
    pdfium_c.FPDFPageObj_GetBounds(page_object, left, bottom, right, top)
    corners = np.array([[x.value, y.value, 1] for x in (left, right) for y in (bottom, top)]) @ matrix
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _rendered(page: pdfium.PdfPage) -> NDArray[np.int16]:
    """Return the page as grey values, int16[h, w], 0 to 255."""
    area = max(page.get_width() * page.get_height(), 1)
    dots = min(max(area, _MIN_DOTS), _MAX_DOTS)
    bitmap = page.render(scale=(dots / area) ** 0.5, grayscale=True)
    pixels: NDArray[np.int16] = bitmap.to_numpy().reshape(bitmap.height, bitmap.width).astype(np.int16)
    bitmap.close()
    return pixels


def _rendered_without(page: pdfium.PdfPage, handles: list[Any]) -> NDArray[np.int16]:
    for page_object in handles:
        pdfium_c.FPDFPageObj_SetIsActive(page_object, 0)
    try:
        return _rendered(page)
    finally:
        for page_object in handles:
            pdfium_c.FPDFPageObj_SetIsActive(page_object, 1)


def _boxes(
    page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, spans: list[tuple[int, int]], rendering: NDArray[np.int16]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the box of each word in pixels of the rendered page, int64[w, 4], and its centre in points."""
    ends = np.array([(*text_page.get_charbox(start), *text_page.get_charbox(end - 1)) for start, end in spans])
    low = np.minimum(ends[:, :2], ends[:, 4:6])
    high = np.maximum(ends[:, 2:4], ends[:, 6:])
    height, width = rendering.shape
    origin, right, up = (_device(page, width, height, x, y) for x, y in ((0, 0), (100, 0), (0, 100)))
    axes = np.array([right - origin, up - origin]) / 100
    first_corner, second_corner = low @ axes + origin, high @ axes + origin
    first, last = (
        np.floor(np.minimum(first_corner, second_corner)) - 1,
        np.ceil(np.maximum(first_corner, second_corner)) + 1,
    )
    page_size = np.array([width, height])
    # Boxes are a pixel larger than their words.
    is_off_page = (last - 1 <= 0).any(axis=1) | (first + 1 >= page_size).any(axis=1)
    boxes = np.concatenate([np.clip(first, 0, page_size), np.clip(last, 0, page_size)], axis=1).astype(np.int64)
    boxes[is_off_page] = 0
    return boxes, (low + high) / 2


def _device(page: pdfium.PdfPage, width: int, height: int, x: float, y: float) -> NDArray[np.float64]:
    """Return the position of a point of the page in the rendering, in fractional pixels."""
    subpixels = 100
    across, down = ctypes.c_int(0), ctypes.c_int(0)
    pdfium_c.FPDF_PageToDevice(page.raw, 0, 0, width * subpixels, height * subpixels, 0, x, y, across, down)
    return np.array([across.value, down.value]) / subpixels


def _edges(rendering: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return whether each pixel differs from its left or upper neighbour, bool[h, w]."""
    edges = np.zeros(rendering.shape, np.bool_)
    edges[:, 1:] |= np.abs(np.diff(rendering, axis=1)) >= _SEEN
    edges[1:] |= np.abs(np.diff(rendering, axis=0)) >= _SEEN
    return edges


def _any_within(pixels: NDArray[np.bool_], boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each box contains a pixel that is set, bool[w]."""
    words = (pixels[top:bottom, left:right].any() for left, top, right, bottom in boxes.tolist())
    return np.fromiter(words, np.bool_, len(boxes))


def _on_image(centres: NDArray[np.float64], images: list[tuple[float, float, float, float]]) -> NDArray[np.bool_]:
    """Return whether the centre of each word is on an image, bool[w]."""
    on_image = np.zeros(len(centres), np.bool_)
    for left, bottom, right, top in images:
        x, y = centres.T
        on_image |= (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
    return on_image
