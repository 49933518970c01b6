"""The local stack is its owner's: what a page, another process and another user get of it."""

import os
import subprocess
import sys

import boto3
import httpx2
import pytest
from botocore.exceptions import ClientError

from infra.cli.chat.api_client import open_api
from infra.local.record import LocalFolder
from tests.local_stack.stack_fixtures import APP_ORIGIN

PAGE = "https://evil.example"

ATTEMPTS = [
    ("s3", "list_buckets"), ("dynamodb", "list_tables"), ("sqs", "list_queues"),
    ("secretsmanager", "list_secrets"), ("lambda", "list_functions"),
    ("apigateway", "get_api_keys"), ("cloudformation", "list_stacks"), ("iam", "list_roles"),
    ("sts", "get_caller_identity"),
]  # fmt: skip


@pytest.fixture
def ask(local_stack):
    """Sends what a page in a browser, or any process, can send; the status and the headers."""

    def send(method, path, body=None, **headers):
        url = path if path.startswith("http") else local_stack.endpoint_url + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx2.request(method, url, content=body, headers=named, timeout=20)
        return answer.status_code, answer.headers

    return send


def test_a_foreign_page_gets_and_changes_nothing(local_stack, ask):
    bucket, api = local_stack.output("DocumentsBucket"), open_api(local_stack, {})
    form = (
        b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nevil.pdf\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%PDF\r\n--x--\r\n'
    )
    posted = {"Content_Type": "multipart/form-data; boundary=x"}
    queue = {"Content_Type": "application/x-www-form-urlencoded"}
    for method, path, body, headers in (
        ("GET", f"/{bucket}", None, {}),
        ("POST", f"/{bucket}", form, posted),
        ("POST", "/", b"Action=ListQueues&Version=2012-11-05", queue),
        ("OPTIONS", "/", None, {"Access_Control_Request_Method": "POST"}),
        ("POST", "/_ministack/reset", b"", {}),
        ("GET", "/_ministack/health", None, {}),
        ("GET", "/health", None, {}),
        ("GET", f"{api.url}/documents", None, {"X_Api_Key": api.key}),
        ("OPTIONS", f"{api.url}/chat", None, {"Access_Control_Request_Method": "POST"}),
    ):
        status, answered = ask(method, path, body, Origin=PAGE, **headers)
        assert (path, status) == (path, 403)
        assert "access-control-allow-origin" not in answered
        # As an image, a link, or after its name has come to mean this machine.
        if "X_Api_Key" not in headers and method != "OPTIONS":
            assert ask(method, path, body, **headers)[0] == 403
        assert ask(method, path, body, Host="evil.example", **headers)[0] == 403
    assert "evil.pdf" not in [
        item["Key"]
        for item in local_stack.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    ]


def test_the_page_that_the_parameter_names_may_call_the_api(local_stack, ask):
    api = open_api(local_stack, {})
    for origin in (APP_ORIGIN, local_stack.endpoint_url):
        assert ask("GET", f"{api.url}/documents", Origin=origin, X_Api_Key=api.key)[0] == 200


@pytest.mark.parametrize("key_id", ["test", "000000000000", "ASIAQAAAAAAAAAAAAAAA"])
def test_a_process_without_the_key_is_refused_whoever_it_says_it_is(local_stack, key_id):
    session = boto3.Session(key_id, "test", region_name=local_stack.region)
    for service, operation in ATTEMPTS:
        client = session.client(service, endpoint_url=local_stack.endpoint_url)
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            getattr(client, operation)()


def test_the_owner_is_let_in_past_a_proxy_setting(local_stack, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert local_stack.client("s3").list_buckets()["Buckets"]
    assert open_api(local_stack, {}).send("GET", "/documents")["documents"] is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_read_the_files(local_stack_root, local_stack):
    folder = LocalFolder(local_stack_root)
    program = (
        "import os, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for path in sys.argv[1:]:\n"
        "    try: os.listdir(path) if os.path.isdir(path) else open(path).close()\n"
        "    except PermissionError: print('refused')\n"
    )
    paths = [folder.key, folder.record, folder.state, folder.objects, folder.log, folder.scratch]
    opened = local_stack_root.stat().st_mode
    # The folders above it are the test's own.
    for above in local_stack_root.parents:
        if above.stat().st_mode & 0o777 == 0o700:
            above.chmod(0o755)
    local_stack_root.chmod(0o755)
    try:
        told = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, "-IS", "-c", program, *paths],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd="/",
        ).stdout.splitlines()
    finally:
        local_stack_root.chmod(opened)
    assert told == ["refused"] * len(paths)
