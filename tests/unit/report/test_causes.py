"""Which ends leave dead letters: the ledger's rule and the report's are one."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.causes import LettersLeft, find_document_end
from shared.ledger.documents import leaves_letters
from shared.lifecycle import DocumentStatus

CODES = [None, "lost", "ingest_failed", "not_summarised", "not_recognised", "pages_missing"]


@given(
    st.sampled_from(DocumentStatus),
    st.sampled_from(CODES),
    st.integers(0, 2),
    st.integers(0, 2),
)
def test_a_document_is_in_the_partition_if_the_report_finds_letters(status, code, done, failed):
    row = {
        "document_id": "d", "status": status, "reason_code": code,
        "chunks_done": done, "chunks_failed": failed,
    }  # fmt: skip
    end = find_document_end(row)
    assert leaves_letters(status, code, failed) == (
        end is not None and end.letters is not LettersLeft.NONE
    )
