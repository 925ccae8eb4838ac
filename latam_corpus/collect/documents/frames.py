"""Convert chunks of records to rows of documents: one row per text, and one row per failure."""

from __future__ import annotations

import hashlib
import json
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.address_country import country_of_address
from latam_corpus.catalog.community_labels import narrowed_tier
from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.optout.opt_out import withheld
from latam_corpus.catalog.rights import obligations_of, openness, tier_of, uses_under
from latam_corpus.collect.documents import mapping
from latam_corpus.collect.documents.batches import Constant, Rows, joined
from latam_corpus.collect.documents.extra_values import converted
from latam_corpus.collect.documents.mapping import cleaned, is_empty, text_of, value_at, values_of
from latam_corpus.collect.documents.narrowing import (
    Narrowing,
    Stated,
    Terms,
    is_understood,
    narrowed,
    narrowing_of,
    stated_in,
    with_missing_consent,
)
from latam_corpus.collect.records import WITHDRAWN, unreadable
from latam_corpus.columns import BY_NAME, KEYS
from latam_corpus.schema.extra_columns import EXTRA
from latam_corpus.vocabulary import MAX_TEXT, TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from latam_corpus.catalog.source import Source, TextMapping
    from latam_corpus.collect.documents.batches import Values
    from latam_corpus.collect.documents.record_context import RecordContext
    from latam_corpus.collect.records import Chunk, Failure, Record

_ASKING: Final = "rsl-permission"


def terms_of(source: Source, statement: str | None, refused: Iterable[str] = ()) -> tuple[str, list[str]]:
    """Return the rights tier and the uses of a record with this statement of rights and these opt-out signals.

    A record with the source's own statement gets the source's tier and uses, which may depend on an agreement. A less
    open statement sets the tier of its licence, and narrows the uses. A more open one changes neither, but if the
    source states no rights, each record gets the tier of its own statement. An opt-out removes the uses that it
    withholds. If a licence must first be obtained, the tier is at most as open as `permission`. Labels and consents of
    the source narrow all of its records.

    >>> from latam_corpus.catalog.source import load_source
    >>> terms_of(load_source("disco-sonnets"), "CC BY-SA 4.0")
    ('share_alike', ['train', 'redistribute', 'evaluate'])
    >>> terms_of(load_source("disco-sonnets"), "CC0-1.0")[0] == load_source("disco-sonnets").tier
    True
    >>> terms_of(load_source("disco-sonnets"), "Todos los derechos reservados")
    ('unknown', ['evaluate'])
    >>> terms_of(load_source("disco-sonnets"), "CC BY-SA 4.0", ["noai"])
    ('share_alike', ['redistribute', 'evaluate'])
    """
    tier, uses = _terms_by_statement(source, statement)
    tier = narrowed_tier(tier, source.labels)
    signals = list(refused)
    if _ASKING in signals and openness(tier) < openness("permission"):
        tier = "permission"
    refused_uses = withheld(signals)
    return tier, [use for use in uses if use not in refused_uses]


def _terms_by_statement(source: Source, statement: str | None) -> tuple[str, list[str]]:
    """Return the tier and the uses by the statements of rights alone."""
    if source.rights and statement == source.rights.statement:
        return source.tier, list(source.uses)
    tier = tier_of(statement)
    if openness(tier) <= openness(source.tier):
        return source.tier if source.rights else tier, list(source.uses)
    return tier, uses_under(tier, source.uses)


_AS: Final = {name: mapping.READERS[key.value] for name, key in KEYS.items() if key.value}
_KEYS_SHOWN: Final = 20
_OF_LISTS: Final = frozenset({"missing file", "named twice"})  # causes


