"""Start, update and stop the local stack: the real template on an emulated AWS."""

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import open_emulator_session
from infra.deploy.deploy_stack import deploy_stack
from infra.deploy.parameter_check import check_parameters
from infra.deploy.stack_place import StackPlace
from infra.local.mailbox import ensure_mail_catcher
from infra.local.parameters import (
    choose_parameters,
    keep_given_parameters,
    read_given_parameters,
)
from infra.local.ports import HOST, choose_port, read_saved_port
from infra.local.process import (
    REGION,
    clear_scratch,
    end_emulator,
    ensure_emulator,
    launch_emulator,
    wait_until_ready,
)
from infra.local.record import (
    LocalFolder,
    LocalRecord,
    claim_deployment,
    claim_folder,
    ensure_key,
    is_running,
    read_holder,
    read_live_record,
    read_record,
    write_private_file,
    write_record,
)
from infra.local.repair import (
    repair_api_url,
    repair_event_source_mappings,
    repair_request_validation,
    verify_addresses,
)
from infra.local.room import ROOM_BYTES, find_unsaved, has_room
from infra.local.saved_state import MODEL_KEY_SECRET, read_saved
from infra.packaging.build import Package, Target, build_packages
from infra.signals import ignore_signals, interrupt_on_signals
from shared.errors import LocalStackError

STACK_NAME = "seashore"

# The functions read the model's key from Secrets Manager, as on AWS. The emulator saves what it
# holds to a file, and the file is readable; so the secret is deleted before the stack stops, and
# left out of what is saved in any case. The next start puts the key there again, from the
# environment of whoever starts it.
SECRET_NAME = MODEL_KEY_SECRET

# The emulator's root user, whose secret is the key in the folder.
_ROOT_KEY_ID = "test"

Report = Callable[[str], None]


@dataclass(frozen=True)
class OpenAiServer:
    """The language model that the worker asks.

    Args:
        base_url: Address of the server; empty for OpenAI itself.
        model: Name of the model; None for the template's default.
        api_key: Key of the account; empty if the server needs none.
    """

    base_url: str = ""
    model: str | None = None
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class LocalSetup:
    """What a local stack is made of.

    Args:
        openai: The language model to use; None for the offline extractive summarizer.
        parameters: Values of template parameters, which hold at later starts too. They go before
            those that the language model brings.
        port: Port to listen on; None for that of the last run, or any free one.
        cache: Folder of the emulator's environment and the built packages, which several stacks
            may share; None for the stack's own folder.
        packages: The functions' packages; None to build those of this project.
        smtp_server: Address and port that the emulated SES hands mails on to; None if it only
            keeps them, unless `catches_mail`.
        catches_mail: Whether a program beside it keeps its mails for `seashore mail`.
    """

    openai: OpenAiServer | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    cache: Path | None = None
    packages: Mapping[str, Package] | None = None
    smtp_server: str | None = None
    catches_mail: bool = False


def start_local_stack(root: Path, report: Report, setup: LocalSetup | None = None) -> LocalRecord:
    """Start the emulator in the background and deploy the template to it.

    What an earlier run has left in the folder is there again: objects, rows, messages.

    Args:
        root: Folder of the local stack, such as `.seashore` of a project.
        report: Called with one line for each step.
        setup: What the stack is made of.

    Raises:
        LocalStackError: It runs already, its port is taken, or the emulator does not start.
        BuildError: The package cannot be built.
        DeployError: The template cannot be deployed.
    """
    setup = setup or LocalSetup()
    folder = LocalFolder(root)
    with claim_deployment(folder):
        return _start(folder, report, setup)


