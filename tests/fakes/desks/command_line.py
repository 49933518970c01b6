"""The command line, run in this process against a stack in moto's account."""

from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from tests.fakes.aws.cloudformation_server import serve_stack


def list_outputs(account):
    """The outputs of a stack whose parts are those of an account."""
    settings = account.settings
    return {
        "DocumentsBucket": settings.documents_bucket,
        "ArtifactsBucket": settings.artifacts_bucket,
        "LedgerTable": settings.ledger_table,
        "UploadsQueueUrl": settings.uploads_queue_url,
        "UploadsDlqUrl": settings.uploads_dlq_url,
        "RecognitionQueueUrl": settings.recognition_queue_url,
        "RecognitionDlqUrl": settings.recognition_dlq_url,
        "ConversionsQueueUrl": settings.conversions_queue_url,
        "ConversionsDlqUrl": settings.conversions_dlq_url,
        "WorkQueueUrl": settings.work_queue_url,
        "WorkDlqUrl": settings.work_dlq_url,
        "ReportsQueueUrl": settings.reports_queue_url,
        "ReportsDlqUrl": settings.reports_dlq_url,
    }


@contextmanager
def open_command_line(account, **more_outputs):
    """Runs `seashore` with arguments against the stack `pipeline`."""
    outputs = {**list_outputs(account), **more_outputs}
    with serve_stack("pipeline", outputs) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", address)
        patch.setenv("SEASHORE_STACK", "pipeline")
        yield lambda *arguments, **options: CliRunner().invoke(
            app, list(map(str, arguments)), **options
        )


def assert_one_line(text, words):
    """An error is one line, and says this."""
    assert words in text
    assert text.startswith("Error: ")
    assert text.count("\n") == 1
