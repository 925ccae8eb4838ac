"""Property test: no released row violates a random statement at any level, in any order and with any times.

Sources, catalogues, files, pages, records and labels make statements (`statement_files`), which the pipeline reads from
their bytes. `statement_oracle` decides what a version may have, from the facts and without the code.

"""

from __future__ import annotations

import importlib
import json
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
from built_versions import build
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from written_files import zip_file

from latam_corpus import schema
from latam_corpus.catalog.identity import doc_id
from latam_corpus.engine.local import InProcess
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.execution.run import run as run_plan
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

_FILES: Any = importlib.import_module("tests.release.statement_files")
_ORACLE: Any = importlib.import_module("tests.release.statement_oracle")
Source: Any = _ORACLE.Source
Fact: Any = _ORACLE.Fact
Item: Any = _ORACLE.Item
Requirements: Any = _ORACLE.Requirements

_SPOKEN = (
    "agua alba amigo arena árbol barca barrio bosque caballo calle camino campo canto carta casa cerro ciudad "
    "cocina cuento danza escuela espejo fiesta flor fuego gallo guitarra hermana hierro hija hilo hoja hombre "
    "invierno isla jardín lago lámpara lana lluvia luna madera maestra maíz mano mañana mar mercado mesa mina "
    "monte muelle noche nube obrero olla oro pan papel patio piedra plaza pozo pueblo puente puerto quebrada "
    "ramo red río ropa sal semilla señora sierra silla sol sombra tambor tarde techo tierra toro torre tren "
    "trigo vaca valle vela ventana verano viento vino zorro abre alcanza busca cae calla camina canta cierra "
    "cose cuenta deja duerme encuentra escribe espera guarda llama lleva mira nace olvida pasa pide pierde "
    "pregunta quema recuerda regresa ríe sabe sale siembra sube teje toca trae vende vuelve alto amargo azul "
    "blanco breve claro dulce frío hondo largo lento limpio negro nuevo oscuro pobre rojo seco solo triste "
    "ayer cerca después luego nunca siempre tal vez todavía también apenas desde hasta entre contra sobre "
    "según hacia "
)
_WORDS = _SPOKEN.split()
_WORKS = 12
_KINDS = ("html", "epub", "odt", "txt", "records", "raw", "zip")
_ROW = ("reserved", "unread", "nc", "by", "evaluate", "noai", "cc0")
_DAYS = ("until 2025-03-31", "until 2027-06-30", "until 2035-12-31", "from 2020-01-01", "from 2027-06-30")
_ALL = ("train", "redistribute", "evaluate")
_REQUIREMENTS = (
    (("open", "attribution"), ("train",)),
    (("open",), ("train", "redistribute")),
    (("open", "attribution", "non_commercial"), ("evaluate",)),
)
_TODAY, _LATER = date(2026, 12, 1), date(2028, 1, 1)
_TERMS: tuple[dict[str, Any], ...] = (
    {"statement": "CC-BY-4.0"},
    {"statement": "CC-BY-NC-4.0", "uses": ("evaluate",)},
    {"statement": None},
    {"uses": ("evaluate",)},
    {"uses": ("train", "evaluate")},
    {"until": date(2025, 3, 31)},
    {"until": date(2027, 6, 30)},
    {"start": date(2027, 6, 30)},
    {"label": "tk-secret-sacred"},
    {"label": "tk-non-commercial"},
    {"label": "tk-open-to-collaboration"},
    {"scope": ("evaluate",)},
)
FIGURES = Counter[str]()


def _text(work: int) -> str:
    """Return one of the texts; the first two mention reserved rights without reserving any."""
    words = random.Random(work).choices(_WORDS, k=70)
    sentences = [" ".join(words[n : n + 14]).capitalize() + "." for n in range(0, 70, 14)]
    if work < 2:
        sentences.insert(2, "«Todos los derechos reservados», decía la tapa del cuaderno, y el cura se reía.")
    return " ".join(sentences)


