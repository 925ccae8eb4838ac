"""The recipe of a source that nobody has written one for: stages by how it is collected, languages, terms as it states.

Each stage stands with its reason, as a comment in one of three languages.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import openness
from latam_corpus.codes import UNDETERMINED, admits, is_tag, short
from latam_corpus.extract.isolation.programs import OFFICE, models, ocr_of
from latam_corpus.formats.registry import BY_NAME, SUFFIXES
from latam_corpus.messages import Message, _, same
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.policies.policy import cached_policies
from latam_corpus.vocabulary import USES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from latam_corpus.catalog.source import Source

_WIDTH: Final = 110
_GENRE_OF_NONE: Final = "web"
_ON_THE_WEB: Final = frozenset({"crawl", "feeds", "commoncrawl"})
_HEAD: Final = _(
    "A recipe says what is done with the texts of its sources, in order. Each stage has its reason above it; lines "
    "that begin with # are comments."
)
_SOURCES: Final = _("The sources, each by its file, seen from this one, or by its id in the catalogue.")
_NO_GENRE: Final = _(
    "A source states no genre, so its texts are judged as «web», the least strict: write the genre in its file."
)
_GENRE: Final = _("The genre decides by which rules the texts are judged: a song may repeat its refrain.")
_STAGES: Final[dict[str, Message]] = {
    "skim": _("Looks at each page before the work of extracting it, so that the next stage can set it aside."),
    "extract": _("Takes the text out of each file or page, without menus and advertisements."),
    "unmark": _("Takes out what transcribers write between the words, and the chords and parts of song sheets."),
    "repair": _("Mends letters that a wrong encoding spoilt, such as «EspaÃ±a»."),
    "identify": _("Finds the language of each text; those in other languages than these are set aside."),
    "filter": _("Holds each text against the bounds of its language and genre; what breaks one is set aside."),
    "redact": _("Puts a mark in place of e-mail addresses, telephone numbers and other personal data."),
    "dedupe": _("Of texts that say the same, one stays: the one with the most open rights."),
}
_NOT_HERE: Final[dict[str, Message]] = {
    "ocr": _("Pictures are read once tesseract has models of these languages here; then take the # off:"),
    "libreoffice": _("Word files of before 2007 (.doc) are read once LibreOffice is installed; then take the # off:"),
}
_PERHAPS: Final = _("If some files are pictures or pages without text, tesseract reads them: take the # off.")
_GATE: Final = _("The languages of what the page says in its menus; «und» lets pages through that don't show it.")
_EVERY_LANGUAGE: Final = _("Finds the language of each text. None is set aside for it: a source states no language.")
_UNNAMED: Final = _(
    "Finds the language of each text. None is set aside for it, since the model can't name {codes}: such texts would "
    "all fall."
)
_SURVIVAL: Final = _(
    "At every stage half of the texts of each source, language and country must be left, or nothing is released: a "
    "rule that takes more is probably wrong."
)
_NO_SURVIVAL: Final = _("There is no [survival]: most pages of a site are lists and menus, and fall as they should.")
_RELEASE: Final = _(
    "What is published of it: the tiers of rights that may be in it, and the uses each text must allow."
)
_LEFT_OUT: Final = _("«{source}» is measured and left out of it: {why}")
_NO_RELEASE: Final = _("There is no [release]: nothing of these sources may be published yet.")
_ONLY_OTHERS: Final = _("its terms allow: {uses}")


def recipe_text(named: Sequence[tuple[str, Source]], language: str, known: Collection[str], today: date) -> str:
    """Return the recipe, as TOML.

    Args:
        named: the sources, each with what the recipe calls it.
        language: of the comments.
        known: the codes that the language model can name.
        today: the day by which permissions are judged.
    """
    sources = [source for _name, source in named]
    on_the_web = any(source.collect.kind in _ON_THE_WEB for source in sources)
    lines = list(_about(named, language))
    wanted, unnamed = wanted_languages(sources, known)
    if on_the_web and wanted:
        lines += _stage("skim", _STAGES["skim"], language)
        lines += _stage("identify", _GATE, language, languages=[*wanted, "und"])
    lines += _extract(sources, language)
    for use in ("unmark", "repair") if any(map(has_marks, sources)) else ("repair",):
        lines += _stage(use, _STAGES[use], language)
    if wanted:
        lines += _stage("identify", _STAGES["identify"], language, languages=wanted)
    else:
        why = _UNNAMED.fill(codes=", ".join(unnamed)) if unnamed else _EVERY_LANGUAGE
        lines += _stage("identify", why, language)
    for use in ("filter", "redact", "dedupe"):
        lines += _stage(use, _STAGES[use], language)
    if on_the_web:
        lines += _comment(_NO_SURVIVAL, language)
    else:
        lines += [*_comment(_SURVIVAL, language), "[survival]", "floor = 0.5"]
    lines += ["", *_release(sources, language, today)]
    return "\n".join(lines) + "\n"


def wanted_languages(sources: Sequence[Source], known: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the languages in which texts of these sources stay, all where none; and those that the model can't name.

    Args:
        sources: what they state decides.
        known: the codes that the language model can name.
    """
    # Of «Mixtec» texts of its whole group stay: which of them they are, the identifier may leave open.
    spoken = list(dict.fromkeys(_group_of(code) for one in sources for code in one.languages))
    unnamed = [code for code in spoken if is_tag(code) or not any(admits(code, one) for one in known)]
    return (spoken if all(source.languages for source in sources) and not unnamed else []), unnamed


