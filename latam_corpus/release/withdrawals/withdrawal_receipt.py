"""The receipt of a withdrawal, which anyone can verify: a page in Spanish, Portuguese and English, or JSON.

Page and JSON contain the same values, including the entry of the log. Each contains the digest of its other bytes, and
the log contains the digests of both. The text of a page is generated only from its values, so that verifying the values
verifies the text.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import LANGUAGES, Message, _, enumerated, first_of, known
from latam_corpus.release.eligibility.kept_out import reason_of
from latam_corpus.release.storing.manifest import manifest_sha256
from latam_corpus.release.storing.minisign_keys import signature_file, signature_problem
from latam_corpus.release.storing.signatures import log_signature_problems
from latam_corpus.release.storing.withdrawal_log import (
    EntryTakenError,
    add_entry,
    asked_hash,
    parse_entry,
    read_log,
    time_after,
)
from latam_corpus.storage.durable import OTHER_BYTES, replace, sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.storing.minisign_keys import PublicKey
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import By, WithdrawalLog
    from latam_corpus.release.withdrawals.withdraw import Withdrawal

_FORMAT: Final = 1
_MAX_IDS: Final = 1000  # documents that a receipt lists at most; the log lists all
_SEALED: Final = re.compile(rb"(?s)(.*\n<!-- sha256 )([0-9a-f]{64}) -->\n\Z")
_VALUES: Final = re.compile(rb'(?s)<script type="application/json" id="receipt">\n(.*)</script>')

ASKED: Final = {
    "doc": _("the document {value}"),
    "source": _("everything from the source {value}"),
    "creator": _("everything by {value}, and its copies"),
    "url": _("everything from {value}"),
    "text": _("a text and its copies, by the text's hash {value}"),
    "request": _("the return of the documents held by {value}"),
    "deletion": _("the records that their repositories have deleted ({value})"),
    "terms": _("the documents whose terms no longer allow it ({value})"),
}
ASKED_TOGETHER: Final = {
    "doc": _("{n} {n:document|documents} ({value})"),
    "source": _("everything from {n} {n:source|sources} ({value})"),
    "creator": _("everything by {n} {n:person|people} ({value}), and its copies"),
    "url": _("everything from {n} {n:address|addresses} ({value})"),
    "text": _("{n} {n:text|texts} and {n:its|their} copies, by the hash of each text ({value})"),
}
_SHOWN: Final = 20  # items of a kind that a sentence lists at most; the values list all
_TITLES: Final = {
    "withdrawal": _("Receipt of a withdrawal"),
    "hold": _("Receipt of a hold"),
    "return": _("Receipt of a return"),
    "lapse": _("Receipt of a lapse"),
}
_PROMOTED: Final = _("Copies with rights of their own that have taken their place: {n}.")
_CAME_BACK: Final = _("Each copy that came back, with the document in whose place it came: {copies}.")
_STAY_OUT: Final = _("Copies that did not come back, since {why}: {n} ({copies}).")
_REQUEST: Final = _("Request {request}, of {day}: {asked}. Reason: {because}.")
_WITHOUT: Final = _("The version without them is {after}; the one before was {before}.")
_OUT_OF_REACH: Final = _(
    "Out of reach: copies that others made of older versions, and models trained on them, which can't forget. "
    "A check of such a copy reports the withdrawal."
)
_CHECK: Final = _("Anyone can check this page: latam-corpus release verify-receipt FILE")
_LINES: Final = {
    "withdrawal": (
        _REQUEST,
        _(
            "Documents withdrawn from {release}: {n}. From now on, readers who use this program don't get "
            "them, in older versions either, and copies collected later are left out."
        ),
        _WITHOUT,
        _PROMOTED,
        _OUT_OF_REACH,
        _CHECK,
    ),
    "hold": (
        _REQUEST,
        _(
            "Documents of {release} that are held until it is decided whether they remain: {n}. Until then, "
            "readers who use this program don't get them, in older versions either, and copies collected later "
            "are left out."
        ),
        _WITHOUT,
        _PROMOTED,
        _("They come back with: latam-corpus release return {release} {request}"),
        _OUT_OF_REACH,
        _CHECK,
    ),
    "return": (
        _REQUEST,
        _("Documents that were held, and that readers of {release} get again, as far as its terms allow: {n}."),
        _("The version with them is {after}; the one before was {before}."),
        _CHECK,
    ),
    "lapse": (
        _REQUEST,
        _(
            "Documents that left {release} for this reason: {n}. From now on, readers who use this program "
            "don't get them, in older versions either, unless a later version has them again because their "
            "terms allow it."
        ),
        _WITHOUT,
        _OUT_OF_REACH,
        _CHECK,
    ),
}
_AFTERWARDS: Final = [
    _("copies that were pulled or published before"),
    _("models that were trained on older versions"),
]


_OTHER_BYTES: Final = Message(OTHER_BYTES)
_OF_ENTRY: Final = _("its {what} differs from its entry in the log")
_WHAT: Final = {
    "digest": _("digest"),
    "number": _("number"),
    "request": _("request"),
    "kind": _("kind"),
    "release": _("release"),
    "time": _("time"),
    "what was asked": _("what was asked"),
    "reason": _("reason"),
}


def not_reached(withdrawal: Withdrawal) -> list[Message]:
    """Return sentences about copies that a withdrawal doesn't reach."""
    other_release = _("the latest version of {name}: `latam-corpus release build {name} --parent latest`")
    return [
        *(other_release.fill(name=name) for name in withdrawal.other_releases),
        *([_("the bytes of older versions, until `latam-corpus release purge`")] if withdrawal.entry.erases else []),
        *(_AFTERWARDS if withdrawal.entry.kind != "return" else []),
    ]


