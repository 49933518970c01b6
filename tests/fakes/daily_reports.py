"""Daily reports as a good, a bad and an empty day would give them; every figure stands out."""

from pipeline.report.report_types import (
    Counts,
    DailyReport,
    DeadLetterGroup,
    DeadLetters,
    Digest,
    DocumentLine,
    Durations,
    QueueDepth,
    RejectedFile,
    SlowDocument,
    TaskLine,
)
from pipeline.report.spend import DayFigures, ModelCost, Spend

DAYS_BEFORE = tuple(
    DayFigures(
        day=f"2026-11-{14 + number}",
        documents=documents,
        tasks=tasks,
        pages=pages,
        tokens=tokens,
        cost_micro_usd=cost,
    )
    for number, (documents, tasks, pages, tokens, cost) in enumerate(
        [
            (11, 2, 301, 412_300, 910_000),
            (3, 0, 42, 51_200, 104_000),
            (None, None, None, 0, 0),
            (17, 4, 512, 733_900, 1_640_000),
            (14, 3, 388, 540_100, 1_205_000),
            (9, 1, 207, 301_700, 688_000),
            (13, 6, 344, 498_800, 1_093_000),
        ]
    )
)

_PLACE = {
    "stack": "seashore-production",
    "zone": "Europe/Berlin",
    "day": "2026-11-21",
    "window_from": "2026-11-20T23:00:00+00:00",
    "window_to": "2026-11-21T23:00:00+00:00",
    "made_at": "2026-11-22T08:00:03+00:00",
    "artifacts_bucket": "seashore-production-artifacts",
    "report_prefix": "reports/2026-11-21/",
}


def make_empty_day(**changes):
    """Nothing arrived."""
    return DailyReport(**{**_PLACE, "spend": Spend(days_before=DAYS_BEFORE), **changes})


def make_line(number, **changes):
    """A line about a document that is done."""
    return DocumentLine(
        **{
            "document_id": f"{number:06d}a7c3e9f1b2d4",
            "key": f"inbox/2026/11/file-{number:05d}.pdf",
            "status": "DONE",
            "title": f"Quarterly figures of station {number}",
            "pages": 10 + number,
            "duration_seconds": 20.5 + number,
            "cost_micro_usd": 40_000 + number,
            **changes,
        }
    )


def make_good_day(**changes):
    """A common day: most is done, a little needs a person."""
    lines = (
        make_line(
            1,
            status="REJECTED",
            title=None,
            key="inbox/contracts/lease-signed-final.pdf",
            pages=0,
            duration_seconds=0.8,
            cost_micro_usd=0,
            note="It is locked with a password. Remove the password and drop it again.",
        ),
        make_line(
            2,
            status="PARTIAL",
            title="Inspection of the northern breakwater",
            note="pages 7-9 could not be read",
        ),
        make_line(3, title="Tidal energy: what the first five years have shown"),
        make_line(4, title="Minutes of the harbour board, 12 November"),
        make_line(5, title="تقرير عن حالة الميناء", key="inbox/ميناء/تقرير.pdf"),
        make_line(6, title="港湾の安全に関する年次報告書", key="受信/年次報告書.pdf"),
        make_line(7, status="NO_TEXT", title=None, key="scans/letter.pdf", cost_micro_usd=0),
        make_line(
            8,
            status="DEFERRED",
            title=None,
            duration_seconds=None,
            note="waits for the model: too many requests, next try at 09:12",
        ),
    )
    return DailyReport(
        **{
            **_PLACE,
            "documents": Counts(received=14, done=10, partial=1, no_text=1, rejected=1, deferred=1),
            "tasks": Counts(received=4, done=3, in_flight=1),
            "pages": 391,
            "empty_pages": 12,
            "failed_pages": 3,
            "chunks": 58,
            "chunks_done": 57,
            "chunks_failed": 1,
            "spend": Spend(
                models=(
                    ModelCost(
                        model="gpt-5-mini",
                        calls=71,
                        input_tokens=498_120,
                        output_tokens=31_455,
                        cost_micro_usd=1_287_400,
                    ),
                    ModelCost(
                        model="gpt-5-nano",
                        calls=9,
                        input_tokens=22_018,
                        output_tokens=1_904,
                        cost_micro_usd=1_862,
                    ),
                ),
                cap_micro_usd=10_000_000,
                days_before=DAYS_BEFORE,
            ),
            "durations": Durations(
                count=11,
                median_seconds=41.2,
                p95_seconds=203.7,
                slowest=(
                    SlowDocument(
                        document_id="d1",
                        key="inbox/annual/annual-report-2025.pdf",
                        duration_seconds=203.7,
                        why="212 pages in 31 chunks; waited 1 min 40 s for the model: throttled",
                    ),
                    SlowDocument(
                        document_id="d2",
                        key="inbox/breakwater-inspection.pdf",
                        duration_seconds=121.0,
                        why="pages 7-9 were tried three times",
                    ),
                    SlowDocument(
                        document_id="d3",
                        key="inbox/tidal-energy.pdf",
                        duration_seconds=88.0,
                        why="48 pages in 8 chunks",
                    ),
                ),
            ),
            "rejected": (
                RejectedFile(
                    document_id=lines[0].document_id,
                    key=lines[0].key,
                    code="encrypted",
                    sentence="It is locked with a password. Remove the password and drop it again.",
                ),
            ),
            "lines": lines,
            "lines_more": 6,
            "all_documents_key": "reports/2026-11-21/documents.csv",
            "task_lines": (
                TaskLine(
                    task_id="weekly-question-31",
                    kind="ask",
                    about="Which berths are closed next week?",
                    status="IN_FLIGHT",
                ),
            ),
            "digest": Digest(
                origin="model",
                model="gpt-5-mini",
                text="The harbour is busy with its breakwater. The inspection finds the northern "
                "arm sound but for three joints, and puts the repair at 1.2 million.\n\n"
                "Two papers on tidal energy agree that upkeep, not building, decides the price.",
                key_points=(
                    "The board moved the dredging to spring.",
                    "Upkeep is 61% of what tidal power costs over 20 years.",
                    "Three joints of the northern breakwater need repair before winter.",
                ),
                documents_read=11,
                documents_with_summary=11,
            ),
            **changes,
        }
    )


