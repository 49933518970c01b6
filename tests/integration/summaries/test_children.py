"""PDFs inside of a PDF become documents of their own, once each, whatever breaks off in between."""

from contextlib import contextmanager

import pytest

from functions.ingest import build_ingest
from functions.wiring import utc_now
from pipeline.chat.extractive_chat import choose_documents
from pipeline.documents.document_reader import DocumentReader
from pipeline.extraction.extractor import Extractor
from pipeline.ingest.children import MAX_DEPTH, MAX_DESCENDANTS, TOO_DEEP, TOO_MANY
from pipeline.ingest.chunk_sending import find_group
from shared.deadline import Deadline
from shared.errors import DeadlineError
from shared.ledger.children import CHILDREN_PREFIX, list_children
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from shared.messages.uploads import Upload, UploadNotice
from tests.fakes.aws.ledger_rows import force, scan_rows
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.nesting_pdf_files import make_nested, make_portfolio
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.project_files import CASES

FIRST = make_text_pdf("The pier at Ravnsund was opened in 1931.")
SECOND = make_text_pdf("The ferry leaves at noon.", "It comes back at dusk.")


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def pipeline(account, extractor):
    with run_pipeline(account, extractor=extractor) as pipeline:
        yield pipeline


@pytest.fixture
def put(pipeline):
    """Put a file and run everything; the document, as it is then."""

    def put(key, data):
        pipeline.account.upload(key, data)
        pipeline.run()
        return pipeline.document(key)

    return put


def find_children(pipeline, document):
    return [
        find_document(pipeline.table, file.document_id)
        for file in document.embedded_files
        if file.document_id
    ]


def tell_files(document):
    return [
        (file.name, file.document_id is not None, file.reason) for file in document.embedded_files
    ]


@pytest.mark.parametrize(
    ("key", "group"),
    [("archive/2024/a.pdf", "folder:archive"), ("/b/a.pdf", "folder:b"), ("a.pdf", "folder:")],
)
def test_files_inside_share_the_group_of_the_document_they_lie_in(pipeline, put, key, group):
    """All of them lie under one prefix: the files of a bulk would keep those of others waiting."""
    document = put(key, make_nested(["inner.pdf", "x_y.pdf"]))
    while document is not None:
        assert find_group(document) == group
        document = next(iter(find_children(pipeline, document)), None)


def test_a_portfolio_is_done_and_so_are_its_files(pipeline, put):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST), ("ferry.pdf", SECOND)]))
    assert (parent.status, parent.reason_code, parent.reason) == (DocumentStatus.DONE, None, None)
    first, second = find_children(pipeline, parent)
    assert (first.status, first.pages, second.status, second.pages) == ("DONE", 1, "DONE", 2)
    for child, name in ((first, "pier.pdf"), (second, "ferry.pdf")):
        assert (child.parent, child.root, child.depth) == (
            parent.document_id,
            parent.document_id,
            1,
        )
        assert (child.called, child.key.rpartition("/")[2]) == (f"board.pdf \u203a {name}", name)
        assert child.key.startswith(f"{CHILDREN_PREFIX}{parent.document_id}/")
        # A bill and a result of its own.
        assert pipeline.read_artifact(child.result_key)["parent"] == parent.document_id
        (received,) = [
            event
            for event in read_timeline(pipeline.table, document_pk(child.document_id))
            if event.step == "received"
        ]
        assert received.details["parent"] == parent.document_id
    coverage = pipeline.read_artifact(parent.result_key)["coverage"]
    assert [file["document_id"] for file in coverage["embedded_files"]] == [
        first.document_id,
        second.document_id,
    ]


def test_what_is_no_pdf_is_named_and_makes_its_parent_partial(pipeline, put):
    files = [("pier.pdf", FIRST), ("budget.xlsx", b"PK\x03\x04"), ("fake.pdf", b"words")]
    parent = put("board.pdf", make_portfolio(files))
    assert (parent.status, parent.reason_code) == (DocumentStatus.PARTIAL, "files_unread")
    assert parent.reason == (
        "files inside were not read: budget.xlsx (a ZIP archive or an Office document); "
        "fake.pdf (not a PDF)"
    )
    assert [child.status for child in find_children(pipeline, parent)] == [DocumentStatus.DONE]


