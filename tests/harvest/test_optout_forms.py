"""Refusals in the forms that sites deploy are read; a statement about training that can't be read is one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.optout.opt_out import withheld
from latam_corpus.catalog.optout.page_opt_outs import Head, head_opt_outs, header_opt_outs
from latam_corpus.catalog.optout.preferences import content_signal, content_signal_use, content_usage, reservation
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.harvest.optout.aitxt import ai_txt_opt_outs
from latam_corpus.harvest.optout.robots import Robots
from latam_corpus.harvest.optout.tdmrep_file import file_reservation

if TYPE_CHECKING:
    from latam_corpus.catalog.optout.opt_out import Signal

_NOW = datetime(2026, 12, 1, tzinfo=UTC)
_ROOT = "https://a.example"

_REFUSALS = [
    "train-ai=n",
    "ai=n",
    "genai=n",
    "train-genai=n",
    "tdm=n",
    "all=n",
    "bots=n",
    "*=n",
    "train-ai=no",
    "train-ai=N",
    "Train-AI=NO",
    "TRAIN_AI=n",
    "train-ai:n",
    "train-ai: no",
    "train-ai = n",
    'train-ai="n"',
    '"train-ai"="no"',
    "train-ai=?0",
    "train-ai=false",
    "train-ai=0",
    "train-ai=(n)",
    "train‑ai=n",
    "train-ai＝n",
    "search=y; train-ai=n",
    "search=y;train-ai=n;x=1",
    "train-ai=n;exceptions=research",
    "search=y train-ai=n",
    "search=y | ai=n",
    "ai-train:no",
    "ai-train=n",
    "ai-train=false",
    'ai-train="no"',
    "ai_train=no",
    "datamining=no",
    "machine-learning=no",
    # In which the value can't be understood, or contradicts another.
    "train-ai",
    "train-ai=",
    "train-ai=maybe",
    "train-ai=yes but not for models",
    "train-ai=y, train-ai=n",
    "train-ai=n, train-ai=y",
    "all=n, train-ai=y",
    "no training",
    "noai",
    "noai=yes",
    "tdm-reservation=1",
]
_NO_REFUSALS = [
    "train-ai=y",
    "train-ai=yes",
    "train-ai=1",
    "train-ai=allow",
    'train-ai="yes"',
    "train-ai=y;v=1",
    "ai=y, genai=y",
    "search=n",
    "search=no, ai-input=no",
    "ai-train=yes, search=yes, ai-input=no",
    "all=y",
    "search=all",
    "thai=n",
    "tdm-reservation=0",
    "policy=https://a.example/ai-train, ai-train=yes",
    "",
]


@pytest.mark.parametrize("field", ["Content-Usage", "Content-Signal"])
@pytest.mark.parametrize("value", _REFUSALS)
def test_a_refusal_is_read_in_every_deployed_form(field: str, value: str) -> None:
    """In a header, in robots.txt with and without a path, and in a meta element."""
    signal = field.lower()
    assert signal in [one.signal for one in header_opt_outs([(signal, value)], _ROOT, _NOW)]
    for line in (f"{field}: {value}", f"{field}: / {value}", f"Allow: /\n{field.lower()}s: {value}"):
        told = Robots(f"User-agent: *\n{line}").opt_outs(f"{_ROOT}/nota", _ROOT, _NOW)
        assert signal in [one.signal for one in told], line
        assert all(one.value for one in told)
    quoted = value.replace('"', "&quot;")
    for name in (field, f"{field}s"):
        page = Head(f'<meta http-equiv="{name}" content="{quoted}">'.encode())
        assert signal in [one.signal for one in head_opt_outs(page, _ROOT, _NOW)]


@pytest.mark.parametrize("value", _NO_REFUSALS)
def test_a_permission_and_other_uses_refuse_nothing(value: str) -> None:
    """A clear permission stays one; search and the input of a model are no training."""
    for name in ("content-usage", "content-signal"):
        assert header_opt_outs([(name, value)], _ROOT, _NOW) == []
        assert Robots(f"User-agent: *\n{name}: {value}").opt_outs(f"{_ROOT}/nota", _ROOT, _NOW) == []


@pytest.mark.parametrize(
    ("value", "signals"),
    [
        ("search=yes,ai-train=no,use=reference", ["content-signal", "content-signal-use"]),
        ("ai-train=yes,use=reference", ["content-signal-use"]),
        ("ai-train=yes; use=immediate", ["content-signal-use"]),
        ("ai-train=yes use: Immediate", ["content-signal-use"]),
        ("ai-train=yes,use=other", ["content-signal-use"]),
        ("ai-train=yes,use=full,use=reference", ["content-signal-use"]),
        ("ai-train=yes,use=full", []),
    ],
)
def test_how_a_text_may_be_used_withholds_its_redistribution(value: str, signals: list[Signal]) -> None:
    """Only `use=full` lets others keep the whole text."""
    told = [one.signal for one in header_opt_outs([("content-signal", value)], _ROOT, _NOW)]
    assert told == signals
    robots = Robots(f"User-agent: *\nContent-Signal: {value}\nAllow: /")
    assert [one.signal for one in robots.opt_outs(f"{_ROOT}/nota", _ROOT, _NOW)] == signals
    assert ("redistribute" in withheld(told)) == ("content-signal-use" in signals)


@pytest.mark.parametrize(
    ("lines", "path", "refused"),
    [
        ("User-agent: *\nDisallowAITraining: /", "/nota", True),
        ("DisallowAITraining: /", "/nota", True),
        ("User-agent: *\ndisallow-ai-training: /", "/nota", True),
        ("User-agent: *\nDisallowAITraining /", "/nota", True),
        ("User-agent: *\nDisallowAITraining:", "/nota", True),  # of which nobody knows what it means
        ("User-agent: *\nDisallowAITraining: notas", "/notas/1", True),
        ("User-agent: *\nDisallowAITraining: https://a.example/", "/nota", True),
        ("User-agent: *\nDisallow: /x DisallowAITraining: /", "/nota", True),
        ("User-agent: GPTBot\nDisallowAITraining: /", "/nota", True),
        ("User-agent: *\nDisallowAITraining: /\nAllowAITraining: /", "/nota", True),
        ("User-agent: *\nDisallowAITraining: /\nAllowAITraining: /libre/", "/libre/1", False),
        ("User-agent: *\nDisallowAITraining: /cerrado/", "/nota", False),
        ("User-agent: otherbot\nDisallowAITraining: /", "/nota", False),
        ("User-agent: *\nAllowAITraining: /", "/nota", False),
    ],
)
def test_training_is_disallowed_by_its_own_line(lines: str, path: str, refused: bool) -> None:
    """`DisallowAITraining` of robots.txt, by the longest path; the page may still be fetched."""
    robots = Robots(lines)
    told = robots.opt_outs(_ROOT + path, _ROOT, _NOW)
    assert [one.signal for one in told] == (["robots-agent"] if refused else [])
    assert robots.allows(_ROOT + path)


@pytest.mark.parametrize(
    ("line", "path", "refused"),
    [
        ("Disallow: https://a.example/", "/nota", True),
        ("Disallow: https://a.example", "/nota", True),
        ("Disallow: HTTPS://A.EXAMPLE/notas", "/notas/1", True),
        ("Disallow: https://a.example/notas", "/otra", False),
        ("Disallow: //a.example/", "/nota", True),
        ("Disallow: www.a.example/", "/nota", True),
        ("Disallow: nota", "/nota/1", True),
        ("Disallow: nota", "/otra", False),
        ('Disallow: "/"', "/nota", True),
        ("Disallow: \\", "/nota", True),
        ("Disallow: ?imprimir", "/nota?imprimir", True),
        ("Disallow:", "/nota", False),
        ("Allow: https://a.example/nota\nDisallow: /", "/nota", True),
    ],
)
def test_a_path_that_is_written_otherwise_is_forbidden_too(line: str, path: str, refused: bool) -> None:
    """A whole address and a name without its slash; such an `Allow` allows nothing."""
    for agent, agents in (("GPTBot", ["GPTBot"]), ("*", ["*"])):
        robots = Robots(f"User-agent: {agent}\n{line}")
        assert robots.refused_agents(_ROOT + path) == (agents if refused else [])
        assert robots.allows(_ROOT + path) == (not refused or agent != "*")


@pytest.mark.parametrize(
    "agent",
    [
        "Amazonbot", "Claude-Web", "cohere-ai", "Diffbot", "img2dataset", "MistralAI-Training", "MistralAI-User",
        "omgilibot", "PerplexityBot",
    ],
)  # fmt: skip
def test_agents_that_owners_exclude_to_refuse_ai(agent: str) -> None:
    """By their names, in capitals and with versions."""
    for written in (agent, agent.upper(), f"{agent}/1.0"):
        assert Robots(f"User-agent: {written}\nDisallow: /").refused_agents(f"{_ROOT}/nota") == [agent]


@pytest.mark.parametrize("word", ["noml", "DisallowAITraining", "no-ai", "noaitraining"])
def test_other_words_for_no_training_on_a_page(word: str) -> None:
    """In a header and in a meta element."""
    assert [one.signal for one in header_opt_outs([("x-robots-tag", f"noindex, {word}")], _ROOT, _NOW)] == ["noai"]
    page = Head(f'<meta name="robots" content="index, {word}">'.encode())
    assert [one.signal for one in head_opt_outs(page, _ROOT, _NOW)] == ["noai"]
    assert header_opt_outs([("x-robots-tag", f"otherbot: {word}")], _ROOT, _NOW) == []


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", "reserved", "1; policy=x", "", "y"])
def test_a_reservation_that_is_not_denied_reserves(value: str) -> None:
    """In a header, a meta element and a site's file; 0, no and false alone deny it."""
    assert reservation(value)
    assert [one.signal for one in header_opt_outs([("tdm-reservation", value)], _ROOT, _NOW)] == ["tdm-reservation"]
    assert file_reservation(f'[{{"location": "{_ROOT}/", "TDM_Reservation": "{value}"}}]', f"{_ROOT}/nota")
    twice = '{"location": "/", "tdm-reservation": 1, "tdm-reservation": 0}'
    assert file_reservation(twice, f"{_ROOT}/nota") == (True, "/: tdm-reservation=1")
    for denied in ("0", "no", "false", " False "):
        assert reservation(denied) is False


