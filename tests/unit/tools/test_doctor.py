"""What the doctor makes of what it sees."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner

from infra.aws import open_session
from infra.cli.app import app
from infra.deploy.stack_place import StackPlace
from infra.doctor.aws_checks import (
    AwsDoctor,
    judge_code_storage,
    judge_concurrency,
    judge_status,
    read_defaults,
    sum_concurrency,
)
from infra.doctor.check import Verdict
from infra.doctor.local_checks import (
    check_clock,
    check_disk,
    check_python,
    check_this_machine,
)
from infra.doctor.mail_check import check_mail, judge_mail
from infra.doctor.model_check import check_model
from infra.doctor.window_check import check_window

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = "sk-doctor"


def settings(concurrency=1000, unreserved=1000, code=0):
    return {
        "AccountLimit": {
            "ConcurrentExecutions": concurrency,
            "UnreservedConcurrentExecutions": unreserved,
            "TotalCodeSize": 80_000_000_000,
        },
        "AccountUsage": {"TotalCodeSize": code},
    }


@contextmanager
def serve_models(status=200, models=("gpt-5-mini",), location=""):
    """A server that lists its models; the second thing handed out is what it was asked with."""
    keys = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            keys.append((self.path, self.headers.get("Authorization")))
            body = json.dumps({"data": [{"id": name} for name in models]}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *arguments):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", keys
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("date", "verdict"),
    [
        ("Thu, 01 Jan 2026 12:00:02 GMT", Verdict.OK),
        ("Thu, 01 Jan 2026 11:59:00 GMT", Verdict.WARNING),
        ("Thu, 01 Jan 2026 12:06:00 GMT", Verdict.FAILURE),
        ("yesterday", Verdict.SKIPPED),
        (None, Verdict.SKIPPED),
    ],
)
def test_clock_is_compared_with_the_time_of_an_answer(date, verdict):
    assert check_clock(date, NOON).verdict is verdict


def test_way_that_a_clock_is_wrong_is_said():
    assert check_clock("Thu, 01 Jan 2026 11:00:00 GMT", NOON).words.startswith("3600 s ahead of")


@pytest.mark.parametrize(
    ("unreserved", "verdict"),
    [(10, Verdict.FAILURE), (20, Verdict.WARNING), (1000, Verdict.OK)],
)
def test_concurrency_is_held_against_what_the_mappings_ask_for(unreserved, verdict):
    check = judge_concurrency(settings(1000, unreserved), wanted=15)
    assert check.verdict is verdict
    assert ("L-B99A9384" in check.advice) is (verdict is not Verdict.OK)


def test_template_says_how_many_copies_run_at_most():
    defaults = read_defaults()
    total = sum_concurrency(defaults)
    assert total >= int(defaults["WorkerMaximumConcurrency"]) + 2
    assert sum_concurrency({**defaults, "DatabaseProxyHost": "proxy.example"}) == total + 2


def test_code_storage_that_is_nearly_full_is_a_warning():
    assert judge_code_storage(settings(code=79_000_000_000)).verdict is Verdict.WARNING
    assert judge_code_storage(settings(code=1_000_000)).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("UPDATE_COMPLETE", Verdict.OK),
        ("UPDATE_ROLLBACK_COMPLETE", Verdict.WARNING),
        ("UPDATE_IN_PROGRESS", Verdict.WARNING),
        ("UPDATE_ROLLBACK_FAILED", Verdict.FAILURE),
        ("ROLLBACK_COMPLETE", Verdict.FAILURE),
    ],
)
def test_status_of_a_stack_is_judged(status, verdict):
    assert judge_status("prod", status).verdict is verdict


@pytest.mark.parametrize(
    ("enabled", "sandbox", "unverified", "verdict"),
    [
        (True, False, [], Verdict.OK),
        (True, True, [], Verdict.WARNING),
        (True, True, ["ada@example.com"], Verdict.FAILURE),
        (False, False, [], Verdict.FAILURE),
    ],
)
def test_mail_that_ses_would_not_send_is_a_failure(enabled, sandbox, unverified, verdict):
    check = judge_mail(is_enabled=enabled, in_sandbox=sandbox, unverified=unverified)
    assert check.verdict is verdict


class MailDesk:
    """SES with some verified identities, in its sandbox."""

    class exceptions:
        class NotFoundException(Exception):
            """No such identity."""

    def __init__(self, *verified):
        self._verified = verified

    def get_account(self):
        return {"ProductionAccessEnabled": False, "SendingEnabled": True}

    def get_email_identity(self, *, EmailIdentity):
        if EmailIdentity not in self._verified:
            raise self.exceptions.NotFoundException
        return {"VerifiedForSendingStatus": True}


@pytest.mark.parametrize(
    ("identities", "verdict"),
    [
        (["reports@mail.example.com", "ada@example.com"], Verdict.WARNING),
        (["example.com"], Verdict.WARNING),
        (["mail.example.com"], Verdict.FAILURE),
        (["com"], Verdict.FAILURE),
    ],
)
def test_verified_domain_counts_for_its_subdomains(identities, verdict):
    desk = MailDesk(*identities)
    check = check_mail(desk, "reports@mail.example.com", ["ada@example.com"])
    assert check.verdict is verdict


def test_machine_is_judged():
    assert check_python((3, 10, 1)).verdict is Verdict.FAILURE
    assert check_python((3, 13, 0)).verdict is Verdict.OK
    assert check_disk(10**8).verdict is Verdict.FAILURE
    assert check_disk(10**9).verdict is Verdict.WARNING
    assert check_disk(10**11).verdict is Verdict.OK


def test_a_state_folder_of_no_use_is_a_failure_that_says_why(tmp_path):
    root = tmp_path / "state"
    root.write_text("a file")
    checks = {check.name: check for check in check_this_machine(root)}
    assert checks["local stack"].verdict is Verdict.FAILURE
    assert checks["local stack"].words == f"{root} cannot be used"
    assert checks["emulator"].verdict is Verdict.WARNING


def test_model_is_looked_for_in_the_list_of_its_server():
    with serve_models() as (url, asked):
        look = check_model(url, "gpt-5-mini", KEY)
    assert look.check.verdict is Verdict.OK
    assert look.date_header
    assert asked == [("/v1/models", f"Bearer {KEY}")]


@pytest.mark.parametrize("end", ["/", "/chat/completions", "/chat/completions?api-version=1"])
def test_an_address_is_looked_up_as_the_functions_read_it(end):
    with serve_models() as (url, asked):
        look = check_model(url + end, "gpt-5-mini", KEY)
    assert look.check.verdict is Verdict.OK
    query = end.partition("?")[2]
    assert asked == [("/v1/models" + (f"?{query}" if query else ""), f"Bearer {KEY}")]


@pytest.mark.parametrize(
    ("status", "models", "key", "verdict", "words"),
    [
        (200, ["other"], KEY, Verdict.WARNING, "does not list the model gpt-5-mini"),
        (401, [], KEY, Verdict.FAILURE, "rejects the key"),
        (401, [], "", Verdict.OK, "was not tried"),
        (404, [], KEY, Verdict.WARNING, "lists no models"),
        (500, [], KEY, Verdict.WARNING, "answers with 500"),
    ],
)
def test_answers_of_a_model_server_are_judged(status, models, key, verdict, words):
    with serve_models(status, models) as (url, _asked):
        check = check_model(url, "gpt-5-mini", key).check
    assert check.verdict is verdict
    assert words in check.words
    assert KEY not in check.words + check.advice


def test_server_that_is_not_there_is_a_failure():
    check = check_model("http://127.0.0.1:1/v1", "m", KEY).check
    assert check.verdict is Verdict.FAILURE
    assert KEY not in check.words + check.advice


@pytest.mark.parametrize("url", ["http://[", "file:///etc", "not an address", "http://"])
def test_address_that_is_none_is_a_failure(url):
    assert check_model(url, "m", KEY).check.verdict is Verdict.FAILURE


def test_key_follows_no_redirection():
    with serve_models() as (other, asked), serve_models(302, location=other) as (url, _):
        assert check_model(url, "m", KEY).check.words == "127.0.0.1 answers with 302"
    assert asked == []


def test_nor_does_it_where_the_window_is_looked_at():
    with serve_models() as (other, asked), serve_models(302, location=other) as (url, _):
        words = check_window(url, "m", KEY, 32_000).words
    assert words == "a prompt of 4500 tokens is refused (302)"
    assert asked == []


def test_without_credentials_nothing_else_is_asked(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    session = open_session("eu-west-1")
    checks = list(AwsDoctor(StackPlace(session, "prod", print), lambda: NOON).look())
    assert [check.verdict for check in checks] == [
        Verdict.FAILURE,
        Verdict.SKIPPED,
        Verdict.SKIPPED,
    ]
    assert "aws configure" in checks[0].words


def test_where_aws_cannot_be_reached_nobody_is_told_to_sign_in(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    result = CliRunner().invoke(app, ["doctor", "--stack", "prod", "--json"])
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert "AWS cannot be reached" in checks["credentials"]["words"]
    assert checks["credentials"]["advice"].startswith("Check the network")
    # What the stack's model is nobody can tell then.
    assert checks["language model"]["words"].startswith("not looked at")


def test_doctor_needs_no_account_and_never_writes_the_key(monkeypatch):
    with serve_models(401) as (url, _asked):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        result = CliRunner().invoke(app, ["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert checks["language model"]["verdict"] == "failure"
    assert checks["clock"]["verdict"] == "ok"
    assert checks["aws"]["verdict"] == "skipped"
    assert KEY not in result.output


def test_doctor_says_where_no_model_is_configured(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert "none is configured in this shell" in checks["language model"]["words"]


def test_a_model_that_is_asked_by_role_is_not_taken_for_none(monkeypatch):
    parameters = {**read_defaults(), "ModelAuth": "iam", "OpenAiModel": "a.model"}
    monkeypatch.setattr(AwsDoctor, "look", lambda _: iter(()))
    monkeypatch.setattr("infra.doctor.aws_checks.read_defaults", lambda: parameters)
    result = CliRunner().invoke(
        app, ["doctor", "--stack", "prod", "--region", "eu-west-1", "--json"]
    )
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert "ModelAuth=iam" in checks["language model"]["words"]
    assert "a.model" in checks["model price"]["words"]