def rows_of(context: RecordContext, chunk: Chunk) -> Rows:
    """Return the documents and the failures of a chunk, in the order of the file.

    A record without a usable text is a row with `drop_reason` `unreadable:<cause>`, the verdict `failed` and the
    evidence as JSON.
    """
    source = context.source
    body = "raw" if context.media_type else "text"
    if context.watch and context.catalogued:
        context.watch.look_at_columns(context.catalogued)
    pieces: list[Rows] = []
    if chunk.records:
        keys = frozenset().union(*chunk.records)
        shared, notes = _shared(context, chunk.records, keys)
        shared |= _with_narrowings(context, chunk, shared["rights"], notes)
        texts = source.collect.texts or (None,)
        pieces = [_documents(context, chunk, keys, shared, notes, text) for text in texts]
        if len(pieces) > 1:
            # The texts of one record follow each other.
            order = [
                row + len(chunk.records) * which for row in range(len(chunk.records)) for which in range(len(texts))
            ]
            pieces = [joined(pieces).take(order)]
    if chunk.failures:
        numbers = [number for number in chunk.numbers for _ in range(pieces[0].height // len(chunk.numbers))]
        numbers += [failure.number for failure in chunk.failures]
        pieces.append(failed_rows(context, chunk.failures, body))
        # The sort is stable. A failure without a number (the rest of a damaged file) comes last.
        order = sorted(range(len(numbers)), key=lambda row: (numbers[row] is None, numbers[row] or 0))
        return joined(pieces).take(order)
    return pieces[0]


def failed_rows(context: RecordContext, failures: Sequence[Failure], body: str = "text") -> Rows:
    """Return one row for each failure, with the columns that all documents of the source share."""
    # Two parts of a file may each be damaged; they are two rows.
    file_locator = f"{context.relative}#{context.part}" if context.part else context.relative
    locators = [
        f.about.get("id")
        or f.about.get("url")
        or (file_locator if f.number is None else f"{context.relative}#{f.number}")
        for f in failures
    ]
    if context.watch:
        for failure in failures:
            if failure.cause == "damaged file":
                context.watch.facts.damaged[context.relative] = str(failure.evidence.get("error", ""))
    defaults = context.defaults()
    columns: dict[str, Values] = {}
    known_names = {name for failure in failures for name in failure.about if name in _AS}
    for name in known_names:
        values = [f.about.get(name) for f in failures]
        columns[name] = _with_default(name, *_converted(name, values), defaults.get(name))
    # People look for a missing file by the name in the list.
    names = [", ".join(f.names) if f.cause in _OF_LISTS else "" for f in failures]
    if any(names):
        titles = columns.get("title", Constant(None))
        rows = zip(_spread(titles, len(names)), names, strict=True)
        columns["title"] = [title or name or None for title, name in rows]
    columns |= {
        "doc_id": [doc_id(context.source.id, locator) for locator in locators],
        "member": [context.named(_member(f)) for f in failures],
        "offset": [f.offset for f in failures],
        "digest": Constant(None),
        "drop_reason": [f.reason for f in failures],
        "evidence": [_as_json({"file": context.relative, **f.evidence}) for f in failures],
        body: Constant(None),
    }
    return _rows(context, columns, len(failures), body)


def _member(failure: Failure) -> str | None:
    """Return the name of a failure inside its file: the names in a catalogue's row, or else the record's number."""
    return ", ".join(failure.evidence.get("names", ())) or (None if failure.number is None else str(failure.number))


def _shared(
    context: RecordContext, records: Sequence[Record], keys: frozenset[str]
) -> tuple[dict[str, Values], dict[int, dict[str, Any]]]:
    """Return the columns shared by all texts of a record, and the notes on values that aren't understood, by row."""
    columns = context.source.collect.columns
    defaults = context.defaults()
    shared: dict[str, Values] = {}
    unread: dict[int, dict[str, str]] = {}
    for name in _AS:
        default = defaults.get(name)
        values = values_of(columns, name, records, keys, context.relative)
        if values is None:
            shared[name] = Constant(default)
            if context.watch:
                context.watch.count(name, None, len(records))
            continue
        converted, cells = _converted(name, values)
        if name == "rights":  # a statement that isn't a licence is kept, and makes the tier unknown
            cells |= _not_licences(converted, default)
            converted = _without_wider(context.source, converted)
        shared[name] = _with_default(name, converted, cells, default)
        if context.watch:
            context.watch.count(name, converted, len(records), cells.values())
        for row, cell in cells.items():
            unread.setdefault(row, {})[name] = cell
    if context.source.collect.extra:
        shared["extra"] = _extra(context, records, unread)
    notes: dict[int, dict[str, Any]] = {row: {"unread": cells} for row, cells in unread.items()}
    if context.source.country is None:
        stated = {row for row, cells in unread.items() if "country" in cells}
        shared["country"] = _countries(shared["country"], shared["url"], stated)
    return shared, notes


def _extra(
    context: RecordContext, records: Sequence[Record], unread: dict[int, dict[str, str]]
) -> list[list[dict[str, str]] | None]:
    """Return the additional columns of each record, `schema.EXTRA`; add the values of a wrong type to `unread`."""
    entries: list[list[dict[str, str]]] = [[] for _ in records]
    for name, declared in sorted(context.source.collect.extra.items()):
        cells = [value_at(record, declared.column) for record in records]
        texts = converted(cells, declared.type)
        strange: list[str] = []
        for row, (cell, values) in enumerate(zip(cells, texts, strict=True)):
            entries[row] += [{"key": name, "value": value} for value in values]
            if not values and not is_empty(cell):
                strange.append(mapping.shown(cell))
                unread.setdefault(row, {})[f"{EXTRA}.{name}"] = strange[-1]
        if context.watch:
            filled = [values or None for values in texts]
            context.watch.count(f"{EXTRA}.{name}", filled, len(records), strange, declared.column)
    return [of_record or None for of_record in entries]


def _converted(name: str, values: Sequence[Any]) -> tuple[list[Any], dict[int, str]]:
    """Return the values in the form of the document's column, and the values that aren't understood, by row."""
    converted = [_AS[name](value) for value in values]
    places = [row for row, value in enumerate(converted) if value is None and not is_empty(values[row])]
    return converted, {row: mapping.shown(values[row]) for row in places}


def _not_licences(statements: Sequence[Any], own: str | None) -> dict[int, str]:
    """Return the statements of rights that aren't understood, by row."""
    strange = {
        statement: mapping.shown(statement)
        for statement in set(statements)
        if statement and not is_understood(statement, own)
    }
    return (
        {row: strange[statement] for row, statement in enumerate(statements) if statement in strange} if strange else {}
    )


def _without_wider(source: Source, statements: Sequence[str | None]) -> list[str | None]:
    """Replace the statements that ask less than the source's own by the source's, which applies to all its records."""
    if source.rights is None or source.rights.statement is None:
        return list(statements)
    own = source.rights.statement
    owed = set(obligations_of(own, source.tier))
    wider = set()
    for statement in set(statements) - {None}:
        tier = tier_of(statement)
        if openness(tier) <= openness(source.tier) and set(obligations_of(statement, tier)) < owed:
            wider.add(statement)
    return [own if statement in wider else statement for statement in statements]


def _with_narrowings(
    context: RecordContext, chunk: Chunk, statements: Values, notes: dict[int, dict[str, Any]]
) -> dict[str, Values]:
    """Return the columns of terms, narrowed by records and catalogue rows; empty if none of them states terms.

    Narrowed terms and values that aren't understood are added to `notes`, the ledger's notes by row.
    """
    height = len(chunk.records)
    narrowings = _narrowings(context, chunk)
    if not any(narrowings):
        return {}
    opt_outs: Values = Constant(None)
    if any(narrowing and narrowing.opt_outs for narrowing in narrowings):
        opt_outs = [narrowing.opt_outs or None if narrowing else None for narrowing in narrowings]
    tiers, uses = (_spread(values, height) for values in _terms(context.source, statements, opt_outs, height))
    rights = context.source.rights
    days = context.source.expires, rights.embargo_until if rights else None
    rows = []
    for row, statement in enumerate(_spread(statements, height)):
        terms = given = Terms(statement, tiers[row], tuple(uses[row]), *days)
        if narrowing := narrowings[row]:
            terms = narrowed(context.source, given, narrowing)
            note = {
                **({"unread": narrowing.unread} if narrowing.unread else {}),
                **(narrowing.note(context.source, given) if terms != given else {}),
            }
            if note:
                unread = {**notes.get(row, {}).get("unread", {}), **narrowing.unread}
                notes[row] = {**notes.get(row, {}), **note, **({"unread": unread} if unread else {})}
        rows.append(terms)
    return {
        "rights": [terms.statement for terms in rows],
        "rights_tier": [terms.tier for terms in rows],
        "uses": [list(terms.uses) for terms in rows],
        "expires": [terms.expires for terms in rows],
        "embargo_until": [terms.embargo_until for terms in rows],
        "opt_outs": opt_outs,
        **_consents(context.source, narrowings),
    }


def _consents(source: Source, narrowings: Sequence[Narrowing | None]) -> dict[str, Values]:
    """Return the consents of each document: its source's and its own; empty if no document has its own."""
    if not any(narrowing and narrowing.consents for narrowing in narrowings):
        return {}
    rows = ([*(source.consent_rows or ()), *(narrowing.consents if narrowing else ())] for narrowing in narrowings)
    return {"consent": [list({repr(consent): consent for consent in row}.values()) or None for row in rows]}


def _narrowings(context: RecordContext, chunk: Chunk) -> list[Narrowing | None]:
    """Return the terms that each record and the catalogue's rows of its file state; None if they state none."""
    source = context.source
    own = source.rights.statement if source.rights else None
    stated = stated_in(source, chunk.records, context.relative, rights=False)
    if chunk.offsets is not None:  # the reader of web archives adds a page's opt-outs, which no mapping turns off
        stated = [[value for value in values if value.column != "opt_outs"] for values in stated]
        opt_outs = [record.get("opt_outs") for record in chunk.records]
        refused = [[Stated("opt_outs", "opt_outs", value)] if value else [] for value in opt_outs]
    else:
        refused = [[] for _ in stated]
    of_catalogue = list(chain.from_iterable(stated_in(source, context.rows, context.relative, rights=True)))
    cache: dict[str, Narrowing] = {}
    narrowings: list[Narrowing | None] = []
    for row, values in enumerate(stated):
        other_terms = chunk.other_terms[row] if chunk.other_terms else []
        of_group = chain.from_iterable(stated_in(source, other_terms, context.relative, rights=True))
        all_values = with_missing_consent(source, [*values, *refused[row], *of_catalogue, *of_group])
        key = repr(all_values)
        if key not in cache:
            cache[key] = narrowing_of(all_values, own)
            cache[key].is_unlisted, cache[key].near = context.is_unlisted, context.near
            cache[key].unnamed = tuple(file for file, _line in context.unnamed)
        narrowings.append(cache[key] if all_values or context.is_unlisted or context.unnamed else None)
        if context.watch and all_values:
            _count(context, [value for value in all_values if value not in refused[row]], cache[key].unread)
    if context.watch and context.is_unlisted:
        context.watch.facts.unlisted[context.relative] = context.near
    if context.watch:
        context.watch.facts.unnamed |= dict(context.unnamed)
    return narrowings


def _count(context: RecordContext, stated: Sequence[Stated], unread: Mapping[str, str]) -> None:
    """Count the values that state terms, once per column and document; `_shared` counts a file's mapped rights."""
    assert context.watch  # noqa: S101
    for column, origin, is_mapped in sorted({(value.column, value.origin, value.is_mapped) for value in stated}):
        cell = unread.get(origin)
        if not is_mapped:
            context.watch.count_stated(column, origin, cell)
        elif column != "rights" or (cell is not None and context.format.media_type is None):
            cells = [] if cell is None else [cell]
            context.watch.count(column, [None] if cells else [origin], 1, cells, origin)


def _spread(values: Values, height: int) -> list[Any]:
    return [values.value] * height if isinstance(values, Constant) else values


def _with_default(name: str, converted: Sequence[Any], unread: Collection[int], default: Any) -> list[Any]:
    """Replace empty values by the default, but not values that aren't understood."""
    keeps = unread if BY_NAME[name].nullable else ()
    return [default if value is None and row not in keeps else value for row, value in enumerate(converted)]


def _countries(countries: Values, urls: Values, stated: Collection[int]) -> Values:
    """Return the countries; a record without one gets the country of its address."""
    if isinstance(urls, Constant):
        return countries
    rows = enumerate(zip(_spread(countries, len(urls)), urls, strict=True))
    return [country or (None if row in stated else country_of_address(url)) for row, (country, url) in rows]


def _documents(
    context: RecordContext,
    chunk: Chunk,
    keys: frozenset[str],
    shared: dict[str, Values],
    notes: dict[int, dict[str, Any]],
    text: TextMapping | None,
) -> Rows:
    """Return one row per record, with the text of this column, or with the record's only text."""
    source = context.source
    bodies = _bodies(context, chunk, keys, text)
    locators, members = _locators(context, chunk, keys, shared["url"])
    columns = dict(shared)
    if text is not None and len(source.collect.texts) > 1:
        columns |= _aligned(source, chunk, text, bodies, locators)
        locators = [f"{locator}#{text.column}" for locator in locators]
    if text is not None and text.language:
        columns["declared_language"] = Constant(text.language)
    if text is not None and text.composition:
        columns["composition"] = Constant(text.composition)
    missing = {row: _missing(context, chunk, row, text) for row, body in enumerate(bodies) if body is None}
    reasons = dict.fromkeys(missing, unreadable("no text"))
    body = "raw" if context.media_type else "text"
    for row in [row for row, value in enumerate(bodies) if isinstance(value, str) and len(value) > MAX_TEXT]:
        note = {"file": context.relative, "record": chunk.numbers[row], "characters": len(bodies[row])}
        missing[row] = _as_json({**note, "limit_characters": MAX_TEXT, "remedy": TOO_LONG})
        reasons[row], bodies[row] = unreadable("too large"), None
    if context.watch and context.format.media_type is None:
        name, origin = (f"texts.{text.column}", text.column) if text else (body, _origin(source, body))
        context.watch.count(name, bodies, len(bodies), origin=origin)
    columns |= {
        "doc_id": [doc_id(source.id, locator) for locator in locators],
        "member": [context.named(member) for member in members] if context.member else members,
        "offset": Constant(None) if chunk.offsets is None else chunk.offsets,
        "digest": [None if body is None else hashlib.sha256(_bytes(body)).hexdigest() for body in bodies],
        "drop_reason": _sparse(reasons, len(bodies)),
        "evidence": _sparse({**{row: _as_json(note) for row, note in notes.items()}, **missing}, len(bodies)),
        body: bodies,
    }
    if chunk.media_types is not None:
        columns["media_type"] = [context.with_form(kind) for kind in chunk.media_types]
    return _rows(context, columns, len(bodies), body)


def _aligned(
    source: Source, chunk: Chunk, text: TextMapping, bodies: Sequence[Any], locators: Sequence[str]
) -> dict[str, Values]:
    """Return the parent of each translation, and for joined records the segment of each line."""
    first = source.collect.texts[0].column
    parents: Values = Constant(None)
    if text.column != first:
        parents = [doc_id(source.id, f"{locator}#{first}") for locator in locators]
    if not chunk.segments:
        return {"parent_id": parents}
    places = [segments[text.column] for segments in chunk.segments]
    return {"parent_id": parents, "turns": [_turns(*pair) for pair in zip(bodies, places, strict=True)]}


def _turns(body: str | None, places: Sequence[int]) -> list[dict[str, Any]] | None:
    """Return the offset of each line of a text, with the place of its record; None if a record has several lines."""
    lines = (body or "").split("\n")
    if body is None or len(lines) != len(places):
        return None
    offsets = accumulate((len(line) + 1 for line in lines[:-1]), initial=0)
    return [{"offset": offset, "segment": place} for offset, place in zip(offsets, places, strict=True)]


def _origin(source: Source, body: str) -> str:
    """Return the record's column that has the texts."""
    pick = getattr(source.collect.columns, body)
    return (pick and pick.column) or body


def _sparse(values: dict[int, str], height: int) -> Values:
    return [values.get(row) for row in range(height)] if values else Constant(None)


def _bodies(context: RecordContext, chunk: Chunk, keys: frozenset[str], text: TextMapping | None) -> list[Any]:
    """Return the text of each record, or the bytes to extract it from; None for a record without text."""
    collect, records = context.source.collect, chunk.records
    if context.format.media_type is not None:
        return [record["raw"] for record in records]
    if context.media_type is not None:
        raw = values_of(collect.columns, "raw", records, keys, context.relative) or [None] * len(records)
        return [body if (body := _bytes(value)).strip() else None for value in raw]
    if text is not None:
        values: list[Any] = [value_at(record, text.column) for record in records]
        remove = (*collect.remove, *text.remove)
    else:
        values = values_of(collect.columns, "text", records, keys, context.relative) or [None] * len(records)
        remove = collect.remove
    bodies = [text_of(value) for value in values]
    if remove and chunk.pages is None:  # the lines of a group were cleaned one by one
        bodies = [None if body is None else cleaned(body, remove) for body in bodies]
    return [body if body and not body.isspace() else None for body in bodies]


def _locators(
    context: RecordContext, chunk: Chunk, keys: frozenset[str], urls: Values
) -> tuple[list[str], list[str | None]]:
    """Return each record's name in its source (its id, else its URL, else its number) and its name in its file."""
    ids = values_of(context.source.collect.columns, "id", chunk.records, keys, context.relative)
    count = len(chunk.records)
    names = [None] * count if ids is None else [mapping.as_text(value) for value in ids]
    if context.watch:
        pairs = zip(ids or (), names, strict=False)
        cells = [mapping.shown(value) for value, name in pairs if not (name or is_empty(value))]
        context.watch.count("id", ids and names, count, cells)
    if context.catalogued:  # a catalogue's record may state the same address for several files
        urls = Constant(None)
        names = names if context.source.collect.columns.id else [None] * count
    links = [None] * count if isinstance(urls, Constant) else urls
    locators: list[str] = []
    members: list[str | None] = []
    for row, number in enumerate(chunk.numbers):
        # Without a suffix, the documents of a group that was cut would share one id.
        page = chunk.pages[row] if chunk.pages and context.source.collect.group else 1
        suffix = f"/{page}" if page > 1 else ""
        name, link = names[row], links[row]
        counted = context.relative if number is None else f"{context.relative}#{number}"
        locators.append(f"{name or link}{suffix}" if name or link else counted)
        members.append(f"{name}{suffix}" if name else None if number is None else str(number))
    return locators, members


def _missing(context: RecordContext, chunk: Chunk, row: int, text: TextMapping | None) -> str:
    """Return why a record has no text, as JSON."""
    record = chunk.records[row]
    columns = context.source.collect.columns
    pick = columns.raw if context.media_type else columns.text
    column = text.column if text else (pick and pick.column) or "text"
    if column in record:
        kind = type(record[column]).__name__ if record[column] is not None else "null"
        note: dict[str, Any] = {"column": column, "found": "blank" if kind == "str" else kind}
    else:
        note = {"column": column, "found": "missing", "columns": sorted(map(str, record))[:_KEYS_SHOWN]}
    return _as_json({"file": context.relative, "record": chunk.numbers[row], **note})


def _as_json(note: dict[str, Any]) -> str:
    return json.dumps(note, ensure_ascii=False)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else b""


def _rows(context: RecordContext, columns: dict[str, Values], height: int, body: str) -> Rows:
    """Add the columns that the source states."""
    constant = {**context.defaults(), "file": context.file}
    if body == "raw":
        constant["media_type"] = context.media_type
    values: dict[str, Values] = {**{name: Constant(value) for name, value in constant.items()}, **columns}
    if "rights_tier" not in columns:
        values["rights_tier"], values["uses"] = _terms(context.source, values["rights"], Constant(None), height)
    values["verdict"] = _verdicts(columns["drop_reason"], columns["evidence"])
    return Rows(height, values)


def _verdicts(reasons: Values, notes: Values) -> Values:
    if isinstance(notes, Constant):  # every row with a reason has a note too
        return Constant(None)
    return [note and _verdict(reason) for reason, note in zip(_spread(reasons, len(notes)), notes, strict=True)]


def _verdict(reason: str | None) -> str:
    """Return the verdict on a record with a note: changed, dropped if it was withdrawn, or failed."""
    return "changed" if reason is None else "dropped" if reason == WITHDRAWN else "failed"


def _terms(source: Source, statements: Values, opt_outs: Values, height: int) -> tuple[Values, Values]:
    """Return the tier and the uses of each row, by its statement and its opt-outs."""
    if isinstance(statements, Constant) and isinstance(opt_outs, Constant):
        tier, uses = terms_of(source, statements.value)
        return Constant(tier), Constant(uses)
    rows = zip(_spread(statements, height), _spread(opt_outs, height), strict=True)
    keys = [(statement, tuple(sorted({row["signal"] for row in refused or ()}))) for statement, refused in rows]
    terms = {key: terms_of(source, *key) for key in set(keys)}
    return [terms[key][0] for key in keys], [terms[key][1] for key in keys]