def receipt_values(withdrawal: Withdrawal) -> dict[str, Any]:
    """Return the values of the receipt, in the types of JSON."""
    entry = withdrawal.entry
    return {
        "format": _FORMAT,
        "kind": entry.kind,
        "request": entry.request,
        "release": entry.release,
        "asked": {"by": entry.by, "value": withdrawal.value, "because": entry.because},
        "time": entry.time.isoformat(),
        "entry": {"number": entry.number, "sha256": withdrawal.entry_sha256, "file": entry.dumped().decode()},
        "documents": len(withdrawal.documents),
        "doc_ids": withdrawal.documents[:_MAX_IDS],
        "versions": [
            {"version": spec, "documents": n, "shards": withdrawal.shards[spec]}
            for spec, n in sorted(withdrawal.rows.items())
        ],
        "before": {"version": withdrawal.before.spec, "manifest_sha256": withdrawal.before_sha256},
        "after": {
            "version": withdrawal.after.spec,
            "manifest_sha256": withdrawal.after_sha256,
            "documents": withdrawal.after.rows,
            "bytes_written": withdrawal.written,
            "bytes": withdrawal.after.shard_bytes,
        },
        "promoted": withdrawal.promoted,
        "in_place_of": withdrawal.in_place_of,
        "kept_out": withdrawal.kept_out,
        "left_aside": list(map(str, withdrawal.copy_notices)),
        "not_reached": list(map(str, not_reached(withdrawal))),
        "toolkit": __version__,
    }


