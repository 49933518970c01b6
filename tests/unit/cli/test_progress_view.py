"""What is shown while documents are followed: never still, with rate and time left."""

import io

from rich.console import Console

from infra.cli.documents.progress_view import show_progress
from infra.cli.progress.follow_documents import Followed
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus

DONE, BUSY = DocumentStatus.DONE, DocumentStatus.SUMMARIZING
AT = "2026-03-01T10:00:00.000+00:00"


def make(number, status, delay=None):
    document_id = f"d{number:020}"
    document = Document(
        document_id=document_id, bucket="b", key=f"{number}.pdf", status=status,
        received_at=AT, updated_at=AT,
    )  # fmt: skip
    return Followed(document_id, document.key, document, delay)


def draw(looks, seconds_between):
    """What a terminal of 30 lines shows in the end, and a while after the last look."""
    console = Console(file=io.StringIO(), force_terminal=True, width=200, height=30)
    clock = [0.0]
    with show_progress(console, lambda: clock[0]) as show:
        for followed in looks:
            show(followed)
            clock[0] += seconds_between
        # The live view draws on its own: what it draws is asked for here, as it does.
        view = show.__self__
        texts = []
        for later in (0, 2):
            clock[0] += later
            with console.capture() as captured:
                console.print(view.draw())
            texts.append(captured.get())
    return texts


def test_the_total_has_counts_rate_time_left_and_time_spent():
    looks = [
        [make(n, DONE if n < done else BUSY) for n in range(1000)]
        for done in (0, 100, 200, 300, 400)
    ]
    now, later = draw(looks, 10)
    assert "400 of 1,000 final (600 SUMMARIZING, 400 DONE)" in now
    assert "10.0 a second" in now
    assert "about 60 s left" in now
    assert "50 s" in now
    assert "52 s" in later, "time goes on between two looks"


def test_a_look_that_finds_nothing_yet_says_so():
    now, _ = draw([[]], 1)
    assert "nothing in flight yet \u00b7 1 s" in now


def test_what_is_waited_for_stands_in_the_total():
    waits = make(1, DocumentStatus.SUMMARIZING, "waits: model unavailable, next try at 10:00:30")
    now, _ = draw([[waits]], 1)
    assert "it waits: model unavailable, next try at 10:00:30" in now
    assert "final" not in now, "one document needs no counts"
