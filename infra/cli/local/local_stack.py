"""`seashore local`: the pipeline on this machine."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from infra.cli.chat.api_client import open_api
from infra.cli.console.console import find_console
from infra.cli.exit_codes import ExitCode
from infra.cli.local.language_model import describe_model, read_openai_server
from infra.cli.logs.log_lines import LogFile
from infra.cli.output import Output, show_step
from infra.local.mailbox import read_mail_port
from infra.local.parameters import read_given_parameters
from infra.local.ports import HOST
from infra.local.record import LocalFolder, LocalRecord, describe_absence, is_running
from infra.local.saved_state import read_saved, was_cut_short
from infra.local.stack import (
    LocalSetup,
    delete_local_data,
    find_local_stack,
    run_local_stack,
    start_local_stack,
    stop_local_stack,
    update_local_stack,
)
from infra.project_files import find_reports_folder
from infra.stacks import LOCAL_STACK, resolve_local_stack
from shared.errors import LocalStackError

_START = "Start an emulated AWS and deploy the pipeline to it"


def bring_up(
    root: Path, port: int | None, parameters: Mapping[str, str], *, detach: bool, output: Output
) -> None:
    """Start the local stack, or bring a running one to the code as it is now.

    Args:
        root: Folder of the local stack.
        port: Port to listen on; None for that of the last run, or any free one.
        parameters: Values of template parameters; what was given at earlier starts holds too.
        detach: Whether to return once it runs; else it runs until Ctrl-C.
        output: Where to write.

    Raises:
        LocalStackError, BuildError, DeployError: It cannot be started.
    """
    server = read_openai_server(os.environ)
    output.say(f"Language model: {describe_model(server)}")
    folder = LocalFolder(root)
    given = {**read_given_parameters(folder), **parameters}
    if given:
        listed = ", ".join(f"{name}={value}" for name, value in given.items())
        output.say(f"Parameters that were given, now or earlier: {listed}")
    if not is_running(folder) and was_cut_short(folder.record, folder.services):
        output.say(_describe_kill(folder), style="yellow")
    setup = LocalSetup(openai=server, port=port, parameters=given, catches_mail=True)
    if is_running(folder):
        _refuse_other_port(root, port)
        with show_step("Bring the running local stack to the code as it is now", output) as report:
            record = update_local_stack(root, report, setup)
        _write_ready(root, record, output)
    elif detach:
        with show_step(_START, output) as report:
            record = start_local_stack(root, report, setup)
        _write_ready(root, record, output)
        output.say("It runs in the background until `seashore local down`.")
    else:
        _run(root, setup, output)


def _run(root: Path, setup: LocalSetup, output: Output) -> None:
    """Run it in the foreground: each step of an item is a line, and so is how it stops."""
    log: list[LogFile] = []
    with ExitStack() as start:
        tell = start.enter_context(show_step(_START, output))

        def report(line: str) -> None:
            (output.say if log else tell)(line)

        def write_running(record: LocalRecord) -> None:
            start.close()
            _write_ready(root, record, output)
            output.say("Ctrl-C stops it. In another terminal: `seashore put FILE.pdf --wait`")
            log.append(LogFile(LocalFolder(root).log, from_end=True))

        def write_new_lines() -> None:
            for line in log[0].read_new():
                output.talk.print(line.to_text(), soft_wrap=True)

        run_local_stack(root, report, write_running, setup, write_new_lines)
    output.say("It has stopped; what it keeps is there again at the next `seashore local up`.")


def _describe_kill(folder: LocalFolder) -> str:
    """What a stack that was killed goes on from."""
    saved = read_saved(folder.services)
    if saved is None:
        return (
            "The stack was killed before it could write what it knew: documents and tasks "
            "since its last start may be missing. `seashore put --again` brings their files anew."
        )
    return (
        "The stack was killed, or its machine. It goes on from what it knew at "
        f"{saved.at.astimezone():%Y-%m-%d %H:%M:%S}: files that were put later are taken up anew. "
        "All else since then is lost: send tasks again, and delete again what was deleted."
    )


def _refuse_other_port(root: Path, port: int | None) -> None:
    record = find_local_stack(root)
    if record is not None and port is not None and port != record.port:
        raise LocalStackError(
            f"The local stack runs on port {record.port} already: leave --port out, or stop it "
            "first with `seashore local down`."
        )


def _write_ready(root: Path, record: LocalRecord, output: Output) -> None:
    output.say(f"The local stack is ready at {record.endpoint_url}", style="bold")
    for line in _describe_api(root, record):
        output.say(line)


def _describe_api(root: Path, record: LocalRecord) -> Iterator[str]:
    """How to reach the HTTP API, with its keys; nothing where the stack has none."""
    if "ApiUrl" in record.outputs:
        url, stack = record.outputs["ApiUrl"], resolve_local_stack(root)
        yield f"The HTTP API is at {url}; with its key:"
        yield f"  curl -H 'X-Api-Key: {open_api(stack).key}' {url}/documents"
        yield "  seashore chat 'Which documents are there?'"
        operators = open_api(stack, key_output="OperatorApiKeyId").key
        yield f"Only the operators' key may delete documents over it: {operators}"
        yield f"The console in a browser, with either key: {find_console(stack)}"
    yield from describe_inbound_mail(LocalFolder(root))


def describe_inbound_mail(folder: LocalFolder) -> Iterator[str]:
    """How to send a mail to the stack; nothing where it takes none."""
    given, port = read_given_parameters(folder), read_mail_port(folder)
    address = given.get("InboundMail")
    if address and port is not None:
        sender = given.get("InboundMailSenders", "").split(",")[0]
        if not sender.partition("@")[1] or sender.startswith("@"):
            sender = f"me@{sender.removeprefix('@')}"
        yield f"Mails to {address} become documents; SMTP listens at {HOST}:{port}:"
        yield (
            f"  swaks --server {HOST}:{port} --from {sender} --to {address} "
            "--body 'A few words.' --attach @FILE.pdf"
        )
        yield (
            f"  python3 -c \"import smtplib, sys; smtplib.SMTP('{HOST}', {port}).sendmail("
            f"'{sender}', '{address}', sys.stdin.buffer.read())\" < MAIL.eml"
        )


def bring_down(root: Path, *, delete_data: bool, output: Output) -> None:
    """Stop the local stack, and delete what it has kept if asked to.

    Raises:
        LocalStackError: It did not end in time, or could not save what it knows.
    """
    if is_running(LocalFolder(root)):
        stop_local_stack(root, output.say, is_kept=not delete_data)
    else:
        output.say("The local stack is not running.")
    if delete_data:
        delete_local_data(root)
        output.say("Its documents, results and messages are deleted.")
        reports = find_reports_folder(root, LOCAL_STACK)
        if reports.exists():
            output.say(f"The reports that were made here stay in {reports}.")


def write_status(root: Path, *, as_json: bool, output: Output) -> ExitCode:
    """Write whether the local stack is running, and how to reach it.

    Returns:
        UNKNOWN_STACK if it is not running.
    """
    record = find_local_stack(root)
    if as_json:
        output.write_json(_to_json(record))
    elif record is not None:
        _write_reach(root, record, output)
    if record is None:
        output.say(describe_absence(LocalFolder(root)))
        return ExitCode.UNKNOWN_STACK
    return ExitCode.OK


def _to_json(record: LocalRecord | None) -> dict[str, object]:
    if record is None:
        return {"running": False}
    told = ("endpoint_url", "region", "access_key_id", "secret_access_key", "outputs")
    return {"running": True, **{name: getattr(record, name) for name in told}}


def _write_reach(root: Path, record: LocalRecord, output: Output) -> None:
    output.write(f"The local stack is running at {record.endpoint_url}")
    output.write()
    width = max(map(len, record.outputs), default=0)
    for name, value in record.outputs.items():
        output.write(f"{name:<{width}}  {value}", whole_lines=True)
    output.write()
    for line in _describe_api(root, record):
        output.write(line, whole_lines=True)
    output.write()
    for line in describe_clients(record):
        output.write(line, whole_lines=True)


def describe_clients(record: LocalRecord) -> Iterator[str]:
    """How AWS's own clients reach the stack, in lines to copy.

    The command line is told the address with each command: version 1 takes no other for SQS, and
    version 2 knows no setting before 2.13.
    """
    queue, url = record.outputs.get("WorkQueueUrl", ""), record.endpoint_url
    look = f"sqs get-queue-attributes --attribute-names All --queue-url {queue}"
    yield "A command for which it is AWS (the AWS command line, a program with boto3, a rehearsal):"
    yield f"  seashore local run -- aws {look}"
    yield "The AWS command line, version 1 or 2, once these are set:"
    yield (
        f"  export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={record.region} "
        f"AWS_ACCESS_KEY_ID={record.access_key_id} "
        f"AWS_SECRET_ACCESS_KEY={record.secret_access_key}"
    )
    yield f"  aws --endpoint-url {url} {look}"
    yield "boto3:"
    yield (
        f'  boto3.client("sqs", endpoint_url="{url}", region_name="{record.region}", '
        f'aws_access_key_id="{record.access_key_id}", '
        f'aws_secret_access_key="{record.secret_access_key}")'
    )
