"""Files that S3 does not give out: they wait with a word for why, and go on once that is mended."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from shared.ledger.documents import document_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from tests.fakes.desks.task_desk import open_task_desk
from tests.fakes.pdf.pdf_files import make_text_pdf

KEY = "harbour.pdf"
SEALED = "The object was stored using a form of Server Side Encryption. The correct parameters must"


@pytest.fixture
def desk():
    with open_task_desk(with_model=False) as desk:
        yield desk


@contextmanager
def refused_by_s3(desk, code, status, message=""):
    """S3 does not give out documents, as the real one answers."""

    def refuse(model, params, context, **others):
        if params["url_path"].endswith(KEY):
            answer = {
                "Error": {"Code": code, "Message": message},
                "ResponseMetadata": {"HTTPStatusCode": status},
            }
            return SimpleNamespace(status_code=status), answer
        return None

    events = desk.account.clients.s3.meta.events
    events.register("before-call.s3.GetObject", refuse)
    try:
        yield
    finally:
        events.unregister("before-call.s3.GetObject", refuse)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("InvalidObjectState", 403, "object_archived"),
        ("KMS.DisabledException", 400, "key_unusable"),
        ("KMS.KMSInvalidStateException", 400, "key_unusable"),
        ("AccessDenied", 403, "access_denied"),
        ("RequestTimeTooSkewed", 403, "not_signed"),
    ],
)
def test_a_file_waits_until_it_is_given_out(desk, code, status, reason):
    with refused_by_s3(desk, code, status):
        waiting = desk.put(KEY, make_text_pdf("The harbour opened in 1907."))
    assert waiting.status is DocumentStatus.RECEIVED
    steps = read_timeline(desk.table, document_pk(waiting.document_id))
    assert steps[-1].step == "deferred"
    assert steps[-1].details["reason"] == reason
    desk.make_waits_end()
    desk.pipeline.run()
    assert desk.pipeline.document(KEY).status is DocumentStatus.DONE


def test_a_file_with_a_key_of_its_uploader_is_refused_with_what_to_do(desk):
    with refused_by_s3(desk, "InvalidRequest", 400, SEALED):
        document = desk.put(KEY, make_text_pdf("The harbour opened in 1907."))
    assert (document.status, document.reason_code) == (DocumentStatus.REJECTED, "customer_key")
    assert "put it into the bucket without one" in document.reason