def test_a_child_that_is_refused_is_so_by_itself(pipeline, put):
    parent = put("board.pdf", make_portfolio([("broken.pdf", b"%PDF-1.7\nnothing")]))
    assert parent.status is DocumentStatus.DONE
    (child,) = find_children(pipeline, parent)
    assert (child.status, child.reason_code) == (DocumentStatus.REJECTED, "damaged")


@pytest.mark.parametrize(
    ("cover", "status"), [("", DocumentStatus.NO_TEXT), ("A cover.", DocumentStatus.DONE)]
)
def test_a_cover_without_text_hides_no_file(pipeline, put, cover, status):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST)], cover=cover))
    assert parent.status is status
    assert [child.status for child in find_children(pipeline, parent)] == [DocumentStatus.DONE]


def test_a_cover_that_cannot_be_read_hides_no_file(pipeline, put):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST)], is_cover_broken=True))
    assert (parent.status, parent.reason_code) == (DocumentStatus.REJECTED, "damaged")
    assert [child.status for child in find_children(pipeline, parent)] == [DocumentStatus.DONE]


def test_the_same_file_twice_in_a_document_is_one_document(pipeline, put):
    files = [("pier.pdf", FIRST), ("pier.pdf", FIRST), ("copy.pdf", FIRST), ("pier.pdf", SECOND)]
    parent = put("board.pdf", make_portfolio(files))
    names = [file.name for file in parent.embedded_files]
    ids = [file.document_id for file in parent.embedded_files]
    assert names == ["pier.pdf", "copy.pdf", "pier.pdf"]
    assert ids[0] == ids[1] != ids[2]
    assert len(pipeline.list_children()) == 2


def test_the_same_bytes_under_another_key_have_children_of_their_own(pipeline, put):
    data = make_portfolio([("pier.pdf", FIRST)])
    parents = [put("board.pdf", data), put("copy.pdf", data)]
    (first,), (second,) = (find_children(pipeline, parent) for parent in parents)
    assert first.document_id != second.document_id
    assert [first.parent, second.parent] == [parent.document_id for parent in parents]
    # The text is read only once, though.
    assert first.text_address == second.text_address
    for document, reused_from in ((parents[1], parents[0]), (second, first)):
        (extracted,) = [
            event.details
            for event in read_timeline(pipeline.table, document_pk(document.document_id))
            if event.step == "extracted"
        ]
        assert extracted["reused_from"] == reused_from.document_id


def test_a_new_version_has_children_of_its_own(pipeline, put):
    old = put("board.pdf", make_portfolio([("pier.pdf", FIRST), ("ferry.pdf", SECOND)]))
    data = make_portfolio([("pier.pdf", FIRST)])
    account, bucket = pipeline.account, pipeline.account.settings.documents_bucket
    written = account.clients.s3.put_object(Bucket=bucket, Key="board.pdf", Body=data)
    account.announce("board.pdf", written["VersionId"], written["ETag"], len(data), "0B")
    pipeline.run()
    new = pipeline.document("board.pdf")
    assert find_document(pipeline.table, old.document_id).superseded_by == new.document_id
    before, after = find_children(pipeline, old), find_children(pipeline, new)
    assert [child.parent for child in before] == [old.document_id] * 2
    assert [child.parent for child in after] == [new.document_id]
    assert len(pipeline.list_children()) == 3


def test_depth_has_an_end_that_is_named(pipeline, put):
    document = put("0.pdf", make_nested([f"{depth}.pdf" for depth in range(1, MAX_DEPTH + 3)]))
    for depth in range(MAX_DEPTH + 1):
        assert document.depth == depth
        if depth < MAX_DEPTH:
            assert document.status is DocumentStatus.DONE
            (document,) = find_children(pipeline, document)
    assert document.called.count("\u203a") == MAX_DEPTH
    assert document.status is DocumentStatus.PARTIAL
    assert tell_files(document) == [(f"{MAX_DEPTH + 1}.pdf", False, TOO_DEEP)]
    assert len(pipeline.list_children()) == MAX_DEPTH


