"""`seashore dlq show`: one dead letter with all that is known of it."""

from rich.text import Text

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import find_letter, open_letters
from infra.cli.dead_letters.list_letters import describe_last_attempt
from infra.cli.output import Output
from infra.cli.timeline_table import write_timeline_table
from infra.cli.times import describe_time
from infra.local.record import LocalFolder
from infra.project_files import find_state_folder
from infra.stacks import LOCAL_STACK
from pipeline.timeline import Timeline, build_timeline
from shared.dead_letters.letters import Letter
from shared.ledger.subjects import subject_pk
from shared.ledger.timeline import read_timeline
from shared.messages.delivery_state import ATTRIBUTE_NAME
from shared.messages.message import Subject
from shared.printable import to_printable


def show_letter(context: CommandContext, wanted: str) -> None:
    """Write a letter's body, attributes and cause, its items' timelines, and where its log is.

    Raises:
        UnknownItemError: There is no such letter, or the id is the beginning of several.
    """
    services, output = open_letters(context.stack), context.output
    letter = find_letter(wanted, context, services)
    timelines = {
        subject: build_timeline(read_timeline(services.table, subject_pk(subject)))
        for subject in letter.work.subjects
    }
    attempt = None if letter.has_cause else describe_last_attempt(services.table, letter)
    if context.as_json:
        output.write_json(
            {
                **letter.to_json(),
                "last_attempt": attempt,
                "timelines": [
                    _timeline_to_json(subject, timeline) for subject, timeline in timelines.items()
                ],
                "log_group": find_log_group(letter),
                "log_query": build_log_query(letter),
            }
        )
        return
    output.write_facts(_list_facts(letter, attempt))
    for name, attribute in letter.message.attributes.items():
        if name != ATTRIBUTE_NAME:
            value = attribute.get("stringValue") or attribute.get("binaryValue")
            output.write(
                to_printable(f"  {name} ({attribute['dataType']}): {value}"), whole_lines=True
            )
    _write_section("Body", output)
    output.write(to_printable(letter.message.body), whole_lines=True)
    for subject, timeline in timelines.items():
        _write_section(f"Timeline of {subject.kind} {subject.id}", output)
        write_timeline_table(timeline, output)
    if context.stack.name == LOCAL_STACK:
        log = LocalFolder(find_state_folder()).log
        _write_section(
            f"Its log: `seashore logs {letter.letter_id}` shows its lines of {log}", output
        )
        return
    _write_section(f"Its log: CloudWatch Logs Insights on {find_log_group(letter)}", output)
    output.write(to_printable_lines(build_log_query(letter)), whole_lines=True)


def _list_facts(letter: Letter, attempt: str | None) -> list[tuple[str, str]]:
    state, failure = letter.state, letter.state.failure
    facts = [
        ("Id", letter.letter_id),
        ("In the DLQ", f"{letter.queue.name}, as {letter.message.message_id}"),
        ("Cause", f"{letter.error_type}: {letter.cause}"),
    ]
    if attempt is not None:
        facts.append(("", attempt))
    item = f", {letter.work.item_id}" if letter.work.item_id else ""
    facts += [
        ("Asks for", f"{letter.work.kind}{item}"),
        ("Sent first", describe_time(state.first_enqueued_at)),
    ]
    if failure is not None:
        facts += [
            ("Died", f"{describe_time(failure.failed_at)}, at stage {failure.stage}"),
            ("Attempts", f"{failure.attempts}, the last in request {failure.request_id}"),
        ]
    if state.deferrals:
        facts.append(("Deferrals", str(state.deferrals)))
    if state.replayed_at is not None:
        facts.append(("Replays", f"{state.replays}, last {describe_time(state.replayed_at)}"))
    if len(letter.message.attributes) > (ATTRIBUTE_NAME in letter.message.attributes):
        facts.append(("Attributes", "of the sender:"))
    return facts


def build_log_query(letter: Letter) -> str:
    """The query that finds a letter's lines in the function's log."""
    wanted = [f'message_id = "{_quote(letter.letter_id)}"']
    if letter.work.item_id is not None:
        wanted.append(f'item_id = "{_quote(letter.work.item_id)}"')
    return (
        "fields @timestamp, level, action, reason, error_type, cause, receive_count\n"
        f"| filter {' or '.join(wanted)}\n"
        "| sort @timestamp asc"
    )


def _quote(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def find_log_group(letter: Letter) -> str:
    """The log group of the function that the letter's queue feeds (see the template)."""
    queue = letter.queue.source_name
    stack_name = queue.removesuffix(f"-{letter.queue.name}")
    return f"/aws/lambda/{stack_name}-{letter.queue.kind.stage}"


def to_printable_lines(text: str) -> str:
    """Several lines, each harmless."""
    return "\n".join(map(to_printable, text.splitlines()))


def _write_section(title: str, output: Output) -> None:
    output.write()
    output.write(Text(to_printable(title), style="bold"), whole_lines=True)


def _timeline_to_json(subject: Subject, timeline: Timeline) -> dict[str, object]:
    return {
        "kind": subject.kind,
        "id": subject.id,
        "steps": [step.to_json() for step in timeline.steps],
    }
