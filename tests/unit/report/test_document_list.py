"""The list of every document, as programs and spreadsheets of any country read it."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.files import DocumentList
from pipeline.report.report_types import DocumentLine

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
TEXTS = st.text(
    st.one_of(st.sampled_from("=+-@;,\"'\t\r\n \x00\x1b\u200b\uff1da1"), st.characters())
)


def write(**texts):
    texts = {"key": "k", "title": "t", "note": "", **texts}
    with DocumentList() as documents:
        documents.add(
            DocumentLine(
                document_id="d1", status="DONE", pages=2, duration_seconds=1.5,
                cost_micro_usd=7, **texts,
            )
        )  # fmt: skip
        file = documents.finish()
        file.seek(0)
        return file.read().decode()


@given(key=TEXTS, title=TEXTS, note=TEXTS)
def test_no_spreadsheet_finds_a_formula_and_no_terminal_an_order(key, title, note):
    text = write(key=key, title=title, note=note)
    control = {c for c in text if unicodedata.category(c) in ("Cc", "Zl", "Zp")}
    assert control <= {"\r", "\n"}
    for delimiter in (",", ";"):
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        assert len(rows) == 2
        assert not [cell for cell in rows[1] if cell.lstrip(' "').startswith(FORMULA)]
        assert delimiter == ";" or len(rows[1]) == 8


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("Accounts; =SUM(A1)", "Accounts;' =SUM(A1)"),
        ('a;"=1"', 'a;\'"=1"'),
        ("a - b, -c; d", "a - b, -c; d"),
        ("\t\n=1", "'=1"),
    ],
)
def test_what_could_be_a_formula_is_marked_and_nothing_else(title, shown):
    (row,) = csv.DictReader(io.StringIO(write(title=title), newline=""))
    assert row["title"] == shown