def _start(folder: LocalFolder, report: Report, setup: LocalSetup) -> LocalRecord:
    with claim_folder(folder) as lock:
        folder.record.unlink(missing_ok=True)
        python = ensure_emulator((setup.cache or folder.root) / "emulator", report)
        port = choose_port(folder, setup.port)
        key = ensure_key(folder)
        smtp_server = ensure_mail_catcher(folder) if setup.catches_mail else setup.smtp_server
        report(f"Starting the emulator on port {port}")
        with launch_emulator(python, folder, port, lock, smtp_server) as pid:
            record = _compose_record(pid, port, key)
            # Before it begins: one without a record could be neither used nor stopped.
            write_record(folder, record)
    with ExitStack() as undo:
        undo.callback(end_emulator, folder, pid)
        undo.callback(_forget_model_key, _open_place(record, report))
        wait_until_ready(folder, port)
        deployed = _deploy(folder, record, report, setup)
        undo.pop_all()
    return deployed


def update_local_stack(root: Path, report: Report, setup: LocalSetup | None = None) -> LocalRecord:
    """Deploy the code and the template as they are now to a running local stack.

    Args:
        root: Folder of the local stack.
        report: Called with one line for each step.
        setup: What the stack is made of; its port is of no account.

    Raises:
        LocalStackError: The stack is not running.
        BuildError: The package cannot be built.
        DeployError: The template cannot be deployed; the stack is as it was.
    """
    folder, setup = LocalFolder(root), setup or LocalSetup()
    with claim_deployment(folder):
        record = _find_record(folder)
        if setup.catches_mail:
            ensure_mail_catcher(folder)
        wait_until_ready(folder, record.port)
        return _deploy(folder, record, report, setup)


def stop_local_stack(root: Path, report: Report, *, is_kept: bool = True) -> None:
    """Stop the local stack after it has saved its state.

    Args:
        root: Folder of the local stack.
        report: Called with one line for each step.
        is_kept: Whether its state is wanted. If so, one whose disk is full runs on.

    Raises:
        LocalStackError: It is not running, has no room to save its state, or did not save it.
    """
    folder = LocalFolder(root)
    record = _find_record(folder)
    if is_kept and not has_room(folder.root):
        raise LocalStackError(
            f"The stack runs on: the disk of {folder.root} is full, and what the stack knows is "
            f"written there when it stops. Free some space, {ROOM_BYTES >> 20} MB at the least, "
            "and run `seashore local down` again; with --delete-data it stops at once, and nothing "
            "is kept."
        )
    report("Stopping the local stack")
    _forget_model_key(_open_place(record, report))
    if not end_emulator(folder, record.pid):
        saved = read_saved(folder.services)
        known = f"{saved.at.astimezone():%Y-%m-%d %H:%M:%S}" if saved else "its last stop"
        raise LocalStackError(
            f"The emulator did not end and was killed, so what it came to know since {known} is "
            f"lost, but for files that were put: see {folder.log}."
        )
    unsaved = find_unsaved(folder.log) if is_kept else None
    if unsaved:
        raise LocalStackError(
            f"The stack is stopped, and not all that it knew could be written: {unsaved}"
        )


def run_local_stack(
    root: Path,
    report: Report,
    on_ready: Callable[[LocalRecord], None],
    setup: LocalSetup | None = None,
    on_tick: Callable[[], None] = lambda: None,
) -> None:
    """Run the local stack until SIGINT or SIGTERM, then stop it and save its state.

    Must be called in the main thread, which is the one that receives signals.

    Args:
        root: Folder of the local stack.
        report: Called with one line for each step.
        on_ready: Called once the stack is deployed.
        setup: What the stack is made of.
        on_tick: Called twice a second while it runs.

    Raises:
        LocalStackError: As for `start_local_stack`, or the emulator ended by itself.
        BuildError: The package cannot be built.
        DeployError: The template cannot be deployed.
        KeyboardInterrupt: The signal came before the stack was deployed.
    """
    folder = LocalFolder(root)
    is_started = False
    with interrupt_on_signals(), suppress(KeyboardInterrupt):
        record = start_local_stack(root, report, setup)
        is_started = True
        on_ready(record)
        while is_running(folder):
            on_tick()
            time.sleep(0.5)
        raise LocalStackError(f"The emulator ended by itself: see {folder.log}.")
    with ignore_signals():
        if is_running(folder):
            stop_local_stack(root, report)
    if not is_started:
        raise KeyboardInterrupt


