"""The stage `boilerplate` cuts lines that many documents of a source have at their edges, and keeps a text's own."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lxml.html
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.corpus import ROW, Frames
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.dedupe.lines.boilerplate import Boilerplate
from latam_corpus.dedupe.lines.common_lines import CommonLines
from latam_corpus.errors import ConfigError
from latam_corpus.extract.gutenberg import strip_gutenberg
from latam_corpus.pipeline.rows.conserve import exact_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import CommandLine, SmallRecipe, SmallSource

DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).parents[3] / "shared" / "data")

_WHO = ("La maestra", "El panadero", "Mi abuela", "A vizinha", "O barqueiro", "La partera", "El arriero")
_DID = ("cerró la puerta", "bajó al río", "encendió el fogón", "contou as moedas", "varreu o pátio", "miró el cerro")
_WHEN = ("antes del alba", "cuando empezó la lluvia", "depois da missa", "no dia do santo", "en pleno invierno")
_WHY = ("porque nadie le había avisado", "y no dijo una palabra", "enquanto os meninos dormiam", "sin mirar a nadie")

_MENU = ["Portada y última hora", "Deportes", "Economía y finanzas"]
_FOOT = ["Suscríbase a nuestro boletín de la tarde", "Compartir", "Todos los derechos reservados"]
_PRAYER = ["Ruega por el que anda en el mar,", "por el que duerme en el cerro,", "por el que no tiene pan.", "Amén."]


def story(number: int, lines: int = 8) -> list[str]:
    """Return lines that no other document has."""
    draw = random.Random(number)
    parts = (_WHO, _DID, _WHEN, _WHY)
    return [" ".join(draw.choice(words) for words in parts) + f", {draw.randrange(10**9)}." for _ in range(lines)]


def page(number: int) -> str:
    """Return a page with the site's menu at the top and its notices at the bottom."""
    return "\n".join([*_MENU, "", *story(number), "", *_FOOT])


def body(number: int) -> str:
    """Return the part of a page that the stage keeps."""
    return "\n".join(story(number))


def cut(
    texts: Sequence[str | None], sources: list[str] | None = None, urls: list[str] | None = None, **options: Any
) -> Any:
    """Return the texts after the stage, and the evidence."""
    frame = pl.DataFrame(
        {
            "doc_id": [f"{n:032x}" for n in range(len(texts))],
            "source_id": sources or ["diario"] * len(texts),
            "url": urls or [None] * len(texts),
            "text": texts,
        },
        schema_overrides={"text": pl.String, "url": pl.String, "source_id": pl.String, "doc_id": pl.String},
    )
    keys, barrier, stage = Boilerplate(**options).expand()
    assert isinstance(barrier, CommonLines)
    assert not isinstance(keys, CommonLines)
    assert isinstance(stage, Boilerplate)
    keyed = keys(Batch(frame)).frame
    decided = pl.concat([pl.DataFrame(schema={ROW: pl.Int64}), *barrier.decide(Frames((keyed,)))], how="diagonal")
    numbered = keyed.with_columns(pl.int_range(pl.len()).alias(ROW))
    following = stage(Batch(numbered.join(decided, on=ROW, how="left", maintain_order="left"))).frame
    evidence = following["evidence"].to_list() if "evidence" in following.columns else [None] * len(texts)
    return following["text"].to_list(), [None if item is None else json.loads(item) for item in evidence]


def unchanged(texts: Sequence[str | None], **options: Any) -> bool:
    """Return whether the stage leaves the texts unchanged."""
    return bool(cut(texts, **options)[0] == list(texts))


def test_a_menu_of_three_short_lines_and_a_notice_are_cut() -> None:
    """A menu and a notice are cut with the blank lines around them, and the evidence counts each line's documents."""
    texts, evidence = cut([page(n) for n in range(24)])
    assert texts == [body(n) for n in range(24)]
    assert [line["line"] for line in evidence[0]["lines"]] == [*_MENU, *_FOOT]
    assert {line["documents_at_least"] for line in evidence[0]["lines"]} == {20}
    assert evidence[0]["characters_before"] == len(page(0))


