"""`seashore chat`: one message, or a conversation in the terminal."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from rich.text import Text

from infra.cli.chat.api_client import ApiClient
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from shared.errors import ApiRefusalError, UnknownItemError, WrongUsageError
from shared.prices import MICRO_USD_PER_USD, format_usd
from shared.printable import to_printable

Sleep = Callable[[float], None]

_LONGEST_REVEAL_SECONDS = 1.5
_WORD_SECONDS = 0.02
_STEP_SECONDS = 0.15
_MAX_ARGUMENT_CHARACTERS = 100
_FAREWELLS = frozenset({"", "exit", "quit", "bye", ":q", "/exit", "/quit"})
# What the API refuses for the moment, or for this message only: the conversation can go on.
_PASSING = frozenset({400, 409, 413, 422, 429, 503, 504})


def run_chat(
    api: ApiClient,
    message: str | None,
    thread_id: str | None,
    *,
    as_json: bool,
    output: Output,
    sleep: Sleep = time.sleep,
) -> ExitCode:
    """Send one message, or as many as are typed.

    Args:
        api: The API to talk to.
        message: What to ask, `-` for all of stdin; None for a conversation, or for all of stdin
            where that is no terminal.
        thread_id: The conversation to go on with; None for a new one.
        as_json: Whether to write the API's answer as it is.
        output: Where to write.
        sleep: Pauses for a number of seconds.

    Raises:
        ApiRefusalError: The API refused the message.
        UnknownItemError: There is no conversation of that id.
        WrongUsageError: There is no message.
        OperatorError: The API cannot be reached.
    """
    if thread_id is not None:
        read_thread(api, thread_id)
    if message is None and sys.stdin.isatty() and not as_json:
        return _converse(api, thread_id, output, sleep)
    if message is None or message == "-":
        message = sys.stdin.read()
    if not message.strip():
        raise WrongUsageError("There is no message: give one, or write it to stdin.")
    answer = _ask(api, message, thread_id, output)
    if as_json:
        output.write_json(answer)
    else:
        _write_answer(answer, output, sleep)
    return ExitCode.OK


def read_thread(api: ApiClient, thread_id: str) -> dict[str, Any]:
    """A conversation with its turns.

    Raises:
        UnknownItemError: There is none of that id.
    """
    try:
        thread: dict[str, Any] = api.send("GET", f"/threads/{quote(thread_id, safe='')}")
    except ApiRefusalError as refusal:
        if refusal.status not in (400, 404):
            raise
        raise UnknownItemError(
            f"There is no conversation {thread_id!r}: `seashore conversations` lists "
            "yours, and `seashore chat` begins another."
        ) from None
    return thread


def _converse(api: ApiClient, thread_id: str | None, output: Output, sleep: Sleep) -> ExitCode:
    """Take messages until the person ends it; INTERRUPTED if by Ctrl-C."""
    end = ExitCode.OK
    output.say("Ask about your documents; exit, an empty line or Ctrl-D ends it.", "dim")
    while True:
        try:
            message = output.talk.input(Text("\nYou: ", style="bold"))
        except EOFError:
            message = ""
        except KeyboardInterrupt:
            message, end = "", ExitCode.INTERRUPTED
        if message.strip().lower() in _FAREWELLS:
            break
        try:
            answer = _ask(api, message, thread_id, output)
        except ApiRefusalError as refusal:
            if refusal.status not in _PASSING:
                raise
            output.say(str(refusal), style="red")
            continue
        thread_id = answer["thread_id"]
        _write_answer(answer, output, sleep)
    if thread_id is not None:
        output.say(f"\nGo on with it: seashore chat --thread {thread_id}", style="dim")
    return end


def _ask(api: ApiClient, message: str, thread_id: str | None, output: Output) -> dict[str, Any]:
    content = {"message": message}
    if thread_id is not None:
        content["thread_id"] = thread_id
    with output.talk.status("Reading and thinking"):
        answer: dict[str, Any] = api.send("POST", "/chat", content)
    return answer


def _write_answer(answer: Mapping[str, Any], output: Output, sleep: Sleep) -> None:
    is_watched = output.talk.is_terminal
    for step in answer["steps"]:
        output.say(_describe_step(step), style="red" if step["is_error"] else "dim")
        if is_watched:
            sleep(_STEP_SECONDS)
    for paragraph in answer["message"].splitlines():
        if output.is_terminal:
            _reveal(paragraph, output, sleep)
        else:
            output.write(to_printable(paragraph), whole_lines=True)
    for line in _describe_facts(answer):
        output.say(line, style="dim")


def _reveal(paragraph: str, output: Output, sleep: Sleep) -> None:
    """Write a paragraph word by word, as a person would read it."""
    words = to_printable(paragraph).split(" ")
    pause_seconds = min(_WORD_SECONDS, _LONGEST_REVEAL_SECONDS / len(words))
    column = 0
    for word in words:
        is_first = column == 0
        if not is_first and column + 1 + len(word) > output.results.width:
            output.write()
            column, is_first = 0, True
        text = word if is_first else f" {word}"
        output.results.print(text, end="", soft_wrap=True)
        column += len(text)
        sleep(pause_seconds)
    output.write()


def _describe_step(step: Mapping[str, Any]) -> str:
    arguments = " ".join(str(step["arguments"]).split())
    if len(arguments) > _MAX_ARGUMENT_CHARACTERS:
        arguments = f"{arguments[:_MAX_ARGUMENT_CHARACTERS]}…"
    refused = " was refused" if step["is_error"] else ""
    return f"  {step['tool']} {arguments}{refused}"


def _describe_facts(answer: Mapping[str, Any]) -> Sequence[str]:
    usage = answer["usage"]
    sources = [f"{source['key']} p. {source['pages']}" for source in answer["sources"]]
    tokens = usage["input_tokens"] + usage["output_tokens"]
    cost = format_usd(round(usage["cost_usd"] * MICRO_USD_PER_USD))
    facts = [f"conversation {answer['thread_id']}", usage["model"], f"{tokens} tokens", cost]
    if answer["stopped_by"] != "answer":
        facts.append(f"cut short by the limit of {answer['stopped_by']}")
    read = [f"Read: {', '.join(sources)}"] if sources else []
    return [*read, " · ".join(facts)]
