"""`seashore doctor`: a line for each thing that the pipeline needs, and what to do about it."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from rich.text import Text

from infra.aws import open_session
from infra.cli.exit_codes import ExitCode
from infra.cli.local.language_model import read_openai_server
from infra.cli.options import StackOptions
from infra.cli.output import Output
from infra.cli.times import read_clock
from infra.deploy.parameter_check import describe_missing_price
from infra.deploy.stack_place import StackPlace
from infra.deploy.template_file import read_defaults
from infra.doctor.aws_checks import AwsDoctor
from infra.doctor.check import Check, Verdict, failed, skipped, warned
from infra.doctor.local_checks import check_clock, check_this_machine
from infra.doctor.model_check import asked_by_role, check_model, no_model
from infra.doctor.window_check import check_window
from infra.local.parameters import read_given_parameters
from infra.local.record import LocalFolder
from infra.project_files import find_state_folder, is_checkout
from infra.stacks import LOCAL_STACK
from shared.errors import OperatorError
from shared.printable import to_printable
from shared.settings import Settings

_STYLES = {
    Verdict.OK: "green",
    Verdict.WARNING: "yellow",
    Verdict.FAILURE: "bold red",
    Verdict.SKIPPED: "dim",
}


def examine(options: StackOptions, output: Output) -> ExitCode:
    """Look at everything and write a line for each look.

    Args:
        options: `local` for this machine alone, else a stack on AWS, which need not exist yet.
        output: Where to write.

    Returns:
        FAILED if anything does not work; a warning is none.
    """
    checks: list[Check] = []
    for check in _take_looks(options, output):
        checks.append(check)
        if not options.as_json:
            _write_check(check, output)
    if options.as_json:
        output.write_json([asdict(check) for check in checks])
    counts = Counter(check.verdict for check in checks)
    output.say(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]))
    return ExitCode.FAILED if counts[Verdict.FAILURE] else ExitCode.OK


def _take_looks(options: StackOptions, output: Output) -> Iterator[Check]:
    if options.stack == LOCAL_STACK or is_checkout():
        yield from check_this_machine(find_state_folder())
    else:
        yield skipped("this machine", "an installed copy builds and runs nothing here")
    if options.stack == LOCAL_STACK:
        yield from _look_at_local_model()
        yield skipped("aws", "not looked at: name a stack on AWS with --stack")
        return
    try:
        session = open_session(options.region, options.profile)
    except OperatorError as error:
        yield failed("region and profile", str(error), "Configure AWS, then look again.")
        return
    doctor = AwsDoctor(StackPlace(session, options.stack, output.say), read_clock)
    may_ask = True
    for check in doctor.look():
        may_ask &= (check.name, check.verdict) != ("credentials", Verdict.FAILURE)
        yield check
    if not may_ask:
        yield skipped("language model", "not looked at: what the stack's is, is not known")
        return
    if not doctor.uses_model:
        yield no_model("for the stack: its summaries are extractive").check
        return
    if doctor.parameters.get("ModelAuth") == "iam":
        yield asked_by_role()
    else:
        # Without the key: it belongs to the stack, and the environment's may be another provider's.
        yield _as_seen_from_here(check_model(doctor.base_url, doctor.model, "").check)
    yield from _look_at_price(doctor.parameters)


def _as_seen_from_here(check: Check) -> Check:
    """The stack may reach what this machine cannot, for example inside of its VPC."""
    if check.verdict is not Verdict.FAILURE:
        return check
    advice = "If only the stack is to reach it, all is well; else check OpenAiBaseUrl."
    return warned(check.name, f"{check.words} from this machine", advice)


def _look_at_local_model() -> Iterator[Check]:
    server = read_openai_server(os.environ)
    if server is None:
        look = no_model("in this shell: a stack started from it makes extractive summaries")
    else:
        model = server.model or str(Settings.model_fields["openai_model"].default)
        look = check_model(server.base_url, model, server.api_key)
    yield look.check
    if server is not None:
        yield from _look_at_price(
            {
                **read_defaults(),
                "OpenAiBaseUrl": server.base_url or "https://api.openai.com/v1",
                "OpenAiModel": model,
                **read_given_parameters(LocalFolder(find_state_folder())),
            }
        )
    if server is not None and look.check.verdict is not Verdict.FAILURE:
        yield check_window(server.base_url, model, server.api_key, _read_window())
    yield check_clock(look.date_header, read_clock())


def _look_at_price(values: Mapping[str, str]) -> Iterator[Check]:
    """Whether the daily limit holds for the model; nothing where it does."""
    missing = describe_missing_price(values)
    if missing:
        words, _, advice = missing.partition(": ")
        yield warned("model price", words, f"{advice[0].upper()}{advice[1:]}")


def _read_window() -> int:
    """ContextWindowTokens of the local stack: as it was given, else the template's default."""
    given = read_given_parameters(LocalFolder(find_state_folder()))
    default = Settings.model_fields["context_window_tokens"].default
    return int(given.get("ContextWindowTokens", default))


def _write_check(check: Check, output: Output) -> None:
    line = Text.assemble(
        (f"{check.verdict:<8}", _STYLES[check.verdict]),
        f"{check.name}: {to_printable(check.words)}",
    )
    output.write(line, whole_lines=True)
    if check.advice:
        output.write(f"        {to_printable(check.advice)}", whole_lines=True)