def test_a_line_that_too_few_documents_have_stays() -> None:
    """By default a line is cut only if ten documents and a tenth of the source have it."""
    assert unchanged([page(n) for n in range(9)])
    assert not unchanged([page(n) for n in range(10)])
    assert unchanged([page(n) if n < 10 else body(n) for n in range(110)])
    assert not unchanged([page(n) if n < 11 else body(n) for n in range(110)])


def test_the_refrain_of_a_song_stays() -> None:
    """A line that a document has three times is kept, however many songs have it."""
    refrain = "Ay, barca, barca mía, no me dejes en la orilla"
    songs: list[str | None] = ["\n".join(line for verse in story(n, 4) for line in (verse, refrain)) for n in range(30)]
    assert unchanged(songs)


def test_a_prayer_that_a_third_of_the_texts_say_stays_where_it_is_said() -> None:
    """In the middle of a text a line is cut only if half of the source has it; a short formula is never cut."""
    texts: list[str | None] = []
    for n in range(60):
        lines = story(n, 12)
        output = [*lines[:6], *_PRAYER, *lines[6:]] if n % 3 == 0 else lines
        texts.append("\n".join(["Capítulo I", *output, "FIN"]))
    assert unchanged(texts)


def test_a_text_that_is_all_common_lines_stays_whole() -> None:
    """A text of nothing but common lines isn't changed, because `dedupe` and the filter judge it."""
    prayer = "\n".join([*_PRAYER, *_FOOT])
    texts, _ = cut([f"{prayer}\nRezado el día {n}" for n in range(30)])
    assert texts == [f"{prayer}\nRezado el día {n}" for n in range(30)]


def test_one_page_collected_thirty_times_counts_once() -> None:
    """Copies of a page count as one document of the source, even if their spaces differ."""
    spaced_page = page(0).replace("Deportes", " Deportes ")
    assert unchanged([page(0)] * 15 + [spaced_page] * 15 + [body(n) for n in range(1, 40)])
    copies, _ = cut([page(0)] * 3 + [page(n) for n in range(1, 20)])
    assert copies[:3] == [body(0)] * 3  # counted once, cut in each


def test_the_header_of_a_transcript_is_cut_around_the_speakers_name() -> None:
    """Header lines that half of the source has in one place are cut; the document's own name between them is kept."""
    named = ["Proyecto: Voces del valle", "Lugar: Villa Alegre", "Transcribe: M. Soto"]
    texts, evidence = cut(["\n".join([named[0], f"Habla: Rosa {n}", *named[1:], "", *story(n, 12)]) for n in range(30)])
    assert texts == ["\n".join([f"Habla: Rosa {n}", "", *story(n, 12)]) for n in range(30)]
    assert [line["line"] for line in evidence[7]["lines"]] == named


def test_sources_are_looked_at_by_themselves() -> None:
    """A line that six documents of two sources each have is common in neither source."""
    pages: list[str | None] = [page(n) for n in range(12)]
    sources = ["diario", "revista"] * 6
    assert cut(pages, sources)[0] == pages
    many = [page(n) for n in range(30)]
    texts, _ = cut([*many], ["diario" if n < 20 else "revista" if n < 25 else "boletín" for n in range(30)])
    assert texts == [body(n) if n < 20 else page(n) for n in range(30)]


def test_by_site_each_host_is_a_source() -> None:
    """With `by = "site"` lines are counted per host, whatever the case, port and user of the address."""
    urls, texts = [], []
    for n in range(200):
        own = n < 12
        urls.append(f"https://{'ana@' * (n % 2)}Diario.example:443/{n}" if own else f"https://blog{n % 9}.example/{n}")
        texts.append(page(n) if own else body(n))
    assert cut([*texts], None, urls)[0] == texts
    assert cut([*texts], None, urls, by="site")[0] == [body(n) for n in range(200)]


def test_texts_that_have_no_lines_to_speak_of() -> None:
    """Null, empty and blank texts and texts of one word aren't changed."""
    for texts in ([], [None], [""] * 30, [" \n\t\n"] * 30, ["hola"] * 30, [None, "", "hola", *("agua",) * 30]):
        assert unchanged(list(texts))


def test_a_million_equal_lines_are_one_documents_own() -> None:
    """A line that a document repeats a million times is kept, alone, in copies and among pages that have it once."""
    notice = "Suscríbase a nuestro boletín de la tarde"
    million = "\n".join([notice] * 1_000_000)
    texts, _ = cut([million, *("\n".join([*story(n), notice]) for n in range(20))])
    assert texts == [million, *(body(n) for n in range(20))]