@dataclass(frozen=True)
class Shelf:
    """A source at one time: its terms, its files and its documents.

    Attributes:
        source: its terms.
        kind: the kind of its files or records.
        index: the kind of its catalogue, or empty.
        works: the texts of the documents by key, in the order of the rows.
        rows: by key, the statements of each record or row of the catalogue; empty for a file without a row.
        files: by key, the statements of the file itself.
        variants: keys whose rows spell the name of the file differently.

    """

    source: Any
    kind: str
    index: str
    works: dict[str, int]
    rows: dict[str, list[frozenset[str]]]
    files: dict[str, frozenset[str]]
    variants: frozenset[str]

    def doc_ids(self) -> dict[str, tuple[str, str]]:
        """Return the name of each document by its id."""
        suffix = {"zip": "a.zip/{}.html", "records": "{}", "raw": "{}"}.get(self.kind)
        place = suffix or "{}." + _FILES.FILES[self.kind][0]
        return {doc_id(self.source.name, place.format(key)): (self.source.name, key) for key in self.works}

    def items(self) -> list[Any]:
        """Return the documents with the facts about them."""
        return [Item(self.source, key, self._text(key), tuple(self._facts(key))) for key in self.works]

    def _text(self, key: str) -> int:
        """Return the number of a document's text; a notice at its end makes it a different text."""
        return self.works[key] + (_WORKS if self.kind == "txt" and self.files[key] else 0)

    def _facts(self, key: str) -> list[Any]:
        rows = self.rows[key]
        facts = [Fact("no row")] if self.index and not rows else []
        facts += [Fact(statement) for row in rows for statement in sorted(row)]
        # A licence needs a holder: next to one, a line of copyright only names them.
        names_holder = {"claimed"} if self.files[key] & {"nc", "by"} else set()
        return facts + [Fact(statement, by_file=True) for statement in sorted(self.files[key] - names_holder)]

    def write(self, folder: Path, chance: random.Random) -> None:
        """Write the files in random order and with random times."""
        keys = chance.sample(list(self.works), len(self.works))

        def now() -> int:
            return chance.randrange(10**9, 1_700_000_000)

        texts = {key: _text(self.works[key]) for key in keys}
        if self.kind in ("records", "raw"):
            rows = [self._record(key, texts[key], row) for key in keys for row in self.rows[key]]
            chance.shuffle(rows)
            _FILES.put(folder / "a.jsonl", _FILES.jsonl(rows), now())
            return
        suffix, _, writer = _FILES.FILES["html" if self.kind == "zip" else self.kind]
        contents = {f"{key}.{suffix}": writer(key, texts[key], self.files[key]) for key in keys}
        if self.kind == "zip":
            _FILES.put(folder / "a.zip", zip_file(contents), now())
            return
        for name, content in contents.items():
            _FILES.put(folder / name, content, now())
        if self.index:
            # A name that is spelt in another way is matched if one row alone has it.
            respelt = {key for key in self.variants if len(self.rows[key]) == 1}
            spelt = {key: key.replace("ó", "o").replace(" ", "_") if key in respelt else key for key in keys}
            rows = [
                {"archivo": f"{spelt[key]}.{suffix}", **_FILES.columns_of(row)}
                for key in keys
                for row in self.rows[key]
            ]
            table = _FILES.catalogue(self.index, rows or [{"archivo": f"nada.{suffix}"}])
            _FILES.put(folder / f"catalogo.{self.index}", table, now())

    def _record(self, key: str, text: str, row: frozenset[str]) -> dict[str, Any]:
        body = {"html": _FILES.html(key, text, self.files[key]).decode()} if self.kind == "raw" else {"text": text}
        # When it was obtained is a fact of the record, which picks one of several; the file's time is none.
        day = random.Random(f"{self.source.name}{key}{sorted(row)}").randrange(1, 29)
        return {"id": key, **body, "obtained": f"2025-01-{day:02}", **_FILES.columns_of(row)}

    def toml(self) -> str:
        """Return the source file."""
        source = self.source
        terms = {"statement": source.statement, "uses": source.uses, "until": source.until, "from": source.start}
        terms |= {"label": source.label, "scope": source.scope, "agreement": source.agreement}
        collect = ["[collect.columns]", 'raw = "html"'] if self.kind == "raw" else []
        collect += ["[collect.index]", f'file = "catalogo.{self.index}"'] if self.index else []
        return str(_FILES.source_toml(source.name, source.holder, terms, collect))


