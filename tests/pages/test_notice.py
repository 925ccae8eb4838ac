"""Shipped works of others are credited, with the texts of the licences that require it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NOTICE = (ROOT / "NOTICE").read_text("utf-8")


def test_the_notice_names_every_list_that_stop_words_were_made_from() -> None:
    """By the words of the files' own origins."""
    origins = {
        name
        for path in sorted((ROOT / "filters" / "languages").glob("*.toml"))
        for names in re.findall(r"stop words of\s+\\?\s*([\w-]+)|(UNILEX)", path.read_text("utf-8"))
        for name in names
        if name
    }
    assert origins == {"jusText", "FineWeb-2", "UNILEX"}
    assert [name for name in origins if name not in NOTICE] == []
    assert "Redistributions of source code must retain" in NOTICE
    assert "UNICODE LICENSE V3" in NOTICE


def test_the_notice_names_every_licence_of_the_models_texts() -> None:
    """A licence that a new training text brings is credited, or this fails."""
    listed = tomllib.loads((ROOT / "latam_corpus/language/models/americas.data.toml").read_text("utf-8"))["data"]
    form = re.compile(r"CC BY(?:-SA)? \d\.\d|L?GPL-\d\.\d(?:-or-later)?|MPL-\d\.\d|ODC-By \d\.\d|GFDL\S*|FDL\S*")
    licences = {name for one in listed for name in form.findall(one["licence"])}
    assert licences
    assert sorted(name for name in licences if name not in NOTICE) == []


def test_the_list_of_pages_has_as_many_as_the_model_was_learnt_from() -> None:
    """And says nothing but addresses and digests."""
    about = json.loads(str(np.load(ROOT / "latam_corpus/extract/web_pages/layout.npz")["about"]))
    lines = (ROOT / "latam_corpus/extract/layout.pages.tsv").read_text("utf-8").splitlines()[1:]
    assert len(lines) == about["pages"]
    assert all(re.fullmatch(r"[^\t]+\t[0-9a-f]{64}", line) for line in lines)