def test_line_ends_of_windows_are_line_ends() -> None:
    """Windows line ends are recognised, and kept in the text."""
    texts, _ = cut([page(n).replace("\n", "\r\n") for n in range(20)])
    assert texts == [body(n).replace("\n", "\r\n") + "\r" for n in range(20)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"documents": 1}, "option «documents»: 1 is too small; give at least 2"),
        ({"share": 1.5}, "option «share»: 1.5 isn't a share; give 0 to 1"),
        ({"share": float("nan")}, "isn't a share"),
    ],
)
def test_an_option_out_of_range_is_refused(options: dict[str, Any], expected: str) -> None:
    """An option out of its range is an error that names the option, its value and the allowed range."""
    with pytest.raises(ConfigError) as raised:
        Boilerplate(**options)
    assert expected in str(raised.value)


class Room:
    """A folder with pages and a recipe, and the results of a run."""

    def __init__(self, folder: Path, command_line: CommandLine, recipe: str, source: str) -> None:
        self.folder, self.command_line = folder, command_line
        (folder / "fuente.toml").write_text(source)
        (folder / "receta.toml").write_text(recipe)
        (folder / "in").mkdir()
        for file in range(4):
            rows = [{"id": f"d{n}", "text": page(n)} for n in range(file, 40, 4)]
            (folder / "in" / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(self, out: str, *options: str) -> tuple[Any, dict[str, pl.DataFrame]]:
        """Return the output of `run --json`, and the rows of the run by kind, sorted by document."""
        output = self.command_line(
            "run",
            self.folder / "receta.toml",
            "--input",
            self.folder / "in",
            "--out",
            self.folder / out,
            "--json",
            *options,
        )
        assert output.code == 0, output.err
        [folder] = (self.folder / out / "runs").iterdir()
        return output.json, {
            kind: pl.concat([pl.read_parquet(f) for f in sorted((folder / kind).glob("*.parquet"))]).sort("doc_id")
            for kind in ("kept", "dropped", "ledger")
        }


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource) -> Room:
    """Return forty pages in four files; without the site's lines two of them are equal."""
    room = Room(
        tmp_path,
        command_line,
        small_recipe("redact", "boilerplate", "dedupe near = false"),
        small_source('files = ["*.jsonl"]'),
    )
    (tmp_path / "in" / "4.jsonl").write_text(json.dumps({"id": "copia", "text": f"{body(3)}\n"}) + "\n")
    return room


def test_a_run_conserves_rows_and_the_ledger_names_the_lines(room: Room) -> None:
    """The ledger has `changed` rows with the hashes of the texts, and copies are found by the hash after the cut."""
    summary, rows = room.run("out")
    assert summary["rows"] == {"in": 41, "kept": 40}
    assert summary["stages"]["boilerplate"]["changed"] == 40
    assert summary["stages"]["dedupe"]["dropped"] == {"duplicate": 1}
    assert set(rows["kept"]["text"].str.strip_chars()) == {body(n) for n in range(40)}
    assert rows["kept"]["text_hash"].to_list() == [text_hash(text) for text in rows["kept"]["text"]]
    changed = rows["ledger"].filter(pl.col("verdict") == "changed")
    assert set(changed["stage"]) == {"boilerplate"}
    assert changed.height == 40
    texts = {exact_hash(page(n)): exact_hash(body(n)) for n in range(40)}
    for row in changed.iter_rows(named=True):
        assert row["text_hash_after"] == texts[row["text_hash_before"]]
        lines = json.loads(row["evidence"])["lines"]
        assert [line["line"] for line in lines] == [*_MENU, *_FOOT]


def test_workers_and_batches_change_nothing(room: Room) -> None:
    """Rows, texts and ledger don't depend on the number of workers or the size of batches."""
    _, expected = room.run("one", "--workers", "1")
    _, result = room.run("two", "--workers", "2", "--batch-rows", "7")
    for kind, columns in (("kept", ["doc_id", "text", "text_hash"]), ("ledger", ["doc_id", "stage", "evidence"])):
        assert result[kind].select(columns).sort(columns).equals(expected[kind].select(columns).sort(columns))


