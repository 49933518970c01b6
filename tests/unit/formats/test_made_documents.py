"""Documents as office programs save them: all their words, sheets and slides are there."""

import json
import re
from collections import Counter

import pytest

from tests.project_files import PROJECT

FOLDER = PROJECT / "tests" / "documents"
TYPICAL = FOLDER / "typical"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
EXPECTED_OF_TYPICAL = json.loads((TYPICAL / "expected.json").read_text(encoding="utf-8"))
WORD = re.compile(r"[^\W_]+")
LEAST_SHARE = 0.99


@pytest.mark.parametrize("name", EXPECTED)
def test_the_words_of_a_document_are_those_of_an_independent_reader(read, name):
    expected = EXPECTED[name]
    texts = read((FOLDER / name).read_bytes()).texts
    check_words(texts, expected["words"])
    assert expected["units"] in (None, len(texts))


@pytest.mark.parametrize(("name", "units"), EXPECTED_OF_TYPICAL["units"].items())
def test_so_are_those_of_a_document_of_many_pages(read, name, units):
    texts = read((TYPICAL / name).read_bytes()).texts
    check_words(texts, EXPECTED_OF_TYPICAL["words"][name.split(".")[0]])
    assert len(texts) == units


def check_words(texts, expected):
    wanted = Counter(expected.split())
    missing = wanted - Counter(WORD.findall("\n".join(texts)))
    assert sum(missing.values()) <= (1 - LEAST_SHARE) * sum(wanted.values()), missing