def test_other_files_of_a_site_are_read_so_too() -> None:
    """An ai.txt with whole addresses, and usages of RSL in the words of earlier drafts."""
    for line in ("Disallow: https://a.example/", "DisallowAITraining: /"):
        assert ai_txt_opt_outs(f"User-Agent: *\n{line}", f"{_ROOT}/nota", f"{_ROOT}/ai.txt", _NOW), line
    licence = '<rsl><content url="/"><license><{kind} type="usage">{words}</{kind}></license></content></rsl>'
    for words in ("train_ai", "train-genai", "search; genai", "tdm"):
        verdict = licence_verdict(licence.format(kind="prohibits", words=words).encode(), f"{_ROOT}/nota")
        assert verdict
        assert verdict[0] == "rsl-prohibited"
    assert licence_verdict(licence.format(kind="prohibits", words="ai-input ai-index").encode(), f"{_ROOT}/n") is None


def test_a_rule_that_says_nothing_of_training_lifts_no_refusal() -> None:
    """A longer path for search alone leaves what the whole site refuses."""
    robots = Robots("User-agent: *\nContent-Usage: / train-ai=n\nContent-Usage: /notas/ search=y")
    assert [one.signal for one in robots.opt_outs(f"{_ROOT}/notas/1", _ROOT, _NOW)] == ["content-usage"]