@st.composite
def _shelf(draw: st.DrawFn, number: int) -> Shelf:
    """Draw a source with some documents."""
    terms = draw(st.sampled_from(_TERMS)) if draw(st.integers(0, 9)) < 4 else {}
    source = Source(f"f{number}", f"Archivo {draw(st.integers(0, 1))}", **terms)
    kind = draw(st.sampled_from(_KINDS))
    index = draw(st.sampled_from(("", "csv", "xlsx"))) if kind in _FILES.FILES else ""
    works = {f"canción {n}": draw(st.integers(0, _WORKS - 1)) for n in range(draw(st.integers(2, 5)))}
    blank = Shelf(source, kind, index, works, {}, {}, frozenset(key for key in works if draw(st.booleans())))
    return draw(_restated(blank))


@st.composite
def _restated(draw: st.DrawFn, shelf: Shelf) -> Shelf:
    """Draw a source with the same documents and other statements about them."""
    of_file = _FILES.FILES["html" if shelf.kind in ("zip", "raw") else shelf.kind][1] if shelf.kind != "records" else ()
    has_rows = bool(shelf.index) or shelf.kind in ("records", "raw")
    rows: dict[str, list[frozenset[str]]] = {}
    files: dict[str, frozenset[str]] = {}
    for key in shelf.works:
        count = draw(st.sampled_from((1, 1, 1, 1, 2, 0 if shelf.index else 1))) if has_rows else 0
        rows[key] = [_some(draw, (*_ROW, *_DAYS)) for _ in range(count)]
        # A notice in a plain text is part of it: it stays, since the latest of two texts is a question of its own.
        files[key] = shelf.files[key] if shelf.kind == "txt" and shelf.files else _some(draw, of_file)
    return replace(shelf, rows=rows, files=files)


def _some(draw: st.DrawFn, names: tuple[str, ...]) -> frozenset[str]:
    """Draw mostly no statement, sometimes one or two."""
    count = draw(st.sampled_from((0, 0, 0, 0, 0, 0, 1, 1, 2))) if names else 0
    picked = {draw(st.sampled_from(names)) for _ in range(count)}
    one_per_kind = {name.partition(" ")[0]: name for name in sorted(picked)}
    return frozenset(one_per_kind.values())


@st.composite
def _later(draw: st.DrawFn, shelf: Shelf) -> Shelf:
    """Draw the source at a later time: with other statements, other terms, or an agreement."""
    change = draw(st.sampled_from(("same", "same", "restated", "terms", "agreement", "open")))
    if change == "restated":
        return draw(_restated(shelf))
    terms: dict[str, Any] = {
        "terms": draw(st.sampled_from(_TERMS)),
        "agreement": {"agreement": draw(st.sampled_from(("Carta 1", "Carta 2")))},
        "open": {},
    }.get(change, {})
    if change == "same":
        return shelf
    rights = {} if change != "agreement" else {"statement": shelf.source.statement or "CC0-1.0"}
    return replace(shelf, source=Source(shelf.source.name, shelf.source.holder, **(rights | terms)))


# Of each version the day, and its runs, each of some sources.
History: TypeAlias = list[tuple[date, list[list[Shelf]]]]


@st.composite
def _histories(draw: st.DrawFn) -> tuple[Any, History]:
    """Draw the requirements of versions, and for each version its day and its runs, each of some sources."""
    shelves = [draw(_shelf(n)) for n in range(draw(st.integers(3, 5)))]
    versions = []
    for number in range(draw(st.integers(1, 3))):
        if number:
            shelves = [draw(_later(shelf)) for shelf in shelves]
        cut = draw(st.integers(1, len(shelves)))
        runs = [shelves] if draw(st.booleans()) or cut == len(shelves) else [shelves[:cut], shelves[cut:]]
        runs = runs if not number else [draw(st.sampled_from(runs))]
        versions.append(runs)
    days = sorted(draw(st.sampled_from((_TODAY, _TODAY, _LATER))) for _ in versions)
    return draw(st.sampled_from(_REQUIREMENTS)), list(zip(days, versions, strict=True))


