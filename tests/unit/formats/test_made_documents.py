"""Documents as office programs save them: all their words, sheets and slides are there."""

import json
import re
from collections import Counter

import pytest

from tests.project_files import PROJECT

FOLDER = PROJECT / "tests" / "documents"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
WORD = re.compile(r"[^\W_]+")
LEAST_SHARE = 0.99


@pytest.mark.parametrize("name", EXPECTED)
def test_the_words_of_a_document_are_those_of_an_independent_reader(read, name):
    expected = EXPECTED[name]
    document = read((FOLDER / name).read_bytes())
    wanted = Counter(expected["words"].split())
    missing = wanted - Counter(WORD.findall("\n".join(document.texts)))
    assert sum(missing.values()) <= (1 - LEAST_SHARE) * sum(wanted.values()), missing
    assert expected["units"] in (None, len(document.texts))
