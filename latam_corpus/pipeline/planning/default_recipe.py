"""Write the default recipe of a source, derived from its format, its languages and its terms.

A comment in English, Spanish or Portuguese explains each stage.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import openness
from latam_corpus.codes import UNDETERMINED, admits, is_tag, short
from latam_corpus.extract.isolation.programs import OFFICE, models, ocr_of
from latam_corpus.formats.registry import BY_NAME, SUFFIXES
from latam_corpus.language.model import load
from latam_corpus.language.model_files import chosen
from latam_corpus.messages import Message, _, same
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.policies.policy import cached_policies
from latam_corpus.vocabulary import USES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from latam_corpus.catalog.source import Source

_WIDTH: Final = 110
_DEFAULT_GENRE: Final = "web"
_ON_THE_WEB: Final = frozenset({"crawl", "feeds", "commoncrawl"})
_HEAD: Final = _(
    "A recipe lists what is done with the texts of its sources, in order. The comment above each stage explains it; "
    "lines that begin with # are comments."
)
_SOURCES: Final = _("The sources, each by its file (relative to this one) or by its id in the catalogue.")
_NO_GENRE: Final = _(
    "A source states no genre, so its texts are judged as «web», the least strict genre: write the genre in its file."
)
_GENRE: Final = _("The genre decides by which rules the texts are judged: a song may repeat its refrain.")
_STAGES: Final[dict[str, Message]] = {
    "skim": _("Takes a quick look at each page, so that the next stage can drop it before it is extracted."),
    "extract": _("Extracts the text of each file or page, without menus and advertisements."),
    "unmark": _("Removes the marks of transcribers, and the chords and part names of song sheets."),
    "repair": _("Repairs letters that a wrong encoding spoilt, such as «EspaÃ±a»."),
    "identify": _("Identifies the language of each text, and drops texts in other languages than these."),
    "filter": _("Checks each text against the bounds of its language and genre, and drops texts outside them."),
    "redact": _("Replaces e-mail addresses, telephone numbers and other personal data with a mark."),
    "dedupe": _("Drops duplicates; of several copies, the one with the most open rights is kept."),
}
_TO_ENABLE: Final[dict[str, Message]] = {
    "ocr": _("To read pictures, install tesseract's models of these languages, then remove the # below:"),
    "libreoffice": _("To read Word files from before 2007 (.doc), install LibreOffice, then remove the # below:"),
}
_PERHAPS: Final = _("If some files are pictures or pages without text, remove the # below: tesseract reads them.")
_GATE: Final = _("The languages of pages, judged by their menus; «und» passes pages whose language isn't clear.")
_EVERY_LANGUAGE: Final = _(
    "Identifies the language of each text. None is dropped for its language, since a source states none."
)
_UNNAMED: Final = _(
    "Identifies the language of each text. None is dropped for its language: the model can't identify {codes}, so all "
    "such texts would be lost."
)
_SURVIVAL: Final = _(
    "Every stage must keep half of the texts of each source, language and country, or nothing is released: a rule that "
    "drops more is probably wrong."
)
_NO_SURVIVAL: Final = _("There is no [survival]: most pages of a site are lists and menus, which should be dropped.")
_RELEASE: Final = _("The version that is built: which tiers of rights it admits, and which uses each text must allow.")
_LEFT_OUT: Final = _("«{source}» is measured, but not released: {why}")
_NO_RELEASE: Final = _("There is no [release]: no text of these sources may be in a version yet.")
_ONLY_OTHERS: Final = _("its terms allow: {uses}")


def default_text(named: Sequence[tuple[str, Source]], language: str) -> str:
    """Return the default recipe of sources, each with its name in the recipe; see `recipe_text`."""
    return recipe_text(named, language, load(chosen()).codes, datetime.now(UTC).date())


def recipe_text(named: Sequence[tuple[str, Source]], language: str, model_codes: Collection[str], today: date) -> str:
    """Return the recipe, as TOML.

    Each source is paired with its name in the recipe; the comments are in this language.
    """
    sources = [source for _name, source in named]
    on_the_web = any(source.collect.kind in _ON_THE_WEB for source in sources)
    lines = list(_about(named, language))
    languages, unnamed = wanted_languages(sources, model_codes)
    if on_the_web and languages:
        lines += _stage("skim", _STAGES["skim"], language)
        lines += _stage("identify", _GATE, language, languages=[*languages, "und"])
    lines += _extract(sources, language)
    for use in ("unmark", "repair") if any(map(has_marks, sources)) else ("repair",):
        lines += _stage(use, _STAGES[use], language)
    if languages:
        lines += _stage("identify", _STAGES["identify"], language, languages=languages)
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


def wanted_languages(sources: Sequence[Source], model_codes: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the languages whose texts are kept (empty for all), and those that the model can't identify."""
    # «Mixtec» keeps texts of the whole group, since the identifier may not distinguish its languages.
    spoken = list(dict.fromkeys(_group_of(code) for source in sources for code in source.languages))
    unnamed = [
        code for code in spoken if is_tag(code) or not any(admits(code, model_code) for model_code in model_codes)
    ]
    return (spoken if all(source.languages for source in sources) and not unnamed else []), unnamed


