"""The causes of failures are closed lists of plain words, so that reasons can be counted and read."""

from __future__ import annotations

import pickle
import re
from typing import get_args

import pytest

from latam_corpus.collect.records import Cause as Unreadable
from latam_corpus.collect.records import Failure
from latam_corpus.extract.document import Cause as Unextracted
from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.isolation.child import ExtractFailure


@pytest.mark.parametrize("cause", [*get_args(Unreadable), *get_args(Unextracted)])
def test_a_cause_is_a_few_plain_words(cause: str) -> None:
    """No hyphen, underscore or name of a Python class; the type checker refuses a cause that isn't listed."""
    assert re.fullmatch(r"[a-z]+(?: (?:[a-z]+|[A-Z]+(?:-8)?)){0,3}", cause)


def test_each_cause_is_listed_once() -> None:
    """Two words for one thing would be counted apart."""
    for causes in (get_args(Unreadable), get_args(Unextracted)):
        assert len(set(causes)) == len(causes) > 10


def test_a_reason_names_the_room_and_the_cause() -> None:
    """The two rooms use the same words in the same form."""
    assert Failure(3, "not UTF-8").reason == "unreadable:not UTF-8"
    assert ExtractFailure("not UTF-8", {}).reason == "extract:not UTF-8"


def test_an_extractors_own_error_survives_pickling() -> None:
    """Workers send errors home."""
    error = pickle.loads(pickle.dumps(UnusableError("own entity", "its text has «&x;»", "resolve it")))  # noqa: S301
    assert (error.cause, error.problem, error.remedy) == ("own entity", "its text has «&x;»", "resolve it")