def make_bad_day(**changes):
    """Ten thousand documents, three causes of dead letters, and two documents unaccounted for."""
    long_key = "customers/" + "a-very-long-folder-name/" * 12 + "scan_000000000000000000001.pdf"
    lines = (
        make_line(1, status="FAILED", title=None, note="the process died", cost_micro_usd=0),
        make_line(2, status="FAILED", title=None, key=long_key, note="x" * 400),
        make_line(3, status="FAILED", title="</td></table><script>alert(1)</script>"),
        make_line(4, status="REJECTED", title=None, key="<img src=x onerror=alert(1)>.pdf"),
        make_line(5, status="PARTIAL", title='דו"ח מצב הנמל לשנת 2026', note="pages 3-4 missing"),
        make_line(6, title="港" * 200, key=f"受信/{'年' * 150}.pdf"),
        make_line(7, title="invoice\u202efdp.exe\x00\x1b[2J"),
        *(make_line(number) for number in range(8, 201)),
    )
    return make_good_day(
        **{
            "documents": Counts(
                received=10_000,
                done=9_203,
                partial=41,
                no_text=118,
                rejected=212,
                failed=377,
                deferred=40,
                in_flight=7,
            ),
            "tasks": Counts(received=120, done=113, failed=5, deferred=2),
            "unaccounted_ids": ("9f0c0fb4a1d2e3c4", "c41f29fa7700d1e2"),
            "pages": 251_907,
            "chunks": 31_204,
            "chunks_done": 30_120,
            "chunks_failed": 1_084,
            "dead_letters": DeadLetters(
                groups=(
                    DeadLetterGroup(
                        queue="work",
                        kind="document",
                        cause="ModelRefusalError: the model refused to summarise the text",
                        count=301,
                        examples=("000001a7c3e9", "000002a7c3e9", "000003a7c3e9"),
                        replay_command="seashore dlq replay --queue work "
                        "--error ModelRefusalError --since 2026-11-21",
                    ),
                    DeadLetterGroup(
                        queue="uploads",
                        kind="document",
                        cause="ProcessDied: the function's process died at every receive",
                        count=76,
                        examples=("00000aa7c3e9",),
                        replay_command="seashore dlq replay --queue uploads --error ProcessDied",
                    ),
                    DeadLetterGroup(
                        queue="work",
                        kind="task",
                        cause="TaskRefusedError: the document 'inbox/nowhere.pdf' is not known",
                        count=5,
                        examples=("weekly-question-31", "weekly-question-32"),
                        replay_command="seashore dlq replay --queue work --error TaskRefusedError",
                    ),
                ),
                more_causes=2,
                more_count=3,
                depths=(
                    QueueDepth(queue="uploads", letters=76),
                    QueueDepth(queue="work", letters=1_390),
                    QueueDepth(queue="reports", letters=0),
                ),
            ),
            "rejected": tuple(
                RejectedFile(
                    document_id=f"{number:06d}a7c3e9f1b2d4",
                    key=f"inbox/broken/<b>file</b>-{number}.pdf",
                    code="damaged",
                    sentence="Neither of two PDF engines can open it. Save it anew and drop it "
                    "again.",
                )
                for number in range(4, 54)
            ),
            "rejected_more": 162,
            "lines": lines,
            "lines_more": 9_800,
            "all_documents_key": "reports/2026-11-21/documents.csv",
            "task_lines": tuple(
                TaskLine(
                    task_id=f"weekly-question-{number}",
                    kind="ask",
                    about="What does 'inbox/nowhere.pdf' say about berths?",
                    status="FAILED" if number < 36 else "DEFERRED",
                    note="document 'inbox/nowhere.pdf' is not known",
                )
                for number in range(31, 38)
            ),
            "spend": Spend(
                models=(
                    ModelCost(
                        model="gpt-5-mini",
                        calls=30_120,
                        input_tokens=204_311_020,
                        output_tokens=11_020_311,
                        cost_micro_usd=9_912_400,
                    ),
                    ModelCost(
                        model="local/llama-3.3-70b",
                        calls=13,
                        input_tokens=1_022,
                        output_tokens=311,
                        cost_micro_usd=None,
                    ),
                ),
                cap_micro_usd=10_000_000,
                days_before=DAYS_BEFORE,
            ),
            "digest": Digest(
                origin="none",
                note="Left out: the model could not be reached. The next report has its own.",
            ),
            **changes,
        }
    )