def _group_of(code: str) -> str:
    """Return the group of a tag such as `omq-x-mixtec`; return other codes, and tags without a group, unchanged."""
    return short(code) if is_tag(code) and short(code) != UNDETERMINED else code


def has_marks(source: Source, policies: str = "") -> bool:
    """Whether a text of the source may belong to a genre whose policy (shipped or in a folder) changes marks.

    Records of the source may state their genre.
    """
    genre_column = source.collect.columns.genre
    if genre_column and not genre_column.leave:
        return True
    file = cached_policies(policies).genres.get(source.genre or _DEFAULT_GENRE)
    return bool(file and file.marks != "keep")


def unreleasable(source: Source, today: date) -> str | None:
    """Return the reason (see `reasons.meaning`) why nothing of a source may be released, or None."""
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
        yield f"genre = {_value(_DEFAULT_GENRE)}"
    elif len(genres) == 1:
        yield from _comment(_GENRE, language)
        yield f"genre = {_value(genres.pop())}"
    yield from _comment(_SOURCES, language)
    yield f"sources = {_value([name for name, _source in named])}"
    yield ""


def _release(sources: Sequence[Source], language: str, today: date) -> Iterator[str]:
    excluded = {source.id: meaning(why) for source in sources if (why := unreleasable(source, today))}
    permitted = [source for source in sources if source.id not in excluded]
    uses: Sequence[str] = []
    for source in permitted:  # keep the uses common to all; a source with none of them is excluded
        common = [use for use in USES if use in (uses or source.uses) and use in source.uses]
        if common:
            uses = common
        else:
            excluded[source.id] = _ONLY_OTHERS.fill(uses=", ".join(source.uses))
    for name, reason in excluded.items():
        yield from _comment(_LEFT_OUT.fill(source=name, why=reason), language)
    released = [source for source in permitted if source.id not in excluded]
    if not released:
        yield from _comment(_NO_RELEASE, language)
        return
    yield from _comment(_RELEASE, language)
    yield "[release]"
    yield f"name = {_value(released[0].id)}"
    yield f"admit = {_value(sorted({source.tier for source in released}, key=openness))}"
    yield f"uses = {_value(uses)}"


def _extract(sources: Sequence[Source], language: str) -> Iterator[str]:
    """Yield the stage `extract`; options for external programs that aren't installed are commented out."""
    needed = {
        program: [source for source in sources if program in _programs(source)] for program in ("ocr", "libreoffice")
    }
    ocr_languages = _ocr_languages(needed["ocr"])
    options: dict[str, object] = {}
    if ocr_languages:
        options["ocr"] = ocr_languages
    if needed["libreoffice"]:
        options["libreoffice"] = True
    is_installed = {
        "ocr": lambda: models().issuperset(ocr_languages),  # starts tesseract
        "libreoffice": lambda: shutil.which(OFFICE) is not None,
    }
    ready = {name: value for name, value in options.items() if is_installed[name]()}
    *stage, end = _stage("extract", _STAGES["extract"], language, **ready)
    yield from stage
    for name, value in options.items():
        if name not in ready:
            yield from _comment(_TO_ENABLE[name], language)
            yield f"# {name} = {_value(value)}"
    # If a source takes files of any kind, some may be pictures.
    of_files = (source for source in sources if source.collect.kind == "files")
    any_file = [source for source in of_files if not (source.collect.files or source.collect.format)]
    if not ocr_languages and (possible := _ocr_languages(any_file)):
        yield from _comment(_PERHAPS, language)
        yield f"# ocr = {_value(possible)}"
    yield end


def _ocr_languages(sources: Sequence[Source]) -> list[str]:
    """Return tesseract's names for the sources' languages; languages without a model are left out."""
    return list(dict.fromkeys(filter(None, (ocr_of(code) for source in sources for code in source.languages))))


def _programs(source: Source) -> set[str | None]:
    """Return the external programs that read a source's format, or the formats of its file patterns."""
    chosen = [SUFFIXES.get(PurePath(pattern).suffix.lower()) for pattern in source.collect.files]
    return {entry.program for entry in (*chosen, BY_NAME.get(source.collect.format or "")) if entry}


def _stage(use: str, why: Message, language: str, **options: object) -> list[str]:
    lines = [f"{key} = {_value(value)}" for key, value in options.items()]
    return [*_comment(why, language), "[[stage]]", f"use = {_value(use)}", *lines, ""]


def _comment(text: Message, language: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(same(text).translate(language), _WIDTH, break_on_hyphens=False)]


def _value(value: object) -> str:
    # JSON strings and lists of strings are valid TOML, except for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