def find_local_stack(root: Path) -> LocalRecord | None:
    """Return the record of the local stack in a folder; None if none is running and ready."""
    with suppress(LocalStackError):
        return read_live_record(LocalFolder(root))
    return None


def delete_local_data(root: Path) -> None:
    """Delete all that a stopped local stack has kept: objects, rows, messages, its port and key.

    Raises:
        LocalStackError: It is running.
    """
    folder = LocalFolder(root)
    with claim_folder(folder):
        clear_scratch(folder)
        shutil.rmtree(folder.state, ignore_errors=True)
        for path in (folder.record, folder.log, folder.mail_log):
            path.unlink(missing_ok=True)


def _find_record(folder: LocalFolder) -> LocalRecord:
    """The record of the emulator that runs in a folder, put together anew if it cannot be read.

    Raises:
        LocalStackError: None runs there, or one is about to start.
    """
    try:
        return read_record(folder)
    except LocalStackError:
        pid = read_holder(folder)
        if pid is None or not is_running(folder):
            raise
    return _compose_record(pid, read_saved_port(folder) or 0, ensure_key(folder))


def _compose_record(pid: int, port: int, key: str) -> LocalRecord:
    """The record of an emulator to which nothing is deployed yet."""
    return LocalRecord(
        pid=pid,
        port=port,
        endpoint_url=f"http://{HOST}:{port}",
        region=REGION,
        stack_name=STACK_NAME,
        access_key_id=_ROOT_KEY_ID,
        secret_access_key=key,
        outputs={},
    )


def _deploy(
    folder: LocalFolder, record: LocalRecord, report: Report, setup: LocalSetup
) -> LocalRecord:
    place = _open_place(record, report)
    given = {**read_given_parameters(folder), **setup.parameters}
    parameters = choose_parameters(_model_parameters(setup.openai), given)
    check_parameters(place, parameters)
    packages = setup.packages or build_packages(
        Target.HOST, (setup.cache or folder.root) / "build", report
    )
    if setup.openai is not None and setup.openai.api_key:
        _keep_model_key(place, setup.openai.api_key)
    else:
        _forget_model_key(place)
    deployment = deploy_stack(place, packages, parameters)
    keep_given_parameters(folder, given)
    repair_event_source_mappings(place.client("lambda"))
    repair_request_validation(place.client("apigateway"), deployment.outputs)
    named = f"{parameters.get('ReportFrom', '')},{parameters.get('ReportTo', '')}"
    verify_addresses(place.client("sesv2"), filter(None, named.split(",")))
    write_private_file(folder.origin, parameters.get("ApiCorsOrigin", ""))
    deployed = replace(record, outputs=repair_api_url(deployment.outputs, record.endpoint_url))
    write_record(folder, deployed)
    return deployed


def _open_place(record: LocalRecord, report: Report) -> StackPlace:
    session = open_emulator_session(record.region, record.access_key_id, record.secret_access_key)
    return StackPlace(
        session, record.stack_name, report, endpoint_url=record.endpoint_url, poll_seconds=0.1
    )


def _keep_model_key(place: StackPlace, key: str) -> None:
    client = place.client("secretsmanager")
    try:
        client.create_secret(Name=SECRET_NAME, SecretString=key)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=SECRET_NAME, SecretString=key)


def _forget_model_key(place: StackPlace) -> None:
    """Delete the key from the emulator, if both are there."""
    soon = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    with suppress(ClientError, BotoCoreError):
        place.client("secretsmanager", soon).delete_secret(
            SecretId=SECRET_NAME, ForceDeleteWithoutRecovery=True
        )


def _model_parameters(openai: OpenAiServer | None) -> dict[str, str]:
    server = openai or OpenAiServer()
    secret = SECRET_NAME if server.api_key else ""
    chosen = {"OpenAiBaseUrl": server.base_url, "OpenAiApiKeySecret": secret}
    return chosen if server.model is None else {**chosen, "OpenAiModel": server.model}
