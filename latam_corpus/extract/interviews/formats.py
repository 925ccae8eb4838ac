"""Formats of interviews, subtitles, field notes and translated segments."""

from __future__ import annotations

from typing import Final

from latam_corpus.formats.format import Format, Marks
from latam_corpus.messages import _, same

_SRT: Final = r"\s*(?:\d+[ \t]*\n+)?(?:\d{1,3}:)?\d{1,2}:\d\d(?:[,.]\d{1,9})?[ \t]*-->"
FORMATS: Final = (
    Format(
        name="captions",
        label=_("subtitles"),
        suffixes=(".srt", ".vtt"),
        media_type="text/vtt",
        extractor="latam_corpus.extract.interviews.captions:extract",
        marks=(Marks(text=rf"\s*WEBVTT(?:\s|\Z)|{_SRT}"),),
    ),
    Format(
        name="elan",
        label=same("ELAN"),
        suffixes=(".eaf",),
        media_type="text/x-eaf+xml",
        extractor="latam_corpus.extract.interviews.elan:extract",
        marks=(Marks(roots=("ANNOTATION_DOCUMENT",)),),
    ),
    Format(
        name="chat",
        label=same("CHAT"),
        suffixes=(".cha",),
        media_type="text/x-chat",
        extractor="latam_corpus.extract.interviews.chat:extract",
        marks=(Marks(text=r"(?:@[^\n]*\n)*?@Begin\s"),),
    ),
    Format(
        name="conllu",
        label=same("CoNLL-U"),
        suffixes=(".conllu", ".conll"),
        media_type="text/x-conllu",
        extractor="latam_corpus.extract.interviews.conllu:extract",
        marks=(Marks(text=r"\s*+(?:#[^\n]*\n)*+\s*+1(?:-\d+)?\t[^\t\n]*(?:\t[^\t\n]*){8}(?:\n|\Z)"),),
    ),
    # Transcripts of the AVENUE project's conversations.
    Format(
        name="avenue",
        label=same("AVENUE"),
        suffixes=(".trl",),
        media_type="text/x-avenue",
        extractor="latam_corpus.extract.interviews.avenue:extract",
        marks=(Marks(text=r"\s*;[^\n]*\n(?:[^\n]*\n){0,30}?\s*[\w.-]+? ?_[x\d]{1,2}_\d{3,5}_ ?[\w-]+?_\d\d"),),
    ),
    Format(
        name="tmx",
        label=same("TMX"),
        suffixes=(".tmx",),
        media_type="application/x-tmx+xml",
        extractor="latam_corpus.extract.interviews.tmx:extract",
        marks=(Marks(roots=("tmx",)),),
    ),
    Format(
        name="flex",
        label=same("FLEx"),
        suffixes=(".flextext",),
        media_type="application/x-flextext+xml",
        extractor="latam_corpus.extract.interviews.flex:extract",
        marks=(Marks(roots=(("document", "<interlinear-text"),)),),
    ),
    Format(
        name="toolbox",
        label=same("Toolbox"),
        suffixes=(".sfm",),
        media_type="text/x-toolbox",
        extractor="latam_corpus.extract.interviews.toolbox:extract",
        marks=(
            Marks(
                text=r"\s*+\\(?:_sh v\d|(?:id|ref)\s[^\n]*\n\s*+(?<=\n)(?:\\\w[^\n]*\n\s*+(?<=\n)){0,20}?\\tx\s)",
            ),
        ),
    ),
)