def receipt_files(values: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the receipt's bytes in each format: `json` and `html`."""
    data = sealed(values, indent=1)
    return {"json": data, "html": _page(values, data)}


def write_receipt_entry(store: Store, withdrawal: Withdrawal, now: datetime) -> dict[str, bytes]:
    """Add the digests of the receipt to the log; return the receipt's bytes in each format.

    Raises:
        ReleaseError: the entry can't be added.
    """
    files = receipt_files(receipt_values(withdrawal))
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    fields = {"request": withdrawal.entry.request, "release": withdrawal.entry.release, "of": withdrawal.entry.number}
    log = read_log(store)
    while all(entry.receipts != digests for entry in log.entries):
        with suppress(EntryTakenError):
            add_entry(log, now, {}, kind="receipt", receipts=digests, **fields)
        log = read_log(store)
        now = time_after(log, now)
    return files


def write_receipt(store: Store, withdrawal: Withdrawal, file: Path | None = None) -> dict[str, Any]:
    """Add the digests of a receipt to the log, write the receipt, and return its values.

    A file that ends in `.json` has JSON, another a page. If the store has a signer, the file is signed too.

    Raises:
        ReleaseError: the entry can't be added.
    """
    files = write_receipt_entry(store, withdrawal, datetime.now(UTC))
    if file:
        written = files["json" if file.suffix == ".json" else "html"]
        replace(file, written)
        if store.signer:
            replace(signature_file(file), store.signer.signature(written, f"receipt {withdrawal.entry.request}"))
    return receipt_values(withdrawal)


def problems_of(
    data: bytes, store: Store | None, keys: Sequence[PublicKey] = (), signature: bytes | None = None
) -> list[str]:
    """Return the problems of a receipt in English, see `receipt_problems`."""
    return [str(problem) for problem in receipt_problems(data, store, keys, signature)]


def receipt_problems(
    data: bytes, store: Store | None, keys: Sequence[PublicKey] = (), signature: bytes | None = None
) -> list[Message]:
    """Verify a receipt, and return a sentence for each problem; empty if it is genuine.

    Without a store, the receipt is checked alone; without keys, signatures are ignored.

    Raises:
        ConfigError: the file isn't a receipt.
        ReleaseError: the store's log is damaged.
    """
    forged = signature_problem(data, signature, keys) if keys else None
    return [forged] if forged else _problems(data, store, keys)


def _problems(data: bytes, store: Store | None, keys: Sequence[PublicKey]) -> list[Message]:
    page = _SEALED.match(data)
    inner = data
    if page:
        if hashlib.sha256(page[1]).hexdigest().encode() != page[2]:
            return [_OTHER_BYTES]
        inner = values_in(data)
        if not inner:
            return [_("it contains no values")]
    elif not data.lstrip().startswith(b"{"):
        if b"<html" in data[:200].lower():
            return [_OTHER_BYTES]
        raise ConfigError(
            _("the receipt"),
            _("it isn't a receipt of this program, which is a page or JSON"),
            _("name the file of a receipt"),
        )
    try:
        values = unsealed(inner)
        problems = [*_entry_problems(values), *_page_problems(values, inner, data if page else None)]
    except ReleaseError as error:
        return [_("its entry in the log: {problem}", problem=error.args[1])]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [_unreadable(error)]
    if store and not problems:
        with store.named_errors():
            log = read_log(store)
            problems += [*_log_problems(values, data, log), *log_signature_problems(log, keys)]
    return problems


def values_in(page: bytes) -> bytes:
    """Return the values in a receipt's page, as JSON; empty if it has none."""
    match = _VALUES.search(page)
    return match[1].replace(b"<\\/", b"</") if match else b""


def _unreadable(error: Exception) -> Message:
    if type(error) is ValueError:
        return known(error)
    return _("it lacks values of a receipt: {cause}", cause=repr(error))


def _entry_problems(values: Mapping[str, Any]) -> list[Message]:
    """Compare the values of a receipt with the entry of the log that it contains."""
    stored = values["entry"]
    entry = parse_entry(stored["file"].encode(), "the receipt")
    requested = values["asked"]
    value_hash = _logged(requested["by"], requested["value"])
    items = json.loads(requested["value"]) if requested["by"] == "several" else []
    item_hashes = [(by, _logged(by, value)) for by, value in items]
    pairs = {
        "digest": (stored["sha256"], hashlib.sha256(stored["file"].encode()).hexdigest()),
        "number": (stored["number"], entry.number),
        "request": (values["request"], entry.request),
        "kind": (values["kind"], entry.kind),
        "release": (values["release"], entry.release),
        "time": (values["time"], entry.time.isoformat()),
        "what was asked": (
            (requested["by"], value_hash, item_hashes),
            (entry.by, entry.asked, [(item.by, item.asked) for item in entry.several]),
        ),
        "reason": (requested["because"], entry.because),
    }
    return [_OF_ENTRY.fill(what=_WHAT[key]) for key, (stated, logged) in pairs.items() if stated != logged]


def _logged(by: By, value: str) -> str:
    """Convert a value of a receipt to its form in the log."""
    return value if by == "url" else asked_hash(by, value)


def _page_problems(values: Mapping[str, Any], inner: bytes, page: bytes | None) -> list[Message]:
    """Compare a page with one generated from its values, if this version of the toolkit wrote the page."""
    if page is None or values["toolkit"] != __version__ or _page(values, inner) == page:
        return []
    return [_("the text of the page doesn't agree with its values")]


def _log_problems(values: Mapping[str, Any], data: bytes, log: WithdrawalLog) -> list[Message]:
    """Compare a receipt with the log and the versions of the store."""
    number = values["entry"]["number"]
    if number > log.sequence or log.digests[number - 1] != values["entry"]["sha256"]:
        return [_("entry {number} in the log of {store} is missing or differs", store=log.store.url, number=number)]
    digest = hashlib.sha256(data).hexdigest()
    if all(digest not in entry.receipts.values() for entry in log.entries if entry.of == number):
        return [_("the log of {store} doesn't list this receipt", store=log.store.url)]
    problems = []
    for when in ("before", "after"):
        name, _at, version = values[when]["version"].partition("@")
        if version not in log.store.versions(name):
            problems.append(_("{version}: the version isn't in the store", version=values[when]["version"]))
        elif manifest_sha256(log.store, name, version) != values[when]["manifest_sha256"]:
            problem = _("{version}: its manifest isn't the one of the receipt", version=values[when]["version"])
            problems.append(problem)
    return problems


def sentences(values: Mapping[str, Any]) -> list[Message]:
    """Return the sentences of the page."""
    fields = {
        "request": values["request"],
        "day": values["time"][:10],
        "asked": _requested(values["asked"]["by"], values["asked"]["value"]),
        "because": values["asked"]["because"],
        "n": values["documents"],
        "release": values["release"],
        "before": values["before"]["version"],
        "after": values["after"]["version"],
    }
    lines: list[Message] = []
    for line in _LINES[values["kind"]]:
        if line is _PROMOTED:
            lines += _copy_sentences(values)
        else:
            lines.append(line.fill(**fields))
    return lines


def _copy_sentences(values: Mapping[str, Any]) -> list[Message]:
    """Return sentences about the copies; receipts by older versions only state the number of released copies."""
    lines = [_PROMOTED.fill(n=len(values["promoted"]))] if values["promoted"] else []
    pairs = [f"{copy} ({of})" for copy, of in values.get("in_place_of", {}).items()]
    if pairs:
        lines.append(_CAME_BACK.fill(copies=first_of(pairs, _SHOWN)))
    by_reason: dict[str, list[str]] = {}
    for copy, why in values.get("kept_out", {}).items():
        by_reason.setdefault(why, []).append(copy)
    lines += [
        _STAY_OUT.fill(n=len(copies), why=reason_of(why), copies=first_of(copies, _SHOWN))
        for why, copies in by_reason.items()
    ]
    return lines


def _requested(by: str, value: str) -> Message:
    """Describe the request; if it has many items, only the first of each kind are listed."""
    if by != "several":
        return ASKED[by].fill(value=value)
    by_kind: dict[str, list[str]] = {}
    for kind, item in json.loads(value):
        by_kind.setdefault(kind, []).append(item)
    return enumerated(
        ASKED_TOGETHER[kind].fill(n=len(items), value=first_of(items, _SHOWN)) for kind, items in by_kind.items()
    )


def _page(values: Mapping[str, Any], data: bytes) -> bytes:
    sections = []
    for language, name in LANGUAGES.items():
        paragraphs = "".join(f"<p>{escape(line.translate(language))}</p>\n" for line in sentences(values))
        title = escape(_TITLES[values["kind"]].translate(language))
        sections.append(
            f'<section lang="{language}">\n<h2>{title} <small>{name}</small></h2>\n{paragraphs}</section>\n'
        )
    new = values["after"]
    rows = [
        *((entry["version"], _number(entry["documents"]), " ".join(entry["shards"])) for entry in values["versions"]),
        (f"{values['before']['version']} manifest.json", "", values["before"]["manifest_sha256"]),
        (f"{new['version']} manifest.json", _number(new["documents"]), new["manifest_sha256"]),
        (f"withdrawals/{values['entry']['number']:04d}.json", "", values["entry"]["sha256"]),
    ]
    heads = "".join(
        f'<th scope="col">{"<br>".join(escape(name.translate(language)) for language in LANGUAGES)}</th>'
        for name in _HEADS
    )
    table = "".join(
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
        for name, *cells in rows
    )
    table = f"<thead><tr>{heads}</tr></thead>\n<tbody>{table}</tbody>"
    head = (
        f'<!doctype html>\n<html lang="es">\n<meta charset="utf-8">\n{_METAS}'
        f"<title>{escape(values['request'])}</title>\n"
        f"<style>{_STYLE}</style>\n<main>\n<h1>{escape(values['request'])}</h1>\n"
    )
    inner = data.replace(b"</", b"<\\/").decode()
    script = f'<script type="application/json" id="receipt">\n{inner}</script>\n</html>'
    body = f"{head}{''.join(sections)}<table>\n{table}</table>\n</main>\n{script}\n<!-- sha256 ".encode()
    return body + f"{hashlib.sha256(body).hexdigest()} -->\n".encode()


def _number(n: int) -> str:
    r"""Format a number in a way that is clear in Spanish, Portuguese and English.

    >>> _number(1234), _number(12345)
    ('1234', '12\u202f345')
    """
    return f"{n:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if n >= _GROUPED else str(n)


_GROUPED: Final = 10_000
_HEADS: Final = (_("version or file"), _("documents"), _("shards, or SHA-256"))
_METAS: Final = (
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n'
    '<meta name="referrer" content="no-referrer">\n<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
)
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em;"
    "overflow-wrap:break-word}h2{font-size:1.1em}small{font-weight:normal;opacity:.75}"
    "table{border-collapse:collapse;font-size:.875em;width:100%}"
    "th,td{border:1px solid #8886;padding:.2em .5em;vertical-align:top;text-align:left;font-weight:normal;"
    "overflow-wrap:anywhere}thead th{overflow-wrap:normal}"
    "@media(max-width:44em){body{margin:1em auto}}"
)