def test_a_recipe_that_ends_in_the_stage_gives_the_hash_of_what_is_left(room: Room, small_recipe: SmallRecipe) -> None:
    """Without `dedupe` the hash is of the text after the cut, even if it was computed before."""
    for stages in (("boilerplate",), ("fingerprint", "boilerplate"), ("dedupe", "boilerplate")):
        (room.folder / "receta.toml").write_text(small_recipe(*stages))
        _, rows = room.run("-".join(stages))
        assert rows["kept"]["text_hash"].to_list() == [text_hash(text) for text in rows["kept"]["text"]]
        assert not rows["kept"]["text"].str.contains("Deportes").any()


def test_the_stage_alone_from_the_command_line(command_line: CommandLine, tmp_path: Path) -> None:
    """`stage boilerplate` writes one row per row, in order, with the remaining text."""
    rows: list[dict[str, Any]] = [{"id": n, "text": page(n), "source_id": "ab"[n % 2]} for n in range(24)]
    rows += [{"id": "nada", "text": ""}, {"id": "sin texto"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert command_line("stage", "boilerplate", tmp_path / "in.jsonl", tmp_path / "out.jsonl").code == 0
    out = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in out] == [row["id"] for row in rows]
    assert [row["text"] for row in out[:24]] == [body(n) for n in range(24)]
    arguments = ("stage", "boilerplate", tmp_path / "in.jsonl", tmp_path / "all.jsonl", "--set", "documents=13")
    assert command_line(*arguments).code == 0
    out = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [row["text"] for row in out[:24]] == [page(n) for n in range(24)]
    output = command_line(*arguments[:-1], "share=2")
    assert (output.code, "option «share»: 2 isn't a share" in output.err) == (2, True), output.err
    output = command_line(*arguments[:-1], "by=page")
    assert (output.code, "option «by»" in output.err) == (2, True), output.err


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not beside the project")
def test_the_licence_of_real_gutenberg_files_goes_and_the_books_stay() -> None:
    """The licence of Project Gutenberg is cut to a tenth, and no line of a book is lost.

    Seven files, whose licences are of several years and wrapped in several ways; one is cut off before its licence.
    """
    files = sorted((DATA / "literature" / "gutenberg_latam").glob("*/*.txt"))
    raw = [file.read_bytes().decode("latin-1").replace("\r\n", "\n") for file in files]
    texts, _ = cut([*raw], documents=2)
    shares = []
    for previous, following in zip(raw, texts, strict=True):
        remaining = set(following.split("\n"))
        book = {line for line in strip_gutenberg(previous).text.split("\n") if line.strip()}
        assert book <= remaining
        licence = {line for line in previous.split("\n") if line.strip()} - book
        if len(licence) > 100:  # the file that is cut off has sixteen lines
            shares.append(len(licence & remaining) / len(licence))
    assert len(shares) == len(raw) - 1
    assert sum(shares) / len(shares) < 0.1, shares


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not beside the project")
def test_the_menus_of_real_news_pages_go_and_what_they_frame_stays() -> None:
    """The menus of real news pages are cut, and the thirty stories are kept whole.

    The frame is the first and the last lines of a real page. Most of its signs go; what stays are short lines that
    stand far from others.
    """
    pages = sorted((DATA / "unclear" / "news" / "trafilatura_latam" / "html").glob("*.html.gz"))
    framed, shares = 0, []
    for place in pages:
        shown: Any = lxml.html.fromstring(gzip.decompress(place.read_bytes())).xpath(
            "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]"
        )
        lines = [" ".join(line.split()) for line in shown if line.strip()]
        above, below = lines[:10], lines[-10:]
        signs = sum(len(line.replace(" ", "")) for line in above + below)
        if len(lines) < 40 or signs > 600:  # not a page with a menu
            continue
        framed += 1
        texts, _ = cut(["\n".join([*above, "", *story(n, 20), "", *below]) for n in range(30)])
        for n, text in enumerate(texts):
            remaining = text.split("\n")
            assert [line for line in remaining if line in set(story(n, 20))] == story(n, 20)
        remainder = sum(len(line.replace(" ", "")) for line in texts[0].split("\n") if line not in set(story(0, 20)))
        shares.append(remainder / signs)
    assert framed >= 10
    assert sum(shares) / len(shares) < 0.1, shares
