"""`seashore dlq edit`: mend the body of a dead letter in an editor, and replay it."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import find_letter, open_letters
from infra.cli.dead_letters.progress import Tally
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output, is_confirmed
from pipeline.dead_letters.edited_replay import edit_letter, replay_edited
from pipeline.dead_letters.hold import LetterOutcome
from shared.dead_letters.letters import Letter
from shared.errors import MessageDecodeError, OperatorError

_EDITORS = ("sensible-editor", "editor", "nano", "vi")


def edit_and_replay(
    context: CommandContext, wanted: str, environment: Mapping[str, str], *, yes: bool
) -> ExitCode:
    """Open a letter's body in an editor, check what comes back, and replay that.

    Raises:
        UnknownItemError: There is no such letter.
        OperatorError: There is no editor, it failed, or its result is no message; the result is
            kept in a file.
        SeashoreError: AWS failed; the old letter stays.
    """
    editor = environment.get("VISUAL") or environment.get("EDITOR") or _find_editor(environment)
    services, output = open_letters(context.stack), context.output
    letter = find_letter(wanted, context, services)
    with tempfile.NamedTemporaryFile(
        "wb", prefix="seashore-letter-", suffix=".json", delete=False
    ) as file:
        file.write(letter.message.body.encode())
    path = Path(file.name)
    while True:
        body = _edit(path, editor, letter)
        if body == letter.message.body:
            path.unlink()
            output.say("Nothing was changed, so nothing is sent. `seashore dlq replay` sends it.")
            return ExitCode.FAILED
        try:
            edited = edit_letter(letter, body, services.table)
            break
        except (MessageDecodeError, OperatorError) as error:
            output.say(f"This cannot be sent: {error}", style="red")
            if not _wants_to_go_on(output):
                raise OperatorError(
                    f"The dead letter stays as it was; what you wrote is in {path}."
                ) from error
    output.say(f"A message of kind {edited.work.kind}: {edited.work.item_id}")
    is_sent = False
    try:
        if is_confirmed("Replay it like this?", yes=yes, output=output):
            result = replay_edited(letter, edited, services)
            Tally([result]).say(output)
            is_sent = result.ending is LetterOutcome.REPLAYED
    finally:
        if not is_sent:
            output.say(f"What you wrote is in {path}.")
    if not is_sent:
        return ExitCode.FAILED
    path.unlink()
    output.write_line([edited.letter_id])
    return ExitCode.OK


def _find_editor(environment: Mapping[str, str]) -> str:
    """An editor that most machines have, for who has set none."""
    for name in _EDITORS:
        if found := shutil.which(name, path=environment.get("PATH")):
            return shlex.quote(found)
    raise OperatorError("Set EDITOR to the editor to use, for example EDITOR=nano.")


def _edit(path: Path, editor: str, letter: Letter) -> str:
    try:
        subprocess.run([*shlex.split(editor), str(path)], check=True)  # noqa: S603 - chosen by the operator
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise OperatorError(f"The editor {editor!r} failed: {error}") from error
    try:
        body = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} cannot be read: {error}") from error
    # Editors end a file with a line feed that the body never had.
    return body if letter.message.body.endswith("\n") else body.removesuffix("\n")


def _wants_to_go_on(output: Output) -> bool:
    if not (sys.stdin.isatty() and output.talk.is_terminal):
        return False
    return output.talk.input("Edit it again? [Y/n] ").strip().lower() not in ("n", "no")