def _group_of(code: str) -> str:
    """Return the group of a tag such as `omq-x-mixtec`; any other code, and a tag without a group, as it is."""
    return short(code) if is_tag(code) and short(code) != UNDETERMINED else code


def has_marks(source: Source, policies: str = "") -> bool:
    """Whether a text of a source may be of a genre whose policy wants its marks normalised or removed.

    Args:
        source: whose records may state their genre.
        policies: a `filters/` folder; the shipped one when empty.
    """
    of_records = source.collect.columns.genre
    if of_records and not of_records.leave:
        return True
    file = cached_policies(policies).genres.get(source.genre or _GENRE_OF_NONE)
    return bool(file and file.marks != "keep")


def unreleasable(source: Source, today: date) -> str | None:
    """Why nothing of a source may be released, as a reason that `reasons` tells; None where something may."""
    if source.rights is None:
        return "rights=null"
    if source.tier == "unknown":
        return "rights_tier=unknown"
    if source.rights.expires and source.rights.expires < today:
        return f"expires={source.rights.expires}"
    if source.rights.embargo_until and source.rights.embargo_until > today:
        return f"embargo_until={source.rights.embargo_until}"
    return None if source.uses else "uses=null"


def _about(named: Sequence[tuple[str, Source]], language: str) -> Iterator[str]:
    sources = [source for _name, source in named]
    yield from _comment(_HEAD, language)
    yield f"title = {_value(', '.join(source.title for source in sources))}"
    genres = {source.genre for source in sources}
    if None in genres:
        yield from _comment(_NO_GENRE, language)
        yield f"genre = {_value(_GENRE_OF_NONE)}"
    elif len(genres) == 1:
        yield from _comment(_GENRE, language)
        yield f"genre = {_value(genres.pop())}"
    yield from _comment(_SOURCES, language)
    yield f"sources = {_value([name for name, _source in named])}"
    yield ""


def _release(sources: Sequence[Source], language: str, today: date) -> Iterator[str]:
    out = {source.id: meaning(why) for source in sources if (why := unreleasable(source, today))}
    free = [source for source in sources if source.id not in out]
    uses: Sequence[str] = []
    for source in free:  # what the first allows and all others too; who allows less than that is left out
        common = [use for use in USES if use in (uses or source.uses) and use in source.uses]
        if common:
            uses = common
        else:
            out[source.id] = _ONLY_OTHERS.fill(uses=", ".join(source.uses))
    for name, told in out.items():
        yield from _comment(_LEFT_OUT.fill(source=name, why=told), language)
    inside = [source for source in free if source.id not in out]
    if not inside:
        yield from _comment(_NO_RELEASE, language)
        return
    yield from _comment(_RELEASE, language)
    yield "[release]"
    yield f"name = {_value(inside[0].id)}"
    yield f"admit = {_value(sorted({source.tier for source in inside}, key=openness))}"
    yield f"uses = {_value(uses)}"


def _extract(sources: Sequence[Source], language: str) -> Iterator[str]:
    """Yield the stage that takes texts out of files, with what other programs here read for it."""
    needed = {program: [one for one in sources if program in _programs(one)] for program in ("ocr", "libreoffice")}
    recognised = _recognised(needed["ocr"])
    options: dict[str, object] = {}
    if recognised:
        options["ocr"] = recognised
    if needed["libreoffice"]:
        options["libreoffice"] = True
    there = {
        "ocr": lambda: models().issuperset(recognised),  # which starts tesseract
        "libreoffice": lambda: shutil.which(OFFICE) is not None,
    }
    ready = {name: value for name, value in options.items() if there[name]()}
    *stage, end = _stage("extract", _STAGES["extract"], language, **ready)
    yield from stage
    for name, value in options.items():
        if name not in ready:
            yield from _comment(_NOT_HERE[name], language)
            yield f"# {name} = {_value(value)}"
    # Of files that nobody has chosen some may be pictures.
    of_files = (one for one in sources if one.collect.kind == "files")
    any_file = [one for one in of_files if not (one.collect.files or one.collect.format)]
    if not recognised and (perhaps := _recognised(any_file)):
        yield from _comment(_PERHAPS, language)
        yield f"# ocr = {_value(perhaps)}"
    yield end


def _recognised(sources: Sequence[Source]) -> list[str]:
    """Return the languages of sources as tesseract calls them, as far as it has them."""
    return list(dict.fromkeys(filter(None, (ocr_of(code) for source in sources for code in source.languages))))


def _programs(source: Source) -> set[str | None]:
    """Return the programs that read the formats of a source: its own format, and those of its patterns' suffixes."""
    chosen = [SUFFIXES.get(PurePath(pattern).suffix.lower()) for pattern in source.collect.files]
    return {entry.program for entry in (*chosen, BY_NAME.get(source.collect.format or "")) if entry}


def _stage(use: str, why: Message, language: str, **options: object) -> list[str]:
    lines = [f"{key} = {_value(value)}" for key, value in options.items()]
    return [*_comment(why, language), "[[stage]]", f"use = {_value(use)}", *lines, ""]


def _comment(text: Message, language: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(same(text).translate(language), _WIDTH, break_on_hyphens=False)]


def _value(value: object) -> str:
    # JSON's strings and lists of them are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