def test_all_that_comes_out_of_one_upload_has_an_end(pipeline, put, monkeypatch):
    monkeypatch.setattr("pipeline.ingest.children.MAX_DESCENDANTS", 3)
    inner = make_portfolio([("pier.pdf", FIRST), ("ferry.pdf", SECOND)], cover="Inside.")
    files = [("a.pdf", inner), ("b.pdf", SECOND)]
    parent = put("board.pdf", make_portfolio(files))
    (nested, _) = find_children(pipeline, parent)
    assert tell_files(parent) == [("a.pdf", True, None), ("b.pdf", True, None)]
    assert tell_files(nested) == [("pier.pdf", True, None), ("ferry.pdf", False, TOO_MANY)]
    assert nested.status is DocumentStatus.PARTIAL
    row = scan_rows(pipeline.table)[document_pk(parent.document_id), "DOC"]
    assert (row["descendants"], len(pipeline.list_children())) == (3, 3)
    assert MAX_DESCENDANTS == 100


def test_a_name_from_inside_is_a_harmless_part_of_a_key(pipeline, put):
    names = [
        "../../etc/passwd.pdf",
        "C:\\Users\\me\\a\x00b.pdf",
        "\u65e5" * 100,
        "a\x1f%2e b\uffff.pdf",
    ]
    files = [(name, make_text_pdf(f"File {k}.")) for k, name in enumerate(names)]
    parent = put("board.pdf", make_portfolio(files))
    children = find_children(pipeline, parent)
    assert [child.key.split("/")[3:] for child in children] == [
        ["passwd.pdf"],
        ["ab.pdf"],
        ["\u65e5" * 60],
        ["a _2e b_.pdf"],
    ]
    assert {child.status for child in children} == {DocumentStatus.DONE}


def test_an_upload_under_the_prefix_is_nobodys_child(pipeline, put):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST)]))
    (child,) = find_children(pipeline, parent)
    key = child.key.replace("pier.pdf", "other.pdf")
    assert put(key, SECOND).parent is None
    assert put(f"{CHILDREN_PREFIX}mine.pdf", SECOND).parent is None


@pytest.mark.skipif(not CASES.exists(), reason="the cases of PDFs are not beside the project")
@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("pdfbox__testPDFPackage.pdf", ["PDF1.pdf", "PDF2.pdf"]),
        ("own_portfolio.pdf", ["contract.pdf"]),
    ],
)
def test_files_of_real_portfolios_are_read(pipeline, put, file, names):
    parent = put(file, (CASES / file).read_bytes())
    children = find_children(pipeline, parent)
    assert [child.called for child in children] == [f"{file} \u203a {name}" for name in names]
    assert {one.status for one in (parent, *children)} == {DocumentStatus.DONE}


def test_a_chat_passes_over_what_came_out_of_a_replaced_document(pipeline, put):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST)]))
    (child,) = find_children(pipeline, parent)
    reader = DocumentReader(
        pipeline.table, None, pipeline.account.settings.documents_bucket, "", utc_now
    )
    assert {d.document_id for d in choose_documents(reader, "pier").documents} == {
        parent.document_id,
        child.document_id,
    }
    force(pipeline.table, parent, superseded_by="d" + "0" * 20)
    assert choose_documents(reader, "pier").documents == []