class World:
    """A folder in which a history is run, in an order and with times from a seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)

    def run(self, name: str, shelves: list[Shelf], requirements: Any) -> Path:
        """Run a recipe over these sources."""
        folder = self.folder / name
        for shelf in shelves:
            shelf.write(folder / shelf.source.name, self.chance)
            (folder / f"{shelf.source.name}.toml").write_text(shelf.toml(), encoding="utf-8")
        order = self.chance.sample(shelves, len(shelves))
        sources, admit, uses = (
            [f"{shelf.source.name}.toml" for shelf in order],
            list(requirements[0]),
            list(requirements[1]),
        )
        lines = ['title = "Prueba"', 'genre = "literature"', f"sources = {json.dumps(sources)}"]
        lines += ['[[stage]]\nuse = "extract"', '[[stage]]\nuse = "dedupe"\nnear = false'][: 1 + len(name) % 2]
        lines += [f'[release]\nname = "p"\nadmit = {json.dumps(admit)}\nuses = {json.dumps(uses)}']
        (folder / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")
        inputs = {shelf.source.name: str(folder / shelf.source.name) for shelf in shelves}
        plan = make_plan(load_recipe(str(folder / f"{name}.toml")), inputs)
        result = run_plan(plan, find_parts(plan), self.folder / "out", InProcess())
        assert not result.failures
        return result.folder

    def versions(self, requirements: Any, history: History) -> list[Any]:
        """Build the versions of a history, and return each with its rows."""
        versions: list[Any] = []
        names: dict[str, tuple[str, str]] = {}
        for number, (day, runs) in enumerate(history):
            named = [self.run(f"v{number}" + "r" * (n + 1), shelves, requirements) for n, shelves in enumerate(runs)]
            self.chance.shuffle(named)
            manifest = build(
                "p", named, self.folder / "store", admit=requirements[0], uses=requirements[1], today=day,
                parent="latest" if number else None, may_be_empty=True, index=False,
            )  # fmt: skip
            names |= {
                document_id: name
                for shelves in runs
                for shelf in shelves
                for document_id, name in shelf.doc_ids().items()
            }
            items = [item for shelves in runs for shelf in shelves for item in shelf.items()]
            none = pl.DataFrame(schema=schema.RELEASE_SCHEMA)
            rows = pl.concat([none, *(pl.read_parquet(self.folder / "store" / s.object) for s in manifest.shards)])
            unknown = rows.filter(~pl.col("doc_id").is_in(list(names))).select("source_id", "origin")
            assert unknown.is_empty(), unknown.to_dicts()
            versions.append(
                _ORACLE.Version(
                    Requirements(*requirements, day), items, {names[document_id] for document_id in rows["doc_id"]}
                )
            )
        return versions


def _problems(outcomes: list[list[Any]]) -> list[str]:
    """Return the problems of the versions of a history that was run twice."""
    problems = []
    for number, (version, repeated) in enumerate(zip(*outcomes, strict=True), 1):
        oracle = _ORACLE.Oracle(outcomes[0][:number])
        for name in sorted(version.released | repeated.released):
            problems += [f"version {number} has {name}, against {why}" for why in oracle.violations(name)]
        texts, texts_again = (set().union(*map(oracle.texts_of, result.released)) for result in (version, repeated))
        problems += [f"version {number} lacks text {work}" for work in sorted(oracle.must_be_released() - texts)]
        problems += [f"the order decides of text {work} in version {number}" for work in sorted(texts ^ texts_again)]
        offered = {item.work for item in version.items}
        FIGURES.update(versions=1, offered=len(offered), released=len(texts), rows=len(version.released))
        FIGURES.update(held=len(offered - texts), unrestricted=len(oracle.must_be_released()))
    FIGURES["examples"] += 1
    return problems


# The suite draws a few examples, `--hypothesis-profile=gate` ten times as many; an example is too slow to be shrunk.
@settings(
    max_examples=settings().max_examples // 33,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(_histories(), st.integers(0, 2**32))
def test_no_released_row_violates_a_statement(drawn: tuple[Any, History], seed: int) -> None:
    """No statement about a document or a copy is violated, and unrestricted texts are released, in any order."""
    requirements, history = drawn
    outcomes = []
    for order in (seed, seed + 1):
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(World(Path(folder), order).versions(requirements, history))
    assert not _problems(outcomes)


def test_the_oracle_releases_a_good_share(figures: dict[str, float]) -> None:
    """Versions without rows would pass the test above, so a share of the texts must be released."""
    figures |= {f"statements_{name}": float(n) for name, n in FIGURES.items()}
    if FIGURES:  # it runs after the examples, in the same process
        assert 0.1 < FIGURES["released"] / FIGURES["offered"] < 0.9
        assert FIGURES["unrestricted"] > 0