@given(
    st.sampled_from([one for one in _REFUSALS if "=" in one]),
    st.text(max_size=60)
    | st.sampled_from(["train-ai=y", "ai-train=yes", "all=y", '"', "(", "x=", "https://", "search:"]),
    st.sampled_from([", ", ",", ";", "; ", " ", "\n", "\t"]),
)
def test_no_added_text_lifts_a_refusal(refusal: str, added: str, between: str) -> None:
    """Before it and after it, whatever the text is."""
    for value in (refusal + between + added, added + between + refusal):
        assert content_usage(value) == "n"
        assert content_signal(value) == "n"
        assert content_signal_use(f"{value}{between}use=reference") == "n"


@given(st.text(max_size=200))
def test_any_value_is_read_without_an_error(value: str) -> None:
    """Also by the functions for paths; a reservation is denied or not."""
    for name in ("content-usage", "content-signal", "tdm-reservation", "x-robots-tag"):
        header_opt_outs([(name, value)], _ROOT, _NOW)
    Robots(f"User-agent: *\nDisallow: {value}\nDisallowAITraining: {value}").opt_outs(f"{_ROOT}/nota", _ROOT, _NOW)
    assert reservation(value) in {True, False}


def test_a_value_that_is_made_to_be_searched_for_ever_is_read_once() -> None:
    """A quadratic search of it would run into the test run's time limit."""
    for piece in ("a", "a ", "a-", "=", '"', "https://", "train-ai", "_a"):
        content_usage(piece * (2**20 // len(piece)))