def test_a_chat_reads_a_document_once_for_all_that_is_inside_and_not_if_there_is_no_room(
    pipeline, put, monkeypatch
):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST), ("ferry.pdf", SECOND)]))
    bucket = pipeline.account.settings.documents_bucket
    reader = DocumentReader(pipeline.table, None, bucket, "", utc_now)
    children = list(find_children(pipeline, parent))
    read = []
    find = DocumentReader.find
    monkeypatch.setattr(DocumentReader, "list_recent", lambda self, days: iter(children))
    monkeypatch.setattr(
        DocumentReader, "find", lambda self, name: [read.append(name), find(self, name)][1]
    )
    assert len(choose_documents(reader, "when").documents) == len(children)
    assert read == [parent.document_id]
    monkeypatch.setattr("pipeline.chat.extractive_chat._MAX_DOCUMENTS", 1)
    read.clear()
    children[1:] = [one.model_copy(update={"root": "d" + "0" * 20}) for one in children[1:]]
    choice = choose_documents(reader, "when")
    assert (len(choice.documents), choice.is_all) == (1, False)
    assert read == [parent.document_id]


def test_all_children_of_a_document_are_found_in_one_place(pipeline, put):
    parent = put("board.pdf", make_portfolio([("pier.pdf", FIRST), ("ferry.pdf", SECOND)]))
    found = list(list_children(pipeline.table, parent.document_id))
    assert {child.key for child in found} == {
        child.key for child in find_children(pipeline, parent)
    }
    assert all(
        one["Key"].startswith(f"{CHILDREN_PREFIX}{parent.document_id}/")
        for one in pipeline.list_children()
    )


class BrokenOffError(Exception):
    """The process is gone."""


# Each write of a document with two files inside, but for what is written when it is sent onward.
WRITES = [
    *(("dynamodb.TransactWriteItems", number) for number in range(1, 5)),
    *(("s3.PutObject", number) for number in range(1, 4)),
]


@pytest.mark.parametrize(("operation", "occurrence"), WRITES)
def test_a_reading_that_breaks_off_is_finished_by_the_next(
    pipeline, account, extractor, operation, occurrence
):
    consumer, _ = build_ingest(account.settings, account.clients, extractor)
    data = make_portfolio([("pier.pdf", FIRST), ("ferry.pdf", SECOND)])
    version_id = account.upload("board.pdf", data)
    upload = Upload(account.settings.documents_bucket, "board.pdf", version_id, "", 1, "")
    client = account.clients.s3 if operation.startswith("s3") else account.clients.dynamodb
    calls = []

    def break_off(**_):
        calls.append(operation)
        if len(calls) == occurrence:
            raise BrokenOffError

    client.meta.events.register(f"after-call.{operation}", break_off)
    try:
        with pytest.raises(BrokenOffError):
            consumer.handle(UploadNotice((upload,)), Deadline.after(60))
    finally:
        client.meta.events.unregister(f"after-call.{operation}", break_off)
    pipeline.run()
    parent = pipeline.document("board.pdf")
    children = find_children(pipeline, parent)
    assert [one.status for one in (parent, *children)] == [DocumentStatus.DONE] * 3
    assert len(pipeline.list_children()) == 2
    rows = scan_rows(pipeline.table)
    assert rows[document_pk(parent.document_id), "DOC"]["descendants"] == 2
    assert len([row for row in rows.values() if row["sk"] == "DOC"]) == 3


class SlowFiles:
    """An extractor of which a document's time is up when its files are asked for, once."""

    def __init__(self, extractor):
        self.extractor = extractor
        self.is_slow = True

    @contextmanager
    def open(self, path, deadline, **options):
        with self.extractor.open(path, deadline, **options) as document:
            if self.is_slow:
                document.take_files = self._take_files
            yield document

    def _take_files(self, target):
        self.is_slow = False
        raise DeadlineError("the time is up")


def test_files_that_the_time_does_not_suffice_for_are_taken_out_in_another_reading(
    account, extractor
):
    with run_pipeline(account, extractor=SlowFiles(extractor)) as pipeline:
        account.upload("board.pdf", make_portfolio([("pier.pdf", FIRST)]))
        pipeline.run()
        parent = pipeline.document("board.pdf")
        assert parent.status is DocumentStatus.DONE
        assert [child.status for child in find_children(pipeline, parent)] == ["DONE"]
        steps = [
            event.step for event in read_timeline(pipeline.table, document_pk(parent.document_id))
        ]
        assert steps[:3] == ["received", "checkpoint", "extracted"]
